"""What checks said, in words."""
