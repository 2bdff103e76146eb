"""What may be spent: limits, what is reserved and settled, and the meter of a running call."""
