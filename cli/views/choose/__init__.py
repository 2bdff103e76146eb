"""What helps to choose a model, as people read it."""
