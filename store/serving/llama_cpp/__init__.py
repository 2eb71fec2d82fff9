"""The client of llama.cpp's server: tokens in, tokens out, with every reply checked."""
