"""Calls whose tools are run in between: one round after the other, until there is an answer or a limit is met."""
