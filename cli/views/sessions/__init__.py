"""How conversations are shown."""
