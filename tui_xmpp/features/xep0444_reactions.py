"""XEP-0444: emoji under a message. What they come to is the matter of :mod:`tui_xmpp.core.reactions`.

A reaction is a message of its own, with an id and without words; it names the message it is of and holds all emoji its
sender wants there. It waits, is sent and may fail like any other: :mod:`tui_xmpp.features.rfc6121_messages`. That it
comes from one of the two who speak follows from the conversation it is put to, and elsewhere it names nothing (S-11).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from tui_xmpp.core.commands import ReadReactionRules
from tui_xmpp.core.events import ReactionRulesRead
from tui_xmpp.core.model import Reaction, ReactionRules
from tui_xmpp.core.reactions import emojis_of
from tui_xmpp.features.feature import Context, Feature, NotConnectedError, RequestError, carries_out
from tui_xmpp.features.xep0115_caps import Known, capabilities
from tui_xmpp.features.xep0334_hints import Store
from tui_xmpp.features.xep0428_fallback import Fallback
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.payload import PayloadError, attribute, children, decode, payload, tag_of

REACTIONS = "urn:xmpp:reactions:0"
_ALLOWED = f"{REACTIONS}:restrictions allowlist "
_MOST = f"{REACTIONS}:restrictions max_reactions_per_user "
_MOST_ALLOWED = 200
"""Emoji that are read of an allowlist."""
_PATIENCE = 3.0
"""Seconds after which whoever reacts waits no longer for a device that does not say what it takes."""


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


def rules_of(devices: Iterable[Iterable[str]]) -> ReactionRules:
    """Return what all of these take, each told by its capabilities."""
    allowed: tuple[str, ...] | None = None
    most: int | None = None
    for told in devices:
        listed = [each.removeprefix(_ALLOWED) for each in sorted(told) if each.startswith(_ALLOWED)]
        numbers = [each.removeprefix(_MOST) for each in told if each.startswith(_MOST)]
        if listed:
            emojis = emojis_of(listed, _MOST_ALLOWED)
            allowed = emojis if allowed is None else tuple(each for each in allowed if each in emojis)
        for number in numbers:
            if number.isascii() and number.isdigit() and len(number) < 6:
                most = int(number) if most is None else min(most, int(number))
    return ReactionRules(allowed, most)


async def read_rules(ctx: Context, command: ReadReactionRules) -> None:
    """Read what the peer's devices take; one that does not say so in time takes everything until it refuses it."""
    devices = [device for device in ctx.state(Known).claims if device.bare == command.peer]
    told: list[frozenset[str]] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            for device in devices:
                with suppress(NotConnectedError, RequestError, PayloadError):
                    told.append(await capabilities(ctx, device))
    if told:
        ctx.emit(ReactionRulesRead(ctx.account, command.peer, rules_of(told)))


FEATURE = Feature(
    spec="XEP-0444",
    title="Message Reactions",
    version="0.2.1",
    disco=(REACTIONS,),
    commands=(carries_out(ReadReactionRules, read_rules, works_offline=True),),
)
