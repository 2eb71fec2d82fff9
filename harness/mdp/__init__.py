"""The replay MDP: the actions, their prices, the books of an episode and its trace."""
