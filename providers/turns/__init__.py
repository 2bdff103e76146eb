"""What a turn of a conversation is made of, and what signed pieces of it are bound to."""
