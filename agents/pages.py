"""Templates of what is written for people and language models: files, filled in."""

from functools import cache
from importlib.resources import files
from string import Template


class Pages:
    """The templates of one package, which lie in its folder ``templates``.

    Args:
        package: its dotted name.
    """

    def __init__(self, package: str):
        self._package = package

    def __call__(self, template: str, /, **values: object) -> str:
        """One template, filled in.

        Args:
            template: the name of its file, without its suffix.
            values: for each place that it has.
        """
        return _template(self._package, template).substitute(values).strip("\n")


@cache
def _template(package: str, name: str) -> Template:
    text = files(package).joinpath("templates", f"{name}.md").read_text(encoding="utf-8")
    return Template(text)
