"""Below both transports: sockets, when bytes came and left, and what bodies are packed in."""
