"""What all screens share that fill the terminal."""

import asyncio

from textual.events import Event
from textual.screen import Screen


class AppScreen(Screen[None]):
    """Screen that is opened without a long stall.

    Textual applies the styles of a new screen, lays it out and draws it in one turn of the event
    loop, and does all of this again when the width decides about the classes of the screen.
    """

    def __init__(self) -> None:
        super().__init__()
        width = self.app.size.width
        fitting = [name for least, name in self.app.HORIZONTAL_BREAKPOINTS or () if width >= least]
        self.set_class(bool(fitting), *fitting[-1:], update=False)

    async def on_event(self, event: Event) -> None:
        """See `Screen`; let other work be done between two events, such as a key."""
        await super().on_event(event)
        await asyncio.sleep(0)
