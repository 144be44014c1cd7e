"""The client in a browser: one process for each page, behind a server that answers only who has its key."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import shlex
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tui_xmpp.errors import TuiXmppError

if TYPE_CHECKING:
    from aiohttp import web

COOKIE = "tui-xmpp"
_NAMES_OF_LOOPBACK = ("localhost", "127.0.0.1", "::1")

_POLICY = "default-src 'self' 'unsafe-inline' data: blob:; connect-src 'self' ws: wss:"
"""The page asks nobody but this server for anything: the fonts of textual-serve's are on other people's machines."""
_FOCUS = """<script>
new MutationObserver((changes, observer) => {
    const terminal = document.querySelector(".xterm-helper-textarea");
    if (terminal) { observer.disconnect(); terminal.focus(); }
}).observe(document, {childList: true, subtree: true});
</script>"""
"""Lets what is typed reach the client without a click."""

Handler = Callable[["web.Request"], Awaitable["web.StreamResponse"]]


class WebError(TuiXmppError):
    """The client cannot be served to a browser."""


def is_loopback(host: str) -> bool:
    """Say whether only programs of this machine can reach a listener at this address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def may_enter(key: str, hosts: Sequence[str], host: str, origin: str, given: str, kept: str) -> bool:
    """Say whether a request may be answered.

    ``hosts`` are the names this server goes by (empty: any), ``host`` and ``origin`` the request's headers, ``given``
    the key in its address, ``kept`` that in its cookie. A page of another site knows no key, and its name that it made
    point here (DNS rebinding) is none of ours.
    """
    named = urlsplit(f"//{host}").hostname or ""
    if hosts and named not in hosts:
        return False
    if origin and urlsplit(origin).netloc != host:
        return False
    return any(hmac.compare_digest(each.encode(), key.encode()) for each in (given, kept) if each)


def serve(host: str, port: int, arguments: Sequence[str]) -> None:
    """Serve the client, called with ``arguments``, until Ctrl+C; raise ``WebError`` where that cannot be done."""
    try:
        from aiohttp import web
        from textual_serve.server import Server
    except ImportError as error:
        raise WebError("--web needs the package textual-serve: pip install 'tui-xmpp[web]'.") from error

    key = secrets.token_urlsafe(24)
    hosts = _NAMES_OF_LOOPBACK if is_loopback(host) else ()

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.query.get("key", "")
        headers = request.headers
        kept = request.cookies.get(COOKIE, "")
        if not may_enter(key, hosts, headers.get("Host", ""), headers.get("Origin", ""), given, kept):
            raise web.HTTPForbidden(text="Open the address that tui-xmpp --web has printed, with its key.")
        if given:
            # The key leaves the address bar, and with it the history, for a cookie that no other site is sent.
            page = web.HTTPFound("/")
            page.set_cookie(COOKIE, key, httponly=True, samesite="Strict")
            return page
        response = await handler(request)
        if isinstance(response, web.Response) and response.content_type == "text/html" and response.text is not None:
            response.headers["Content-Security-Policy"] = _POLICY
            response.headers["Referrer-Policy"] = "no-referrer"
            response.text = response.text.replace("</head>", f"{_FOCUS}</head>", 1)
        return response

    class Guarded(Server):
        async def _make_app(self) -> web.Application:
            app = await super()._make_app()
            app.middlewares.append(guarded)
            return app

        async def on_startup(self, app: web.Application) -> None:
            """Print no banner."""

    if not is_loopback(host):
        print(
            f"tui-xmpp: anyone who can reach {host} and sees the address below on its way can read and write as you. "
            "It is not encrypted: put a server with TLS before it.",
            file=sys.stderr,
        )
    shown = f"[{host}]" if ":" in host else host
    command = shlex.join([sys.executable, "-m", "tui_xmpp", *arguments])
    try:
        server = Guarded(command, host, port, title="tui_xmpp", public_url=f"http://{shown}:{port}")
        # Not Server.serve(), which logs each page's address, and the key with it. What is printed, once it listens:
        address = f"Open {server.public_url}/?key={key}\nCtrl+C ends it."
        web.run_app(
            server._make_app(), host=host, port=port, access_log=None, print=lambda _: print(address, flush=True)
        )
    except OSError as error:
        raise WebError(f"Nothing can be served at {shown}:{port}: {error.strerror or error}.") from error
