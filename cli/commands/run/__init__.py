"""Commands that ask now: ask, compare, plan, demo."""
