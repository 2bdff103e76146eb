"""Parts of one batch, each run by a process that knows nothing of the others, and what they are together."""
