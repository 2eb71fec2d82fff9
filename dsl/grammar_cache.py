"""Parsers of a grammar, with their tables kept on disk: building them takes a quarter of a second.

The tables are plain data. Their file is named after everything that they depend on, and its digest
is in front. A file that does not fit its digest or cannot be read is built again, and replaced as a
whole, so several processes may do so at once. Where nothing can be kept, each process builds.
"""

import contextlib
import hashlib
import marshal
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

_DIGEST = 32


def load_parser(grammar: str, **options: str | bool) -> lark.Lark:
    """Return the parser of an LALR grammar, from kept tables where there are any.

    Args:
        grammar: the grammar's text.
        options: lark's options for it.
    """
    directory = grammar_directory(os.environ)
    if directory is None:
        return lark.Lark(grammar, **options)
    key = _key(grammar, options)
    path = directory / f"{key.hex()[:32]}.tables"
    with contextlib.suppress(OSError):
        stored = path.read_bytes()
        if stored[:_DIGEST] == _digest(key, stored[_DIGEST:]):
            # Not `pickle`: reading a file must never run code that is in it.
            return lark.Lark.load(marshal.loads(stored[_DIGEST:]))
    parser = lark.Lark(grammar, **options)
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    _store(path, key, marshal.dumps({"data": data, "memo": memo}))
    return parser


def grammar_directory(environ: Mapping[str, str]) -> Path | None:
    """Return where tables are kept; ``None`` for a user without a home directory.

    Args:
        environ: the environment variables.
    """
    own = environ.get("RHEOSTAT_CACHE_DIR")
    if own:
        return Path(own) / "grammars"
    base = Path(environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():
        try:
            base = Path.home() / ".cache"
        except RuntimeError:
            return None
    return base / "rheostat" / "grammars"


def _key(grammar: str, options: Mapping[str, object]) -> bytes:
    # The data is `marshal`'s, whose format may change with Python.
    parts = (grammar, sorted(options.items()), lark.__version__, sys.implementation.cache_tag)
    return hashlib.blake2b(repr(parts).encode(), digest_size=_DIGEST).digest()


def _digest(key: bytes, content: bytes) -> bytes:
    return hashlib.blake2b(content, key=key, digest_size=_DIGEST).digest()


def _store(path: Path, key: bytes, content: bytes) -> None:
    """Keep tables where that is possible; a cache that fails costs only time."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_digest(key, content) + content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
