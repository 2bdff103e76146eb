"""Files that go along with a prompt: where they are from, what they are, and what is known without decoding them."""
