"""Asks what becomes of changes that are not saved."""

from enum import Enum
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button

from tui.screens.help import HELP
from tui.widgets.outside_text import OutsideStatic


class Changes(Enum):
    """What is done with the changes."""

    SAVE = "save"
    DISCARD = "discard"
    KEEP = "keep"
    """Nothing: the text is edited on."""


class LeaveScreen(ModalScreen[Changes]):
    """Ask before a text with changes is left.

    Args:
        name: of the text.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "keep", "Keep editing"),
        HELP,
    ]

    def __init__(self, name: str):
        super().__init__()
        self._of = name

    def compose(self) -> ComposeResult:
        """The question and three buttons."""
        with Vertical(id="box"):
            yield OutsideStatic(f"{self._of} has changes that are not saved.", id="question")
            with Horizontal(id="buttons"):
                yield Button("Save", variant="success", id="save")
                yield Button("Discard", variant="error", id="discard")
                yield Button("Keep editing", id="keep")

    def on_mount(self) -> None:
        """What loses nothing comes first."""
        self.query_one("#save", Button).focus()

    @on(Button.Pressed)
    def _chosen(self, message: Button.Pressed) -> None:
        self.dismiss(Changes(message.button.id))

    def action_keep(self) -> None:
        """Go on editing."""
        self.dismiss(Changes.KEEP)
