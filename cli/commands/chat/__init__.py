"""`thinkdial chat`: a conversation in a loop, typed on a terminal or read from a pipe."""
