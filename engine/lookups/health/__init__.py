"""What a report about this installation needs to say, and nothing that is secret."""
