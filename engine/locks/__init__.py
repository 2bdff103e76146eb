"""What chosen profiles were when they were chosen, and whether they still are."""
