"""What a session weighs, when it is full, and what is done then."""
