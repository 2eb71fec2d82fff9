"""vLLM without a server, in a process of its own: run by the Python that has vLLM."""
