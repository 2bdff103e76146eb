"""Commands about what is configured and known: profiles, models, keys, simulate."""
