"""The replay MDP, evaluation over it, and the command line."""
