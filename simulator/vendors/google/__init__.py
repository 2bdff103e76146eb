"""Google: the Gemini API, its files and its batches."""
