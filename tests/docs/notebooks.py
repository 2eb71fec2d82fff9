"""Executes a notebook in a kernel, as a user would, and compares what it shows.

With ``RHEOSTAT_UPDATE_GOLDEN=1`` the outputs of the notebook are replaced instead.
"""

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

WIDGET = "application/vnd.jupyter.widget-view+json"
"""The type of a progress bar. It is empty at the end, and is not stored."""

IS_UPDATE = bool(os.environ.get("RHEOSTAT_UPDATE_GOLDEN"))
"""Whether stored outputs are to be replaced; read here, since fixtures remove such variables."""

COMPARED = ("text/plain", "text/html", "text/markdown", "application/json")
"""Types of outputs that are equal on every machine; pictures depend on fonts."""


def execute_notebook(path: Path, directory: Path, *, seconds: int = 600) -> nbformat.NotebookNode:
    """Execute all cells of a notebook in order, in a new kernel; an error in a cell fails.

    Args:
        path: The notebook's file, which is not changed.
        directory: The working directory of the kernel.
        seconds: Time limit of one cell.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=seconds, resources={"metadata": {"path": str(directory)}}
    )
    client.execute()
    nbformat.validate(notebook)
    return notebook


def remove_bars(notebook: nbformat.NotebookNode) -> None:
    """Remove progress bars, the empty text that they leave, and times of execution."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [
                output
                for output in cell.outputs
                if not is_bar(output) and output.get("data", {}).get("text/plain") != ""
            ]


def is_bar(output: nbformat.NotebookNode) -> bool:
    """Whether an output is a progress bar."""
    return WIDGET in output.get("data", {})


def shown_outputs(notebook: nbformat.NotebookNode) -> list[list[object]]:
    """What each cell of code shows, without pictures."""
    return [
        [_shown(output) for output in cell.outputs]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def _shown(output: nbformat.NotebookNode) -> object:
    if output.output_type == "stream":
        return output.name, output.text
    return {kind: text for kind, text in output.data.items() if kind in COMPARED}
