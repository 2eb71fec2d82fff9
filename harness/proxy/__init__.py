"""A server that speaks as OpenAI's chat completions do, and answers by a controller."""
