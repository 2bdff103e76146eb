"""`thinkdial templates`: a module a command."""
