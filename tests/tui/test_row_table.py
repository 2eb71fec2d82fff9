"""The table of rows: what it draws, and how keys and the mouse move its cursor."""

from collections.abc import Sequence

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.tui.conftest import drawn
from tests.tui.test_snapshots import screen_text
from tui.widgets.row_table import RowTable

COLUMNS = (("number", 8), ("name", 10))
SIZE = (30, 11)
"""Ten rows below the header."""


class TableApp(App[None]):
    """An app of one table that keeps what the table asks for and posts."""

    def __init__(self, count: int = 100) -> None:
        super().__init__()
        self.count = count
        self.formatted: list[int] = []
        self.selected: list[int] = []
        self.highlighted: list[int] = []
        self.drawn = 0

    def compose(self) -> ComposeResult:
        yield RowTable(COLUMNS)

    def on_mount(self) -> None:
        self.table.show_rows(self.count, self.cells)
        self.table.focus()

    @property
    def table(self) -> RowTable:
        return self.query_one(RowTable)

    def cells(self, row: int) -> Sequence[Text | str]:
        self.formatted.append(row)
        return [str(row), Text(f"name {row}", "green")]

    @on(RowTable.RowSelected)
    def select(self, message: RowTable.RowSelected) -> None:
        self.selected.append(message.table.cursor_row)

    @on(RowTable.RowHighlighted)
    def highlight(self, message: RowTable.RowHighlighted) -> None:
        self.highlighted.append(message.table.cursor_row)

    @on(RowTable.RowsDrawn)
    def count_drawing(self) -> None:
        self.drawn += 1


async def press(pilot: "Pilot[None]", *keys: str) -> None:
    await pilot.press(*keys)
    await drawn(pilot)


def lines(app: TableApp) -> list[str]:
    """What is drawn left of the scrollbar, with one space between two words."""
    return [" ".join(line[: SIZE[0] - 2].split()) for line in screen_text(app).splitlines()]


async def test_rows_that_are_not_visible_are_not_formatted() -> None:
    app = TableApp()
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        assert lines(app)[:2] == ["number name", "0 name 0"]
        assert set(app.formatted) == set(range(10))


async def test_a_row_is_formatted_anew_only_if_the_rows_were_replaced() -> None:
    app = TableApp()
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        app.formatted.clear()
        await press(pilot, "pagedown", "pageup", "pagedown", "pageup")
        assert max(app.formatted.count(row) for row in range(10)) <= 1  # as the row of the cursor
        app.formatted.clear()
        app.table.show_rows(100, app.cells)
        await drawn(pilot)
        assert sorted(app.formatted) == list(range(10))


async def test_rows_are_reported_as_drawn_once_for_each_replacement() -> None:
    app = TableApp()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "down", "pagedown")
        assert app.drawn == 1
        app.table.show_rows(50, app.cells)
        await press(pilot, "down")
        assert app.drawn == 2


async def test_keys_move_the_cursor_and_keep_it_in_view() -> None:
    app = TableApp()
    async with app.run_test(size=SIZE) as pilot:
        expected = [
            ("down", 1), ("down", 2), ("up", 1), ("pagedown", 11), ("pageup", 1), ("up", 0),
            ("up", 0), ("ctrl+end", 99), ("down", 99), ("pageup", 89), ("ctrl+home", 0),
        ]  # fmt: skip
        for key, row in expected:
            await press(pilot, key)
            assert app.table.cursor_row == row
            assert f"{row} name {row}" in lines(app)
            assert lines(app)[0] == "number name"
        rows = [row for _, row in expected]
        moves = [row for before, row in zip([0, *rows], rows, strict=False) if row != before]
        assert app.highlighted == moves


async def test_enter_selects_the_row_under_the_cursor() -> None:
    app = TableApp()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "down", "down", "enter")
        assert app.selected == [2]


async def test_a_table_without_rows_selects_nothing() -> None:
    app = TableApp(count=0)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "down", "enter", "pagedown", "ctrl+end")
        assert (app.selected, app.table.cursor_row) == ([], 0)


async def test_a_click_moves_the_cursor_and_another_one_selects() -> None:
    app = TableApp()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "pagedown")
        [row] = [index for index, text in enumerate(lines(app)) if text == "13 name 13"]
        await pilot.click(RowTable, offset=(3, row))
        assert (app.table.cursor_row, app.selected) == (13, [])
        await pilot.click(RowTable, offset=(3, row))
        assert app.selected == [13]
        await pilot.click(RowTable, offset=(3, 0))  # the header
        assert (app.table.cursor_row, app.selected) == (13, [13])


async def test_the_row_under_the_mouse_is_marked_until_a_key_is_pressed() -> None:
    app = TableApp()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.hover(RowTable, offset=(3, 4))
        await drawn(pilot)
        assert app.table.hover_row == 3
        hovered, other = (next(iter(app.table.render_line(y))).style for y in (4, 6))
        assert hovered is not None
        assert other is not None
        assert hovered.bgcolor != other.bgcolor
        await press(pilot, "down")
        assert app.table.hover_row is None


async def test_fewer_rows_leave_the_cursor_on_the_last_one() -> None:
    app = TableApp()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "ctrl+end")
        app.table.show_rows(3, app.cells)
        await drawn(pilot)
        assert app.table.cursor_row == 2
        assert lines(app)[1:5] == ["0 name 0", "1 name 1", "2 name 2", ""]


async def test_long_cells_are_cut_and_control_characters_are_escaped() -> None:
    app = TableApp()
    async with app.run_test(size=SIZE) as pilot:
        cells: Sequence[Text | str] = ["a\x1b[31m", Text("wide 漢字漢字漢字", "red")]
        app.table.show_rows(1, lambda _: cells)
        await drawn(pilot)
        text = app.table.render_line(1).text
        assert "\x1b" not in text
        assert text.startswith(" a\\x1b[31 ")
        assert " wide 漢字 " in text
        assert "漢字漢字" not in text


async def test_a_narrow_table_scrolls_sideways() -> None:
    app = TableApp()
    async with app.run_test(size=(16, 11)) as pilot:
        await press(pilot, "end")
        assert app.table.render_line(1).text.split() == ["name", "0"]
        await press(pilot, "home")
        assert app.table.render_line(1).text.split() == ["0", "name"]
