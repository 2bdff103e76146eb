"""Named presets and cited facts about providers and models, as YAML, and their loader. No network."""
