"""XEP-0059: results in pages."""

from __future__ import annotations

from tui_xmpp.xmpp.payload import attribute, child, payload, text

RSM = "http://jabber.org/protocol/rsm"


@payload(RSM, "first")
class First:
    id: str = text(default="")
    index: int | None = attribute(default=None)


@payload(RSM, "before")
class Before:
    """The page before this entry; without one the last page."""

    id: str = text(default="")


@payload(RSM, "set")
class Page:
    """What page is asked for (``max``, ``after`` or ``before``), or which it was (``first``, ``last``, ``count``)."""

    max: int | None = child(default=None)
    after: str | None = child(default=None)
    before: Before | None = child(default=None)
    first: First | None = child(default=None)
    last: str | None = child(default=None)
    count: int | None = child(default=None)
