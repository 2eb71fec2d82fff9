"""Editor for Rheo with syntax highlighting and completion."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList, TextArea
from textual.widgets.option_list import Option

from dsl.editor.completion import Completion, find_completions
from dsl.editor.document import Document
from dsl.source import Source
from tui.model.highlighting import highlight_line
from tui.widgets.outside_text import line

MOST_WORDS = 12
"""Maximum completions to offer."""


class RheoText(TextArea):
    """Text area of the editor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+at,ctrl+n", "ask", "Complete", key_display="^n")
    ]

    class CompletionRequested(Message):
        """Request completions at the cursor."""

    def get_line(self, line_index: int) -> Text:
        """Return a highlighted line."""
        line = super().get_line(line_index)
        for part in highlight_line(line.plain):
            line.stylize(part.style, part.start, part.end)
        return line

    def action_ask(self) -> None:
        """Request completions."""
        self.post_message(self.CompletionRequested())


class Editor(Vertical):
    """Editor with a list of completions below the text."""

    def __init__(self, text: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._text = text
        self._completions: list[Completion] = []
        self._span = (0, 0)

    def compose(self) -> ComposeResult:
        """Compose the text and the list."""
        yield RheoText(self._text, id="text", show_line_numbers=True, tab_behavior="indent")
        words = OptionList(id="completions", markup=False)
        words.display = False
        yield words

    @property
    def area(self) -> RheoText:
        """The text area."""
        return self.query_one("#text", RheoText)

    @property
    def text(self) -> str:
        """The text."""
        return self.area.text

    @on(RheoText.CompletionRequested)
    def offer(self) -> None:
        """Offer completions at the cursor."""
        document = Document(Source(self.text))
        offset = self._offset(self.area.cursor_location)
        completions = find_completions(document, offset)
        typed = self.text[completions.span.start : offset]
        self._completions = [
            completion for completion in completions.found if completion.label.startswith(typed)
        ][:MOST_WORDS]
        self._span = (completions.span.start, offset)
        words = self.query_one("#completions", OptionList)
        words.clear_options()
        if not self._completions:
            self.notify("No completions here.", timeout=2)
            return
        if len(self._completions) == 1:
            self._take(0)
            return
        words.add_options(
            [
                Option(line(f"{completion.label}  {completion.detail}"))
                for completion in self._completions
            ]
        )
        words.highlighted = 0
        words.display = True
        words.focus()

    @on(OptionList.OptionSelected, "#completions")
    def _chosen(self, message: OptionList.OptionSelected) -> None:
        self._take(message.option_index)

    def close(self) -> bool:
        """Close the list of completions; return whether it was open."""
        words = self.query_one("#completions", OptionList)
        was_open, words.display = words.display, False
        self.area.focus()
        return was_open

    def _take(self, index: int) -> None:
        start, end = (self._location(offset) for offset in self._span)
        self.area.replace(self._completions[index].label, start, end)
        self.close()

    def _offset(self, location: tuple[int, int]) -> int:
        row, column = location
        lines = self.text.split("\n")
        return sum(len(line) + 1 for line in lines[:row]) + column

    def _location(self, offset: int) -> tuple[int, int]:
        before = self.text[:offset]
        return before.count("\n"), offset - (before.rfind("\n") + 1)
