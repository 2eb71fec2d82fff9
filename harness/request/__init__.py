"""Parse and check command-line input: controllers, recordings, knobs, values of β."""
