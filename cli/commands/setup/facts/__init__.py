"""`thinkdial facts`: a module a command."""
