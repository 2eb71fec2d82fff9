"""Library controllers in Python, as examples; they reproduce Rheo's figures."""

from importlib.resources import files

NAMES = ("cmc", "parallel_probe")


def text(name: str) -> str:
    """Return the source of a library controller."""
    return files(__name__).joinpath(f"{name}.py").read_text()
