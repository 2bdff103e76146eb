"""`thinkdial profiles`: a module a command."""
