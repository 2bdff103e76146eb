"""Money: what a call may cost before it is made, what it may still cost while it runs, and what it did cost."""
