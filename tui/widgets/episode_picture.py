"""Widget that shows an episode: one row per branch, one cell per interval, coloured by answer."""

from string import ascii_lowercase

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.model.timeline import UNSEEN, BranchTimeline, EpisodeTimeline

GOLD = Style(color="black", bgcolor="green3")
OTHERS = tuple(
    Style(color="black", bgcolor=colour)
    for colour in ("red3", "orange3", "medium_purple", "steel_blue", "hot_pink3", "khaki3")
)
"""Colours of wrong answers in the order of their votes; further ones share the last."""

QUIET = Style(color="grey50")
LABEL = Style(color="grey62")
FINISHED = Style(bold=True)
PRUNED = Style(color="red", bold=True)

_LABEL = 5


def style_of(answer: int, gold: int | None) -> Style:
    """Return the style of an answer."""
    if answer == gold:
        return GOLD
    return OTHERS[min(_rank(answer, gold), len(OTHERS) - 1)]


def letter_of(answer: int, gold: int | None) -> str:
    """Return the letter of an answer without colour: ``✓`` is gold, then ``a``, ``b``…."""
    if answer == gold:
        return "✓"
    return ascii_lowercase[min(_rank(answer, gold), len(ascii_lowercase) - 1)]


def _rank(answer: int, gold: int | None) -> int:
    """Return the rank of a wrong answer among the wrong ones."""
    return answer - (gold is not None and gold < answer)


class EpisodePicture(ScrollView, can_focus=True):
    """Show an episode up to a moment."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._picture: EpisodeTimeline | None = None
        self._moment = 0

    def show(self, picture: EpisodeTimeline | None, moment: int) -> None:
        """Show an episode at a moment.

        Args:
            picture: Episode; ``None`` for none.
            moment: Moment from 0, before the first verb.
        """
        self._picture, self._moment = picture, moment
        if picture is not None:
            self.virtual_size = Size(_LABEL + picture.depth + 2, len(picture.rows))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Render one line of the view."""
        across, down = self.scroll_offset
        width = self.size.width
        if self._picture is None or down + y >= len(self._picture.rows):
            return Strip.blank(width, self.rich_style)
        row = self._picture.rows[down + y]
        strip = Strip(self._cells(row, self._picture.gold))
        return strip.crop_extend(across, across + width, self.rich_style)

    def _cells(self, row: BranchTimeline, gold: int | None) -> list[Segment]:
        now = self._moment
        label = Segment(f"{row.branch:>{_LABEL - 1}} ", LABEL)
        if row.opened > now:
            return [label, Segment("·", Style(dim=True))]
        cells = [label]
        for interval in row.intervals:
            if interval.since > now:
                break
            if interval.answer == UNSEEN or interval.revealed > now:
                cells.append(Segment("─", QUIET))
            else:
                letter = letter_of(interval.answer, gold)
                cells.append(Segment(letter, style_of(interval.answer, gold)))
        if row.pruned and row.pruned <= now:
            cells.append(Segment("✕", PRUNED))
        elif row.finished and row.finished <= now:
            cells.append(Segment("■", FINISHED))
        return cells
