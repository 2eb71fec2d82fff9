"""Convert values of controllers to text, identically in every run.

Python shows functions, methods and iterators with their address, which differs between runs.
"""

import re
from typing import Any

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")

_PLAIN = frozenset({str, int, float, bool, type(None)})


def guarded_str(*values: Any) -> str:  # noqa: ANN401
    """``str(value)``."""
    if len(values) == 1 and type(values[0]) in _PLAIN:
        return str(values[0])
    return without_addresses(str(*values))


def guarded_repr(value: object) -> str:
    """``repr(value)``."""
    return repr(value) if type(value) in _PLAIN else without_addresses(repr(value))


def guarded_value(value: object) -> object:
    """Format a value in an f-string."""
    return value if type(value) in _PLAIN else without_addresses(str(value))


def guarded_remainder(left: Any, right: Any) -> Any:  # noqa: ANN401
    """``left % right``, which formats a text if the left value is one."""
    result = left % right
    return without_addresses(result) if type(result) is str else result


def without_addresses(text: str) -> str:
    """Remove addresses from a text."""
    return _ADDRESS.sub("", text)
