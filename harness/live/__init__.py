"""Run controllers on a served model, with branches generated as they are needed."""
