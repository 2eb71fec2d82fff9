"""How many trials proposers need on simulated pipelines: played, tabled, drawn."""
