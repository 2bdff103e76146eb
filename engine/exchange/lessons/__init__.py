"""What a refused request teaches about an endpoint and a model, and how it is remembered."""
