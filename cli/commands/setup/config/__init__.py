"""`thinkdial config`: a module a command."""
