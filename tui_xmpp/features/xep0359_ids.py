"""XEP-0359: an id of our own on each message, which survives servers that change the stanza's; and the server's."""

from __future__ import annotations

from tui_xmpp.features.feature import Context, Feature, MessageDecorator, NoteRoute
from tui_xmpp.features.xep0115_caps import Asked
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.payload import attribute, payload, tag_of
from tui_xmpp.xmpp.stanza import Message, Presence

STANZA_IDS = "urn:xmpp:sid:0"
ARCHIVE = "urn:xmpp:mam:2"


@payload(STANZA_IDS, "origin-id")
class OriginId:
    id: str = attribute()


@payload(STANZA_IDS, "stanza-id")
class StanzaId:
    id: str = attribute()
    by: str = attribute()


_ORIGIN_ID, _STANZA_ID = tag_of(OriginId), tag_of(StanzaId)


@dataclass(frozen=True, slots=True)
class Ids:
    """The sender's own id of a message, and the one our account's archive gave it."""

    origin_id: str | None
    archive_id: str | None


def decorate(ctx: Context, message: Message) -> Message:
    return message.with_payloads(OriginId(message.id)) if message.id else message


def note(ctx: Context, stanza: Message | Presence) -> Ids | None:
    """Note the ids; the archive's only where the account says it sets them, and set one (X-359-01, S-05)."""
    origin = next((child.get("id") for child in stanza.children if child.tag == _ORIGIN_ID), None)
    offers = ctx.state(Asked).offers.account
    archive_id = None
    if STANZA_IDS in offers or ARCHIVE in offers:
        account = str(ctx.account)
        given = [child for child in stanza.children if child.tag == _STANZA_ID and child.get("by") == account]
        archive_id = given[0].get("id") if len(given) == 1 else None
    return Ids(origin or None, archive_id or None) if origin or archive_id else None


FEATURE = Feature(
    spec="XEP-0359",
    title="Unique and Stable Stanza IDs",
    version="0.7.0",
    disco=(STANZA_IDS,),
    inbound=(NoteRoute(_ORIGIN_ID, note), NoteRoute(_STANZA_ID, note)),
    outbound=(MessageDecorator(decorate),),
)
