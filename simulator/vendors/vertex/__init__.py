"""Google Cloud: Gemini and Claude behind one address."""
