"""Decide, send, time and price. Prints nothing."""
