"""Commands over many rows: batch and what looks after its jobs."""
