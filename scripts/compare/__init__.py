"""Plays the same commands with two versions of thinkdial, and finds where they say, write or send something else."""
