"""What runs inside the interpreters that are compared."""
