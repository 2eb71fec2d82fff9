"""Dialog for unsaved changes."""

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
    """What to do with the changes."""

    SAVE = "save"
    DISCARD = "discard"
    KEEP = "keep"
    """Do nothing and keep editing."""


class LeaveScreen(ModalScreen[Changes]):
    """Dialog that asks before a changed text is left.

    Args:
        name: Name of the text.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "keep", "Keep editing"),
        HELP,
    ]

    def __init__(self, name: str):
        super().__init__()
        self._of = name

    def compose(self) -> ComposeResult:
        """Compose the question and three buttons."""
        with Vertical(id="box"):
            yield OutsideStatic(f"{self._of} has unsaved changes.", id="question")
            with Horizontal(id="buttons"):
                yield Button("Save", variant="success", id="save")
                yield Button("Discard", variant="error", id="discard")
                yield Button("Keep editing", id="keep")

    def on_mount(self) -> None:
        """Focus the button that loses nothing."""
        self.query_one("#save", Button).focus()

    @on(Button.Pressed)
    def _chosen(self, message: Button.Pressed) -> None:
        self.dismiss(Changes(message.button.id))

    def action_keep(self) -> None:
        """Keep editing."""
        self.dismiss(Changes.KEEP)
