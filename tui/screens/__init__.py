"""One screen for each thing that a person does."""
