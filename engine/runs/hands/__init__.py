"""Who makes the calls of a run, where it is not this process."""
