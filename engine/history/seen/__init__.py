"""What stored results say of calls like those to come."""
