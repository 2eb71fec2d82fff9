"""Pages of the documentation that are installed with rheostat and printed by it."""

import re
from importlib.resources import files
from pathlib import Path

PAGES = "docs"
"""The directory of the pages in this package, if installed from a wheel."""

_LINK = re.compile(r"\[([^\]]+)\]\((?:docs/)?([\w-]+)\.md(#[\w-]+)?\)")
_PICTURE = re.compile(r"^!\[[^\]]*\]\([^)]*\)\n+", re.MULTILINE)


def page_names() -> list[str]:
    """Return the names of all pages, in alphabetical order."""
    return sorted(path.stem for path in _directory().glob("*.md"))


def page(name: str) -> str | None:
    """Return a page as Markdown, with commands instead of links to other pages.

    Args:
        name: Name of the page, such as ``importing``.

    Returns:
        The page, or ``None`` if there is no such page.
    """
    if name not in page_names():
        return None
    text = (_directory() / f"{name}.md").read_text(encoding="utf-8")
    return _LINK.sub(_command, _PICTURE.sub("", text))


def title(name: str) -> str:
    """Return the heading of a page."""
    with (_directory() / f"{name}.md").open(encoding="utf-8") as file:
        return file.readline().lstrip("# ").strip()


def _command(link: "re.Match[str]") -> str:
    words, name, _ = link.groups()
    return f"{words} (`rheostat explain {name}`)"


def _directory() -> Path:
    """Return the directory of the pages: in the package, or in a source checkout."""
    package = Path(str(files("harness")))
    installed = package / PAGES
    return installed if installed.is_dir() else package.parent / PAGES
