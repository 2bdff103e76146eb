"""Trials: which of several profiles and think values is the cheapest that passes, with as few calls as it takes."""
