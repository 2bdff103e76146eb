"""xAI: responses and chat completions billed in ticks, and batches without a status."""
