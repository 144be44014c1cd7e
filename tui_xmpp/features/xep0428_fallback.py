"""XEP-0428: which part of a body stands there only for clients that do not know a specification."""

from __future__ import annotations

from tui_xmpp.features.feature import Feature
from tui_xmpp.xmpp.payload import attribute, children, payload

FALLBACK = "urn:xmpp:fallback:0"


@payload(FALLBACK, "body")
class Part:
    """The characters ``[start, end)`` of the body; all of it where neither is given."""

    start: int | None = attribute(default=None)
    end: int | None = attribute(default=None)


@payload(FALLBACK, "fallback")
class Fallback:
    for_: str | None = attribute(default=None)
    parts: tuple[Part, ...] = children(default=())


FEATURE = Feature(spec="XEP-0428", title="Fallback Indication", version="0.2.1", disco=(FALLBACK,))
