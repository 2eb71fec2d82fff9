"""The host's side: places where workers run, channels to them, and the pool that keeps them."""
