"""What a token costs: the price table, its corrections, and the price of a call."""
