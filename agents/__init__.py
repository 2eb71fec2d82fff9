"""Discovery: the loop that proposes controllers, replays them, learns, and stops for approval."""
