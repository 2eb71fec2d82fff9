"""The notebook of the documentation runs from its first cell to its last, and shows what it stores.

Regenerate its outputs with ``RHEOSTAT_UPDATE_GOLDEN=1 pytest tests/docs/test_notebook.py``.
"""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.docs.notebooks import (
    IS_UPDATE,
    execute_notebook,
    is_bar,
    remove_bars,
    shown_outputs,
)

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.ipynb"


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_notebook_shows_what_it_stores(home: Path) -> None:
    executed = execute_notebook(NOTEBOOK, home)
    remove_bars(executed)
    if IS_UPDATE:
        nbformat.write(executed, NOTEBOOK)
    stored = nbformat.read(NOTEBOOK, as_version=4)
    assert shown_outputs(executed) == shown_outputs(stored)


BAR = """\
from harness.api.progress import track_progress

with track_progress("working", 2, shown={shown}) as advance:
    advance(2)
"""


def test_a_notebook_shows_a_bar_unless_it_is_turned_off(home: Path) -> None:
    cells = [new_code_cell(BAR.format(shown=shown)) for shown in (None, False)]
    nbformat.write(new_notebook(cells=cells), home / "bar.ipynb")
    shown, hidden = execute_notebook(home / "bar.ipynb", home).cells
    assert any(map(is_bar, shown.outputs))
    assert hidden.outputs == []


def test_the_notebook_stores_outputs_of_every_cell_in_order() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(cell.outputs for cell in cells)
    pictures = [output for cell in cells for output in cell.outputs if "data" in output]
    assert any("image/png" in output.data for output in pictures)
    assert not any("home" in str(output) for output in pictures)


def test_links_of_the_notebook_resolve() -> None:
    import re

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    links = re.findall(r"\]\(([\w.-]+\.md)[^)]*\)", text)
    assert links
    assert [link for link in links if not (NOTEBOOK.parent / link).exists()] == []
