"""Commands about money: spend, prices."""
