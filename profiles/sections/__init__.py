"""A mapping of a YAML file with the place of everything in it: parsed once, then read from what was parsed."""
