"""Host side: launchers of workers, channels to them, and the pool that manages them."""
