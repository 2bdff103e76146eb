"""One call over the wire: sent, read, tried again, timed, and freed from our secrets."""
