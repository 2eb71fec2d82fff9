"""What a command asks for, read and checked: controllers, recordings, knobs, values of β."""
