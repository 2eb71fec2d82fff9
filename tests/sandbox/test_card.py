"""The card of Python lists every name that a controller may use."""

import re

from sandbox.python.branches import Branch, Branches
from sandbox.python.controller import PythonController
from sandbox.python.controller_episode import ShownEpisode
from sandbox.python.functions import FUNCTIONS
from sandbox.python.windows import Window
from sandbox.registration import PYTHON


def public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


def test_it_holds_every_word_of_the_episode_and_every_function() -> None:
    words = set(re.findall(r"\w+", PYTHON.card()))
    told = public(ShownEpisode) | public(Branch) | public(Branches) | public(Window)
    assert (told | set(FUNCTIONS) | {"chance", "draw_beta", "Exhausted"}) - words == set()


def test_its_program_is_admitted() -> None:
    [program] = re.findall(r"```python\n(.*?)```", PYTHON.card(), re.DOTALL)
    assert PYTHON.render_errors(program, "card.py") == ""
    PythonController(program)
