"""Whom a call goes to: the profile's provider, address, key, and whether all of that is ready."""
