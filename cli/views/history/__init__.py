"""What people read of stored runs."""
