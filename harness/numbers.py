"""Numbers in messages."""


def in_full(number: float) -> str:
    """Format a number with all of its digits: ``281474976710656`` and not ``2.81475e+14``."""
    return f"{int(number)}" if float(number).is_integer() else repr(number)
