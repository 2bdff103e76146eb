"""`thinkdial files`."""
