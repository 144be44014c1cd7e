"""Short names for the facts tests are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tui_xmpp.core.model import Delivery, Direction, Message
from tui_xmpp.jid import BareJID

ELIZABETH = BareJID.parse("elizabeth@longbourn.lit")
DARCY = BareJID.parse("darcy@pemberley.lit")
JANE = BareJID.parse("jane@longbourn.lit")
NOON = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)


def incoming(key: str, *, minute: float = 0, body: str = "", peer: BareJID = DARCY) -> Message:
    """Make a message to Elizabeth."""
    return Message(
        key=key,
        account=ELIZABETH,
        peer=peer,
        direction=Direction.INCOMING,
        stamp=NOON + timedelta(minutes=minute),
        body=body or key,
        author=peer,
        stanza_id=key,
    )


def outgoing(key: str, *, minute: float = 0, body: str = "", delivery: Delivery = Delivery.QUEUED) -> Message:
    """Make a message from Elizabeth to Darcy."""
    return Message(
        key=key,
        account=ELIZABETH,
        peer=DARCY,
        direction=Direction.OUTGOING,
        stamp=NOON + timedelta(minutes=minute),
        body=body or key,
        author=ELIZABETH,
        stanza_id=key,
        delivery=delivery,
    )
