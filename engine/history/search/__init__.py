"""Which runs are meant: by name, moment and text."""
