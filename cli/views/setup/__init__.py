"""What people read of profiles, models and keys."""
