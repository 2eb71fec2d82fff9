"""What candidates are worth: played over the search set, scored, held to each other."""
