"""How fast a profile may be called, and when it is given up."""
