"""`thinkdial plugins`: a module a command."""
