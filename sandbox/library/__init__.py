"""Controllers of the library in Python, to read and to begin from; they give Rheo's figures."""

from importlib.resources import files

NAMES = ("cmc", "parallel_probe")


def text(name: str) -> str:
    """The code of one of them."""
    return files(__name__).joinpath(f"{name}.py").read_text()
