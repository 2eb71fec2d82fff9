"""The replay MDP: the actions, their costs, the ledger of an episode and its trace."""
