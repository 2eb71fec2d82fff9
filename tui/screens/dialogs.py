"""Modal dialogs: ask for a file name; approve or reject a candidate."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen, Screen
from textual.widgets import Button, Input, Label

from agents.commands.decisions import decide as decide_on_disk
from agents.run.records import Decision
from harness.errors import RheostatError
from harness.escaping import escape_line
from tui.screens.help import HELP
from tui.widgets.outside_text import OutsideStatic


class NameScreen(ModalScreen[str | None]):
    """Dialog for a file name.

    Args:
        name: Initial text.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel"), HELP]

    def __init__(self, name: str):
        super().__init__()
        self._begun = name

    def compose(self) -> ComposeResult:
        """Compose the question and the input."""
        with Vertical(id="box"):
            yield Label("Save as", id="question")
            yield Input(self._begun, id="name")

    @on(Input.Submitted)
    def _named(self, message: Input.Submitted) -> None:
        self.dismiss(message.value.strip() or None)

    def action_cancel(self) -> None:
        """Cancel without a name."""
        self.dismiss(None)


DECISIONS = (
    Binding("a", "decide(True)", "Approve"),
    Binding("r", "decide(False)", "Reject"),
    Binding("a,r", "explain_decision", show=False),
)
"""Keys of a screen that shows a candidate; the last one is for when no decision is needed."""


class DecideScreen(ModalScreen[Decision | None]):
    """Dialog for a decision with a note.

    Args:
        candidate: Candidate that waits.
        approved: Decision to confirm.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel"), HELP]

    def __init__(self, candidate: str, *, approved: bool):
        super().__init__()
        self._candidate, self._approved = candidate, approved

    def compose(self) -> ComposeResult:
        """Compose the question, a note and two buttons."""
        word = "Approve" if self._approved else "Reject"
        with Vertical(id="box"):
            yield OutsideStatic(f"{word} {escape_line(self._candidate)}?", id="question")
            yield Input(placeholder="Note for the next brief (optional)", id="note")
            with Horizontal(id="buttons"):
                yield Button(word, variant="success" if self._approved else "error", id="yes")
                yield Button("Cancel", id="no")

    def on_mount(self) -> None:
        """Focus the note."""
        self.query_one("#note", Input).focus()

    @on(Input.Submitted)
    def _noted(self) -> None:
        self.query_one("#yes", Button).focus()

    @on(Button.Pressed, "#yes")
    def _yes(self) -> None:
        note = self.query_one("#note", Input).value.strip()
        self.dismiss(Decision(candidate=self._candidate, approved=self._approved, note=note))

    @on(Button.Pressed, "#no")
    def action_cancel(self) -> None:
        """Cancel without a decision."""
        self.dismiss(None)


def waiting_text(name: str, waits: str | None) -> str:
    """Explain why no decision about a candidate is needed.

    Args:
        name: Name of the candidate.
        waits: Candidate that waits for a decision, if any.
    """
    if waits is None:
        return "No candidate is waiting for a decision."
    return f"{name} is not waiting for a decision; {waits} is."


def make_decision_handler(screen: Screen[None], run: Path) -> Callable[[Decision | None], None]:
    """Return a callback that stores the decision of a dialog.

    Args:
        screen: Screen that opened the dialog.
        run: Run directory.
    """

    def act(decision: Decision | None) -> None:
        if decision is None:
            return
        try:
            message = decide_on_disk(
                run, decision.candidate, approved=decision.approved, note=decision.note, by=None
            )
        except (RheostatError, OSError) as problem:
            screen.notify(str(problem), severity="error", timeout=10)
            return
        screen.notify(message, timeout=10)

    return act
