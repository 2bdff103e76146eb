"""A batch over the machines of a Ray cluster."""
