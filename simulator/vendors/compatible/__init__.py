"""A server like OpenAI's, as local servers and gateways are: lenient, with reasoning shown in many styles."""
