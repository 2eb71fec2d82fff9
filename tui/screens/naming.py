"""Asks for the name of a file."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from tui.screens.help import HELP


class NameScreen(ModalScreen[str | None]):
    """One line to type a name in.

    Args:
        name: to begin with.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel"), HELP]

    def __init__(self, name: str):
        super().__init__()
        self._begun = name

    def compose(self) -> ComposeResult:
        """The question and the line."""
        with Vertical(id="box"):
            yield Label("Save as", id="question")
            yield Input(self._begun, id="name")

    @on(Input.Submitted)
    def _named(self, message: Input.Submitted) -> None:
        self.dismiss(message.value.strip() or None)

    def action_cancel(self) -> None:
        """No name."""
        self.dismiss(None)
