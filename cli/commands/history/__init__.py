"""Commands about runs that were made."""
