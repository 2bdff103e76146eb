"""`thinkdial keys`: a module a command."""
