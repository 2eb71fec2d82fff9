"""What all screens share that fill the terminal."""

import asyncio
from collections.abc import Callable

from textual.events import Event, ScreenResume
from textual.screen import Screen


class AppScreen(Screen[None]):
    """Screen that is opened without a long stall.

    Textual applies the styles of a new screen, lays it out and draws it in one turn of the event
    loop, and does all of this again when the width decides about the classes of the screen.
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_opened = False
        self._poll: Callable[[], object] | None = None
        width = self.app.size.width
        fitting = [name for least, name in self.app.HORIZONTAL_BREAKPOINTS or () if width >= least]
        self.set_class(bool(fitting), *fitting[-1:], update=False)

    def poll_every(self, seconds: float, poll: Callable[[], object]) -> None:
        """Call a function now, at an interval while the screen is visible, and when it is again.

        Args:
            seconds: Interval.
            poll: Function that starts to read what the screen shows.
        """
        self._poll = poll
        poll()
        self.set_interval(seconds, self._poll_if_visible)

    def _poll_if_visible(self) -> None:
        # Textual takes the screen below the top for visible, even if the top covers it.
        stack = self.app.screen_stack
        above = stack[stack.index(self) + 1 :] if self in stack else [self]
        if self._poll is not None and all(screen.is_modal for screen in above):
            self._poll()

    def on_screen_resume(self) -> None:
        """Read what changed while another screen was on top."""
        self._poll_if_visible()

    async def on_event(self, event: Event) -> None:
        """See `Screen`; let other work be done between two events, such as a key."""
        if isinstance(event, ScreenResume) and not self._is_opened:
            self._is_opened = True
            event.refresh_styles = False  # they were applied when the widgets were mounted
        await super().on_event(event)
        await asyncio.sleep(0)
