"""Files that providers keep for us: uploaded, referred to, deleted."""
