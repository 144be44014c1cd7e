"""XEP-0297: a stanza inside another, with the moment it was said. Who may forward is for the specs that use it."""

from __future__ import annotations

from datetime import datetime

from tui_xmpp.features.xep0082_datetime import parse_datetime
from tui_xmpp.features.xep0203_delay import Delay
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.payload import child, payload, rest
from tui_xmpp.xmpp.stanza import MESSAGE_TAG, Message, decode_stanza

FORWARD = "urn:xmpp:forward:0"


@payload(FORWARD, "forwarded")
class Forwarded:
    delay: Delay | None = child(default=None)
    stanzas: tuple[Element, ...] = rest(default=())

    @property
    def stamp(self) -> datetime | None:
        """Return when the stanza was said, None where nobody tells."""
        return parse_datetime(self.delay.stamp) if self.delay is not None else None

    def message(self) -> Message | None:
        """Return the one message forwarded; None for anything else, or one whose addresses cannot be read."""
        if len(self.stanzas) != 1 or self.stanzas[0].tag != MESSAGE_TAG:
            return None
        message = decode_stanza(self.stanzas[0])
        return message if isinstance(message, Message) and message.flaw is None else None
