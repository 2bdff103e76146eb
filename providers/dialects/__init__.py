"""One module a wire format: what it is sent, and what its answers mean."""
