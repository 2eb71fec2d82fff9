"""The templates of briefs."""

from functools import cache
from importlib.resources import files
from string import Template


def page(template: str, /, **values: object) -> str:
    """One template, filled in.

    Args:
        template: the name of its file, without its suffix.
        values: for each place that it has.
    """
    return _template(template).substitute(values).strip("\n")


@cache
def _template(name: str) -> Template:
    text = files("agents.feedback").joinpath("templates", f"{name}.md").read_text(encoding="utf-8")
    return Template(text)
