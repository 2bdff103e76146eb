"""Lines of a batch's output: written so that a kill loses nothing, read back, merged, summed up."""
