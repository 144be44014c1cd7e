"""XEP-0359: an id of our own on each message, which survives servers that change the stanza's."""

from __future__ import annotations

from tui_xmpp.features.feature import Context, Feature, MessageDecorator
from tui_xmpp.xmpp.payload import attribute, payload
from tui_xmpp.xmpp.stanza import Message

STANZA_IDS = "urn:xmpp:sid:0"


@payload(STANZA_IDS, "origin-id")
class OriginId:
    id: str = attribute()


def decorate(ctx: Context, message: Message) -> Message:
    return message.with_payloads(OriginId(message.id)) if message.id else message


FEATURE = Feature(
    spec="XEP-0359",
    title="Unique and Stable Stanza IDs",
    version="0.7.0",
    disco=(STANZA_IDS,),
    outbound=(MessageDecorator(decorate),),
)
