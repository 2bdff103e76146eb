"""What becomes of the pieces of earlier turns in the next request: reasons, legal turns, calls and the whole."""
