"""Results as JSON documents: sorted keys, two spaces, a final line feed.

Equal results give equal bytes.
"""

import json
import os

from harness.escaping import escape_json


def encode_document(value: object) -> str:
    """Return a result as a JSON document."""
    import msgspec

    try:
        encoded = msgspec.json.encode(value, enc_hook=_plain, order="sorted")
    except UnicodeEncodeError:  # msgspec cannot encode bytes of a file's name that are not UTF-8
        plain = msgspec.to_builtins(value, enc_hook=_plain, str_keys=True)
        return json.dumps(plain, indent=2, sort_keys=True) + "\n"
    return escape_json(msgspec.json.format(encoded, indent=2).decode()) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")
