"""Many calls: the jobs of a run, how one call is made, and all of them at once."""
