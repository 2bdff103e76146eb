"""`thinkdial limiter`: rates and money shared by several processes."""
