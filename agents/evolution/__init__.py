"""Evolution of controllers: islands of programs that vary, cross, and are kept for what they do.

It knows programs and what they are worth, and nothing of recordings.
"""
