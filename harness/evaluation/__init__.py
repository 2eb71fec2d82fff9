"""Episodes over whole recordings, and what is made of them: figures, intervals, curves."""
