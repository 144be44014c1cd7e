"""XEP-0444: emoji under a message. What they come to is the matter of :mod:`tui_xmpp.core.reactions`.

A reaction is a message of its own, with an id and without words; it names the message it is of and holds all emoji its
sender wants there. It waits, is sent and may fail like any other: :mod:`tui_xmpp.features.rfc6121_messages`. That it
comes from one of the two who speak follows from the conversation it is put to, and elsewhere it names nothing (S-11).
"""

from __future__ import annotations

from collections.abc import Iterable

from tui_xmpp.core.model import Reaction
from tui_xmpp.core.reactions import emojis_of
from tui_xmpp.features.feature import Feature
from tui_xmpp.features.xep0334_hints import Store
from tui_xmpp.features.xep0428_fallback import Fallback
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.payload import PayloadError, attribute, children, decode, payload, tag_of

REACTIONS = "urn:xmpp:reactions:0"


@payload(REACTIONS, "reactions")
class Reactions:
    id: str = attribute()
    emojis: tuple[str, ...] = children("reaction", default=())


TAG, _FALLBACK = tag_of(Reactions), tag_of(Fallback)


def payloads_of(reaction: Reaction) -> list[object]:
    """Return what a message carries to say what stands under another one."""
    return [Reactions(reaction.to, reaction.emojis), Store()]


def reaction_of(children: Iterable[Element], body: str) -> Reaction | None:
    """Return what a message puts under another one.

    None for one that says something besides: its words are more than a reaction that cannot be shown. Words that are
    declared to stand in for the reaction say nothing (XEP-0428 §3).
    """
    found: list[Reactions] = []
    rest = body
    for element in children:
        try:
            if element.tag == TAG:
                found.append(decode(Reactions, element))
            elif element.tag == _FALLBACK:
                fallback = decode(Fallback, element)
                if fallback.for_ == REACTIONS:
                    rest = _without(rest, fallback)
        except PayloadError:
            continue
    if len(found) != 1 or not found[0].id or rest.strip():
        return None
    return Reaction(found[0].id, emojis_of(found[0].emojis))


def _without(body: str, fallback: Fallback) -> str:
    if not fallback.parts:
        return ""
    characters = list(body)
    for part in fallback.parts:
        start, end = max(0, part.start or 0), len(body) if part.end is None else part.end
        characters[start:end] = " " * len(characters[start:end])
    return "".join(characters)


FEATURE = Feature(spec="XEP-0444", title="Message Reactions", version="0.2.1", disco=(REACTIONS,))
