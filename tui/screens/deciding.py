"""Approve or reject: asks before it acts, and does what the command line does."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen, Screen
from textual.widgets import Button, Input, Label

from agents.commands.deciding import decide as decide_on_disk
from harness.errors import RheostatError


class Verdict:
    """What a person said."""

    def __init__(self, candidate: str, note: str, *, approved: bool):
        self.candidate, self.note, self.approved = candidate, note, approved


class DecideScreen(ModalScreen[Verdict | None]):
    """Asks for a note and a yes.

    Args:
        candidate: that waits.
        approved: what is about to be said.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(self, candidate: str, *, approved: bool):
        super().__init__()
        self._candidate, self._approved = candidate, approved

    def compose(self) -> ComposeResult:
        """The question, a note, two buttons."""
        word = "Approve" if self._approved else "Reject"
        with Vertical(id="box"):
            yield Label(f"{word} {self._candidate}?", id="question")
            yield Input(placeholder="A note, which the next brief tells", id="note")
            with Horizontal(id="buttons"):
                yield Button(word, variant="success" if self._approved else "error", id="yes")
                yield Button("Cancel", id="no")

    def on_mount(self) -> None:
        """The note comes first."""
        self.query_one("#note", Input).focus()

    @on(Input.Submitted)
    def _noted(self) -> None:
        self.query_one("#yes", Button).focus()

    @on(Button.Pressed, "#yes")
    def _yes(self) -> None:
        note = self.query_one("#note", Input).value.strip()
        self.dismiss(Verdict(self._candidate, note, approved=self._approved))

    @on(Button.Pressed, "#no")
    def action_cancel(self) -> None:
        """Nothing is decided."""
        self.dismiss(None)


def decide(screen: Screen[None], run: Path) -> Callable[[Verdict | None], None]:
    """What a screen does with the answer.

    Args:
        screen: that asked.
        run: the run's directory.
    """

    def act(verdict: Verdict | None) -> None:
        if verdict is None:
            return
        try:
            said = decide_on_disk(
                run, verdict.candidate, approved=verdict.approved, note=verdict.note, by=None
            )
        except (RheostatError, OSError) as problem:
            screen.notify(str(problem), severity="error", timeout=10)
            return
        screen.notify(said, timeout=10)

    return act
