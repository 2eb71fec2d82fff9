"""A server with the interface of OpenAI's chat completions, backed by a controller."""
