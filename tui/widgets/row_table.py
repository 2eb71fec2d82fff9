"""Table whose rows are formatted and drawn only when they are visible.

`textual.widgets.DataTable` stores and measures every cell, and draws each through a console of its
own. With hundreds of rows that stalls the app, so this table asks for the cells of a row when it
draws the row, keeps what it drew, and draws neighbouring cells of one style in one piece.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size, Spacing
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets.outside_text import line

RowFormatter = Callable[[int], Sequence[Text | str]]
"""Return the cells of a row, which is counted from 0."""

HEADER_HEIGHT = 1
_CURSOR_KEYS = (
    ("enter", "select_cursor", "Select"), ("up", "move(-1)", "Cursor up"),
    ("down", "move(1)", "Cursor down"), ("pageup", "move_page(-1)", "Page up"),
    ("pagedown", "move_page(1)", "Page down"), ("ctrl+home", "move_to_end(False)", "Top"),
    ("ctrl+end", "move_to_end(True)", "Bottom"), ("home", "scroll_home", "First column"),
    ("end", "scroll_end", "Last column"),
)  # fmt: skip


class _RowState(NamedTuple):
    """What the look of a row depends on, besides its cells."""

    row: int
    is_selected: bool
    is_hovered: bool


class RowTable(ScrollView, can_focus=True):
    """Table of one-line rows with a row cursor.

    Args:
        columns: Heading and width of each column; longer cells are cut.
        id: Widget ID.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, action, description, show=False) for key, action, description in _CURSOR_KEYS
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-table--cursor", "row-table--hover", "row-table--header", "row-table--odd-row",
        "row-table--even-row",
    }  # fmt: skip
    DEFAULT_CSS = """
    RowTable {
        background: $surface;
        color: $foreground;
        height: auto;
        max-height: 100%;
        & > .row-table--header { text-style: bold; background: $panel; color: $foreground; }
        &:ansi > .row-table--header { background: ansi_bright_blue; color: ansi_default; }
        & > .row-table--even-row { background: $surface-lighten-1 50%; }
        &:dark > .row-table--even-row { background: $surface-darken-1 40%; }
        & > .row-table--hover { background: $block-hover-background; }
        & > .row-table--cursor {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
            text-style: $block-cursor-blurred-text-style;
        }
        &:focus {
            background-tint: $foreground 5%;
            & > .row-table--header { background-tint: $foreground 5%; }
            & > .row-table--cursor {
                background: $block-cursor-background;
                color: $block-cursor-foreground;
                text-style: $block-cursor-text-style;
            }
        }
    }
    """

    cursor_row: reactive[int] = reactive(0, repaint=False, init=False)
    """Row under the cursor, from 0; 0 if there are no rows."""
    hover_row: reactive[int | None] = reactive(None, repaint=False, init=False)
    """Row under the mouse; ``None`` if there is none, or a key was pressed since."""

    class RowMessage(Message):
        """A message about the row under the cursor."""

        def __init__(self, table: "RowTable"):
            super().__init__()
            self.table = table

        @property
        def control(self) -> "RowTable":
            """The table."""
            return self.table

    class RowHighlighted(RowMessage):
        """The cursor moved to another row."""

    class RowSelected(RowMessage):
        """The row under the cursor was selected, with a key or a click."""

    class RowsDrawn(RowMessage):
        """The rows were drawn for the first time since `show_rows`."""

    def __init__(
        self,
        columns: Sequence[tuple[str, int]],
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ):
        super().__init__(id=id)
        self._headings = [heading for heading, _ in columns]
        self._widths = [width for _, width in columns]
        self._format_row: RowFormatter = lambda _: ()
        self._row_count = 0
        self._is_drawn = True
        self._strips: dict[_RowState, Strip] = {}
        """Drawn rows; empty whenever their cells, styles or width change."""
        self._header: Strip | None = None

    @property
    def row_count(self) -> int:
        """Number of rows."""
        return self._row_count

    def row_texts(self, row: int) -> list[str]:
        """Return the cells of a row, without styles."""
        return [line(cell).plain for cell in self._format_row(row)]

    def show_rows(self, count: int, format_row: RowFormatter) -> None:
        """Replace all rows; the cursor and the scroll position stay, within the new rows.

        Args:
            count: Number of rows.
            format_row: Function that returns the cells of a row when it is drawn.
        """
        self._row_count, self._format_row = count, format_row
        self._is_drawn = False
        self._strips.clear()
        self.virtual_size = Size(sum(self._widths) + 2 * len(self._widths), count + HEADER_HEIGHT)
        self.cursor_row = self._clamped(self.cursor_row)
        self.hover_row = None
        self.refresh()

    def move_cursor(self, row: int) -> None:
        """Move the cursor to a row, and scroll it into view."""
        self.cursor_row = self._clamped(row)
        # After `show_rows` the size of the scrolled area is known with the next layout only.
        self.call_after_refresh(self._scroll_to_cursor)
        self._scroll_to_cursor()

    def _clamped(self, row: int) -> int:
        return max(0, min(row, self._row_count - 1))

    # Drawing

    def render_line(self, y: int) -> Strip:
        """See `Widget`."""
        if not self._is_drawn:
            self._is_drawn = True
            # Called by the screen, which would be the sender, whom its own messages do not reach.
            self.call_later(self._report_drawn)
        width = self.size.width
        row = y - HEADER_HEIGHT + self.scroll_offset.y
        if y < HEADER_HEIGHT:
            strip = self._header = self._header or self._draw_header()
        elif row < self._row_count:
            state = _RowState(row, row == self.cursor_row, row == self.hover_row)
            strip = self._strips.get(state) or self._draw_row(state)
            self._strips[state] = strip
        else:
            return Strip.blank(width, self.rich_style)
        left = self.scroll_offset.x
        return strip if (left, strip.cell_length) == (0, width) else strip.crop(left, left + width)

    def _report_drawn(self) -> None:
        self.post_message(self.RowsDrawn(self))

    def _draw_header(self) -> Strip:
        style = self.get_component_rich_style("row-table--header")
        return self._draw_cells(self._headings, style, Style.null())

    def _draw_row(self, state: _RowState) -> Strip:
        parity = "odd" if state.row % 2 else "even"
        style = self.get_component_rich_style(f"row-table--{parity}-row")
        over = Style.null()
        if state.is_hovered:
            style += self.get_component_rich_style("row-table--hover")
        if state.is_selected:
            cursor = self.get_component_rich_style("row-table--cursor")
            style, over = style + cursor, Style.from_color(cursor.color)
        return self._draw_cells(self._format_row(state.row), style, over)

    def _draw_cells(self, cells: Sequence[Text | str], style: Style, over: Style) -> Strip:
        """Draw the cells of a row.

        Args:
            cells: Content of each column; control characters are escaped.
            style: Style of the row, below those of its cells.
            over: Style above those of the cells.
        """
        segments: list[Segment] = []
        pending = ""
        for cell, width in zip(cells, self._widths, strict=False):
            text = line(cell)
            if not text.style and not text.spans:
                pending += f" {set_cell_size(text.plain, width)} "
                continue
            text = Text.assemble(text)  # `Text.render` leaves out the style of a whole text
            text.truncate(width, pad=True)
            segments.append(Segment(f"{pending} ", style))
            segments += (
                Segment(part, style + own + over if own else style)
                for part, own, _ in text.render(self.app.console)
            )
            pending = " "
        segments.append(Segment(pending, style))
        width = max(self.size.width, self.virtual_size.width)
        return Strip(segments).adjust_cell_length(width, style)

    def _forget_strips(self) -> None:
        self._strips.clear()
        self._header = None

    def notify_style_update(self) -> None:
        """See `Widget`."""
        super().notify_style_update()
        self._forget_strips()
        self.refresh()

    def on_resize(self) -> None:
        """Draw all rows again, as wide as the table."""
        self._forget_strips()

    def _refresh_row(self, row: int | None) -> None:
        if row is None:
            return
        y = row + HEADER_HEIGHT - self.scroll_offset.y
        if HEADER_HEIGHT <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    # Cursor

    def watch_cursor_row(self, before: int, row: int) -> None:
        """Draw both rows, and report the new one."""
        self._refresh_row(before)
        self._refresh_row(row)
        self.post_message(self.RowHighlighted(self))

    def watch_hover_row(self, before: int | None, row: int | None) -> None:
        """Draw both rows."""
        self._refresh_row(before)
        self._refresh_row(row)

    def _scroll_to_cursor(self, *, animate: bool = False) -> None:
        region = Region(self.scroll_offset.x, self.cursor_row + HEADER_HEIGHT, self.size.width, 1)
        self.scroll_to_region(
            region, animate=animate, spacing=Spacing(HEADER_HEIGHT, 0, 0, 0), force=True
        )

    def action_move(self, by: int) -> None:
        """Move the cursor up or down."""
        self.hover_row = None
        self.cursor_row = self._clamped(self.cursor_row + by)
        self._scroll_to_cursor()

    def action_move_page(self, by: int) -> None:
        """Move the cursor and the rows by a page."""
        self.hover_row = None
        height = self.scrollable_content_region.height - HEADER_HEIGHT
        self.scroll_relative(y=by * height, animate=False, force=True)
        self.cursor_row = self._clamped(self.cursor_row + by * height)
        self._scroll_to_cursor()

    def action_move_to_end(self, last: bool) -> None:
        """Move the cursor to the first or the last row."""
        self.hover_row = None
        self.cursor_row = self._clamped(self._row_count - 1 if last else 0)
        self._scroll_to_cursor()

    def action_scroll_home(self) -> None:
        """Scroll to the first column."""
        self.scroll_x = 0

    def action_scroll_end(self) -> None:
        """Scroll to the last column."""
        self.scroll_x = self.max_scroll_x

    def action_select_cursor(self) -> None:
        """Select the row under the cursor."""
        self.hover_row = None
        if self._row_count:
            self.post_message(self.RowSelected(self))

    # Mouse

    def _row_at(self, event: events.MouseEvent) -> int | None:
        row = event.y - HEADER_HEIGHT + self.scroll_offset.y
        return row if event.y >= HEADER_HEIGHT and row < self._row_count else None

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Highlight the row under the mouse."""
        self.hover_row = self._row_at(event)

    def on_leave(self) -> None:
        """Highlight no row."""
        self.hover_row = None

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row, or select the row if the cursor is there."""
        if (row := self._row_at(event)) is None:
            return
        self.hover_row = row
        if row == self.cursor_row:
            self.post_message(self.RowSelected(self))
        else:
            self.cursor_row = row
            self._scroll_to_cursor(animate=True)
        event.stop()
