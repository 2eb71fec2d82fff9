"""Footer with the keys of a screen."""

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Footer


class KeyFooter(Footer):
    """Footer that is made again only if its keys changed.

    Textual asks for it whenever the focus moves, several times while a screen is opened. It then
    removes a widget for each key, and mounts as many.
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_asked = False
        self._keys: list[tuple[str, str, bool]] | None = None
        """Keys that are shown; ``None`` before there are any."""

    def compose(self) -> ComposeResult:
        """See `Footer`."""
        self._keys = self._list_keys() if self._is_asked else None
        yield from super().compose()

    def bindings_changed(self, screen: Screen[object]) -> None:
        """See `Footer`."""
        self._is_asked = True
        if self._keys is None or self._keys != self._list_keys():
            super().bindings_changed(screen)

    def _list_keys(self) -> list[tuple[str, str, bool]]:
        return [
            (binding.key, binding.description, enabled)
            for _, binding, enabled, _ in self.screen.active_bindings.values()
            if binding.show
        ]
