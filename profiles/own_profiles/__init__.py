"""Profiles as the layers of configuration have them."""
