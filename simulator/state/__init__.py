"""What outlives a request: opaque strings that know what they are bound to, prompts by section, caches that count."""
