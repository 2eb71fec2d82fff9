"""The loop of a discovery, as a graph: it proposes, replays, learns, and waits for people."""
