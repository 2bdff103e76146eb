"""Money that outlives the runs it was spent in: sums by day, what is reserved, and what is set aside."""
