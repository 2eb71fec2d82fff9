"""Compiled programs by content: each is compiled once for a machine, and kept on disk.

A kept object has its own digest in front. One that does not fit it, or that cannot be read, is
compiled again and replaced; several processes may do so at once, since a file appears whole.
"""

import contextlib
import os
import tempfile
import threading
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

from dsl.checker import CheckedProgram
from dsl.compiler import native
from dsl.compiler.kernels import translate_shared
from dsl.compiler.native import LoadedKernels, NativeProgram, Tier, compile_text
from dsl.compiler.translation import CompiledModule, Variant, translate_program

T = TypeVar("T")

MOST_LOADED = 256
"""Programs that stay loaded in one process; of more, the one loaded first is let go. Programs that
differ only in their schedules share their code: knobs are passed to it."""

_DIGEST = 32

_shared_lock = threading.Lock()
_shared: list[LoadedKernels] = []  # loaded once a process, and never let go


class ObjectCache:
    """Compiled programs, in this process and on disk.

    Args:
        directory: where objects are kept between processes; nothing is kept without it.
        tier: how much work goes into those that are compiled.
    """

    def __init__(self, directory: Path | None = None, tier: Tier = Tier.QUICK):
        self._directory = directory
        self._tier = tier
        self._lock = threading.Lock()
        self._loaded: dict[str, tuple[CompiledModule, NativeProgram]] = {}
        self._code: dict[str, NativeProgram] = {}

    def load(
        self,
        checked: CheckedProgram,
        variant: Variant = Variant(),  # noqa: B008 - it is immutable
    ) -> tuple[CompiledModule, NativeProgram]:
        """Return a program ready to run."""
        key = f"{variant} {checked.source.text}"
        with self._lock:
            if key not in self._loaded:
                self._load_shared()
                module = translate_program(checked, variant)
                if module.text not in self._code:
                    code = NativeProgram(self._object(module.text, self._tier))
                    _store_object(self._code, module.text, code)
                _store_object(self._loaded, key, (module, self._code[module.text]))
            return self._loaded[key]

    def _load_shared(self) -> None:
        with _shared_lock:
            if not _shared:
                _shared.append(LoadedKernels(self._object(translate_shared(), Tier.FULL)))

    def _object(self, text: str, tier: Tier) -> bytes:
        if self._directory is None:
            return compile_text(text, tier)
        return _load_or_compile(self._path(text, tier), lambda: compile_text(text, tier))

    def _path(self, text: str, tier: Tier) -> Path:
        assert self._directory is not None
        host = native.detect_machine()
        parts = (native.version(), *host, tier.name, text)
        key = blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()
        return self._directory / f"{key}.object"


def _store_object(among: dict[str, T], key: str, value: T) -> None:
    while len(among) >= MOST_LOADED:
        del among[next(iter(among))]
    among[key] = value


def _load_or_compile(path: Path, compile_it: Callable[[], bytes]) -> bytes:
    """Return a kept object, or a fresh one that is now kept; a cache that fails costs only time."""
    with contextlib.suppress(OSError):
        stored = path.read_bytes()
        code = stored[_DIGEST:]
        if stored[:_DIGEST] == blake2b(code, digest_size=_DIGEST).digest():
            return code
    code = compile_it()
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(blake2b(code, digest_size=_DIGEST).digest() + code)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return code
