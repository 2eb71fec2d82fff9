"""A program to start from."""

import re
from importlib.resources import files

from dsl.builtins import NAMES
from dsl.vocabulary import KEYWORDS


class UnusableName(ValueError):
    """A controller cannot have this name; the message has the reason."""


def new_program(name: str) -> str:
    """Return the text of a commented controller that passes the checks and is formatted.

    Raises:
        UnusableName: the name is no name, or belongs to the language.
    """
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is None:
        raise UnusableName(
            f"`{name}` cannot be a controller's name: a name has letters a to z, digits and `_`,"
            " and does not begin with a digit"
        )
    if name in KEYWORDS or name in NAMES:
        raise UnusableName(f"`{name}` is a keyword; choose another name, such as `my_{name}`")
    text = files("dsl").joinpath("template.rheo").read_text(encoding="utf-8")
    return text.replace("controller NAME", f"controller {name}")
