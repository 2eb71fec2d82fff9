"""The errors of decoders, for JSON, TOML and MessagePack that anything may have written."""

import msgspec

DECODE_ERRORS = (msgspec.MsgspecError, RecursionError, ValueError)
"""What a decoder raises for damaged, hand-edited or hostile data.

Data that is nested deeply enough raises `RecursionError`, also in a field that is not read. Text
that is not UTF-8 and numbers with too many digits raise `ValueError`.
"""


def describe_decode_error(error: Exception) -> str:
    """Return what is wrong with the data, for a message."""
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)
