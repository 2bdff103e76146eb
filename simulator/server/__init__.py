"""The server on loopback: HTTP, which endpoint a request is for, rate limits, and the log."""
