"""What the configuration says of this program itself: what its history keeps, and which limiter its runs ask."""
