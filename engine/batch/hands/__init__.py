"""The calls of a batch made by workers: other processes, here or on the nodes of a cluster. All else stays here."""
