"""XEP-0334: what a sender asks servers and clients to do, or not to do, with a message."""

from __future__ import annotations

from tui_xmpp.features.feature import Feature
from tui_xmpp.xmpp.payload import payload

HINTS = "urn:xmpp:hints"


@payload(HINTS, "store")
class Store:
    """Worth keeping though it has no body."""


@payload(HINTS, "no-store")
class NoStore:
    """Not to be kept anywhere but with the one who reads it."""


FEATURE = Feature(spec="XEP-0334", title="Message Processing Hints", version="1.0.0", disco=(HINTS,))
