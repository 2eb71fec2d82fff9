"""The client of a vLLM server: what it serves, tokens in, tokens out, with every reply checked."""
