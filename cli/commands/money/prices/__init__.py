"""`thinkdial prices`: a module a command."""
