"""Checks that make calls or run programs: examined answers, and judges."""
