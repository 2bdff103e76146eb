"""What people read of a batch: progress, summary, jobs."""
