"""What simulated models think and say, counted in simulated tokens: a function of the seed and the request."""
