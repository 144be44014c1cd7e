"""XEP-0461: which message another one answers. The quotation that begins its body says it to all other clients."""

from __future__ import annotations

from collections.abc import Iterable

from tui_xmpp.core.model import Reply
from tui_xmpp.features.feature import Feature
from tui_xmpp.features.xep0428_fallback import Fallback, Part
from tui_xmpp.jid import JID
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.payload import PayloadError, attribute, decode, payload, tag_of

REPLY = "urn:xmpp:reply:0"


@payload(REPLY, "reply")
class Answer:
    id: str = attribute()
    to: JID | None = attribute(default=None)


TAG, _FALLBACK = tag_of(Answer), tag_of(Fallback)


def payloads_of(reply: Reply) -> list[object]:
    """Return what a message carries to say what it answers, and how much of its body only repeats that."""
    said: list[object] = [Answer(reply.id, reply.to)]
    if reply.quoted:
        said.append(Fallback(REPLY, (Part(0, reply.quoted),)))
    return said


def reply_of(children: Iterable[Element], body: str) -> Reply | None:
    """Return what a message answers; a quotation is believed to be one only at the start of the body (X-461-01)."""
    found: Answer | None = None
    quoted = 0
    for element in children:
        try:
            if element.tag == TAG:
                found = decode(Answer, element)
            elif element.tag == _FALLBACK:
                fallback = decode(Fallback, element)
                if fallback.for_ == REPLY and len(fallback.parts) == 1 and fallback.parts[0].start == 0:
                    quoted = fallback.parts[0].end or 0
        except PayloadError:
            continue
    if found is None or not found.id:
        return None
    return Reply(found.id, found.to, quoted if 0 < quoted <= len(body) else 0)


FEATURE = Feature(spec="XEP-0461", title="Message Replies", version="0.2.1", disco=(REPLY,))
