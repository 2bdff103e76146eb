"""Conversations that move between providers: begun, gone on with, forked, compacted, exported, and what they cost."""
