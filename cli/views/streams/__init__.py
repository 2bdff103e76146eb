"""What is shown while it comes."""
