"""Check where browser requests come from: refuse other origins and foreign host names.

A page of any site can send requests to this machine. Its origin is in the ``Origin`` header, and a
host name that was rebound to this address is in ``Host``. Programs send no ``Origin``.
"""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from harness.proxy.rejections import Rejection

ANY = "*"
METHODS = ("GET", "POST")


class OriginGuard:
    """Refuse requests of pages that are not allowed, before reading them.

    Args:
        app: The application for all other requests.
        origins: Allowed origins, as `normal_origin` returns them, or ``*``.
        hosts: Allowed host names, besides IP addresses and ``localhost``; ``*`` for any.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str], hosts: Collection[str]):
        self._app = app
        self._origins = frozenset(origins)
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(headers)
        if refusal is not None:
            response: Response = JSONResponse(refusal.document, refusal.status)
            await response(scope, receive, send)
        elif scope["method"] == "OPTIONS" and "access-control-request-method" not in headers:
            allow = ", ".join((*METHODS, "OPTIONS"))
            await Response(status_code=204, headers={"Allow": allow})(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> Rejection | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._is_own(host):
            return Rejection(
                403, f"{host[:200]!r} is not an allowed host name; start the proxy with"
                    " --allow-host, or with"
                " a key in RHEOSTAT_API_KEY", code="host_not_allowed",
            )  # fmt: skip
        if origin is None or ANY in self._origins or normal_origin(origin) in self._origins:
            return None
        return Rejection(
            403, f"pages of {origin[:200]!r} may not use this proxy; start it with --allow-origin",
            code="origin_not_allowed",
        )  # fmt: skip

    def _is_own(self, host: str) -> bool:
        """Return whether a host is this proxy's; an IP address cannot be rebound."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if not name or ANY in self._hosts or name in self._hosts:
            return True
        if name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def normal_origin(text: str) -> str | None:
    """Return an origin as browsers send it: lower case, without a default port.

    Args:
        text: ``https://HOST`` or ``https://HOST:PORT``.

    Returns:
        The origin, or ``None`` if the text is not one.
    """
    try:
        parts = urlsplit(text.strip().lower().rstrip("/"))
        port = parts.port
    except ValueError:
        return None
    if not parts.scheme or not parts.hostname or parts.path or parts.query or parts.fragment:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port_suffix = "" if port in (None, usual) else f":{port}"
    return f"{parts.scheme}://{host}{port_suffix}"
