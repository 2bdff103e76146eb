"""`thinkdial tools`: the tools of the user's own that models may have run."""
