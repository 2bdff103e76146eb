"""Tools that the provider runs itself: what a call asks for, and what is told of it. Pure."""
