"""Read-only view of a program: highlighted, numbered, with margin figures and a marked line."""

from collections.abc import Mapping

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll

from agents.run.records import ControllerLanguage
from dsl.text_width import measure_text
from harness.escaping import escape_line
from tui.model.highlighting import highlight_line
from tui.widgets.outside_text import OutsideStatic


class SourceView(VerticalScroll):
    """Widget that shows a program."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._source = ""
        self._margin: Mapping[int, str] = {}
        self._marked: int | None = None
        self._title = ""
        self._language = ControllerLanguage.RHEO

    def compose(self) -> ComposeResult:
        """Compose the text."""
        yield OutsideStatic(id="text")

    def show(
        self,
        source: str,
        margin: Mapping[int, str] | None = None,
        title: str = "",
        *,
        language: ControllerLanguage = ControllerLanguage.RHEO,
    ) -> None:
        """Show a program.

        Args:
            source: Source text.
            margin: By line from 1, the text before it.
            title: Heading of the margin.
            language: Language of the program.
        """
        self._language = language
        self._source, self._margin, self._title = source, margin or {}, title
        self._draw()

    def mark(self, line: int | None) -> None:
        """Mark a line, from 1, and scroll to it."""
        if line == self._marked:
            return
        self._marked = line
        self._draw()
        if line is not None:
            self.scroll_to(y=max(0, line - self.size.height // 2), animate=False)

    def _draw(self) -> None:
        dark = self.app.current_theme.dark
        text = render_source(
            self._source,
            self._margin,
            self._marked,
            title=self._title,
            dark=dark,
            language=self._language,
        )
        self.query_one("#text", OutsideStatic).update(text)


def render_source(
    source: str,
    margin: Mapping[int, str],
    marked: int | None = None,
    *,
    title: str = "",
    dark: bool = True,
    language: ControllerLanguage = ControllerLanguage.RHEO,
) -> Text:
    """Render a program as styled text.

    Args:
        source: Source text.
        margin: By line from 1, the text before it.
        marked: Line to highlight, from 1; ``None`` for none.
        title: Heading above the text; empty for none.
        dark: Whether the theme is dark, which decides the colour of the highlight.
        language: Language of the program.
    """
    width = max((len(text) for text in margin.values()), default=0)
    lines = [escape_line(line.expandtabs(2)) for line in source.rstrip("\n").split("\n")]
    digits = len(str(len(lines)))
    text = Text(no_wrap=True)
    if title:
        text.append(f"{title}\n", "dim")
    for number, line in enumerate(lines, start=1):
        row = Text()
        if width:
            row.append(f"{margin.get(number, ''):>{width}} ", "dim cyan")
        row.append(f"{number:>{digits}} ", "dim")
        body = Text(line)
        for part in highlight_line(body.plain, language):
            body.stylize(part.style, part.start, part.end)
        row.append_text(body)
        if number == marked:
            row.append(" " * max(0, 60 - measure_text(row.plain)))
            row.stylize("on #2b3f66" if dark else "on #c9d8f5")
        text.append_text(row)
        text.append("\n")
    return text
