"""Help screen: the keys of a screen."""

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

HELP = Binding("question_mark,f1", "app.help", "Help", key_display="?")
"""Keys of every screen. In text fields, ``?`` types a character; F1 works everywhere."""

_EVERYWHERE = (
    ("↑ ↓ PgUp PgDn", "Move in a table or a text"),
    ("Tab", "Go to the next part of the screen"),
    ("^p", "Commands and themes"),
    ("? F1", "Show this help"),
    ("^q", "Quit"),
)


class HelpScreen(ModalScreen[None]):
    """Screen that lists the keys of another screen.

    Args:
        screen: The screen below.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q,enter", "close", "Close")
    ]

    def __init__(self, screen: Screen[Any]):
        super().__init__()
        self._of = screen

    def compose(self) -> ComposeResult:
        """Compose one line per key."""
        with Vertical(id="box"):
            yield Static("Keys", id="question")
            with VerticalScroll(id="keys"):
                yield Static(self._keys(), markup=False)
            yield Static("Press Esc to close.", id="closing")

    def on_mount(self) -> None:
        """Focus the keys for scrolling."""
        self.query_one("#keys").focus()

    def _keys(self) -> Text:
        own = [
            (self._format_key(binding), binding.description)
            for binding in type(self._of).BINDINGS
            if isinstance(binding, Binding) and binding.description and binding.action != "app.help"
        ]
        text = Text()
        for number, part in enumerate((own, _EVERYWHERE)):
            text.append("\n" if number else "")
            for key, does in part:
                text.append(f"{key:<15}", "bold").append(f" {does}\n")
        text.rstrip()
        return text

    def _format_key(self, binding: Binding) -> str:
        """Format the first key of a binding."""
        if binding.key_display:
            return binding.key_display
        first = binding.key.partition(",")[0]
        named = {"escape": "Esc", "enter": "Enter", "home": "Home", "end": "End"}
        shift = first.removeprefix("shift+")
        if shift != first:
            return {"right": "Shift+→", "left": "Shift+←"}.get(shift, first)
        return named.get(first) or self.app.get_key_display(binding)

    def action_close(self) -> None:
        """Return to the screen below."""
        self.dismiss(None)
