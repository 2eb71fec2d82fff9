"""Discovery: propose controllers, replay them, learn from the results, and stop for approval."""
