"""Files that went along with prompts, each kept once."""
