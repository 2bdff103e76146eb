"""What errors and their headers say: how long to wait, how much is allowed, what was too long. Pure."""
