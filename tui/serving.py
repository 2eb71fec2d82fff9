"""Serve the app to a browser on this machine only.

Every process that can open the socket can send keys to the app, so each request needs three things:
a random token in the path, which is printed once and changes with every start; a ``Host`` header
that names this machine, against DNS rebinding; and, for the socket, the page's own origin. The page
loads nothing from other hosts and works offline.
"""

import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import aiohttp_jinja2
import jinja2
from aiohttp import web
from textual_serve.server import Server

from harness.errors import ExternalError

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
"""Names by which this machine reaches itself."""

_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self';"
    " img-src 'self' data: blob:; connect-src 'self' ws://{host}; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)

_SMALLEST, _LARGEST, _USUAL = 4, 72, 16
"""Range of the font size in pixels, for ``?fontsize=`` in the address."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class AppServer(Server):
    """Server of one app; each opened page runs its own instance.

    Args:
        command: Shell command that starts the app.
        port: Port to listen on, on this machine only.
    """

    def __init__(self, command: str, port: int):
        super().__init__(command, host="localhost", port=port, title="rheostat")
        self._token = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """The address to open, with its secret token."""
        return f"{self.public_url}/{self._token}/"

    def run(self) -> None:
        """Serve until the process receives a signal to end.

        Raises:
            ExternalError: The port cannot be used.
        """
        try:
            web.run_app(
                self._make_app(), host=self.host, port=self.port, print=None, access_log=None
            )
        except OSError as problem:
            raise ExternalError(
                f"port {self.port} of {self.host} cannot be used: {problem.strerror or problem}",
                hint="choose another port with --port",
            ) from problem

    async def _make_app(self) -> web.Application:
        logging.getLogger("textual-serve").addHandler(logging.NullHandler())

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            refusal = self._refusal(request)
            if refusal is not None:
                raise web.HTTPForbidden(text=f"{refusal}\n", headers=_HEADERS)
            return await handler(request)

        app = web.Application(middlewares=[guard])
        aiohttp_jinja2.setup(app, loader=jinja2.FileSystemLoader(Path(__file__).parent / "web"))
        app.add_routes([
            web.get("/{token}/", self.handle_index, name="index"),
            web.get("/{token}/ws", self.handle_websocket, name="websocket"),
            web.get("/{token}/download/{key}", self.handle_download, name="download"),
            web.static(f"/{self._token}/static", self.statics_path, name="static"),
        ])  # fmt: skip
        return app

    def _refusal(self, request: web.Request) -> str | None:
        """Return why a request is refused; ``None`` if it is allowed."""
        if request.host not in _hosts(self.port):
            return "Open the app by a name of this machine, such as localhost."
        token = request.path.removeprefix("/").partition("/")[0]
        if not hmac.compare_digest(token.encode("utf-8", "surrogatepass"), self._token.encode()):
            return "Open the address that `rheostat tui --serve` printed: it has a token."
        origin = request.headers.get("Origin")
        # Browsers send it with every socket. A client without it is a program that has the token.
        if origin is not None and origin != f"http://{request.host}":
            return "Requests from other origins are refused."
        return None

    async def handle_index(self, request: web.Request) -> web.Response:
        """Serve the page."""
        size = request.query.get("fontsize", "")
        size_px = int(size) if size.isascii() and size.isdigit() and len(size) < 4 else _USUAL
        context = {
            "title": self.title,
            "font_size": min(max(size_px, _SMALLEST), _LARGEST),
            # The page's script appends `?width=`, so the token is in the path.
            "socket": f"ws://{request.host}/{self._token}/ws",
        }
        response = aiohttp_jinja2.render_template("index.html.j2", request, context)
        policy = _POLICY.format(host=request.host)
        response.headers.update({**_HEADERS, "Content-Security-Policy": policy})
        return response


def _hosts(port: int) -> Sequence[str]:
    return [f"{name}:{port}" for name in LOOPBACK] + (list(LOOPBACK) if port == 80 else [])
