"""How messages name an option: as a flag of the command line, or as an argument in Python.

Both interfaces send the same requests to the same checks. A check names an option by its argument
in Python, and the message has the form of the interface that the caller uses: ``--proposer evolv``
or ``proposers=['evolv']``. As a locale, the form is set once for a whole call.
"""

import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_FLAGS: Mapping[str, str] = {
    "baselines": "baseline",
    "constrained": "constrain",
    "knobs": "set",
    "proposers": "proposer",
    "temperatures": "temperature",
}
"""Flags that are not spelled as their argument, with hyphens."""

_ARGUMENTS: Mapping[str, str] = {"resume": "Discovery.resume()"}
"""Options that are no argument in Python, with what takes their place."""

_LISTS = ("agent_env", "baselines", "proposers", "start_from", "temperatures")
"""Arguments that are lists, whose flags are repeated instead."""


def _flag(option: str, value: object) -> str:
    flag = f"--{_FLAGS.get(option, option.replace('_', '-'))}"
    if value is None:
        return flag
    text = str(value)
    return f"{flag} {shlex.quote(text) if ' ' in text else text}"


def _argument(option: str, value: object) -> str:
    if value is None:
        return _ARGUMENTS.get(option, option)
    if option == "knobs":  # an assignment such as ``esc.n=4,16``
        knob, _, values = str(value).partition("=")
        return f"knobs={{{knob!r}: [{values}]}}"
    return f"{option}={[value]!r}" if option in _LISTS else f"{option}={value!r}"


_FORM: ContextVar[Callable[[str, object], str]] = ContextVar("form of options", default=_flag)


def name_option(option: str, value: object = None) -> str:
    """Name an option in a message, in the form of the caller's interface.

    Args:
        option: The name of its argument in Python.
        value: The value that it has or could have; ``None`` to name the option alone.
    """
    return _FORM.get()(option, value)


@contextmanager
def python_options() -> Iterator[None]:
    """Name options as arguments in Python, in messages that are made inside the block."""
    before = _FORM.set(_argument)
    try:
        yield
    finally:
        _FORM.reset(before)
