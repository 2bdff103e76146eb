"""The parts of OpenAI's API that other vendors copied: chat completions in many styles, files, batches of a file."""
