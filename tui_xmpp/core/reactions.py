"""What the two sides of a conversation think of a message, in emoji (XEP-0444). A later set of one side replaces it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from tui_xmpp.core.model import Delivery, Direction, Message, Reactions
from tui_xmpp.core.order import said_id

MOST_EMOJIS = 16
"""Emoji kept of one side under one message."""
LONGEST = 40
"""Code points of the longest emoji there is, and some more."""

_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u23cf\u23e9-\u23f3\u23f8-\u23fa"
    "\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u2605\u2607-\u2612\u2614-\u2685\u2690-\u2705\u2708-\u2712\u2714"
    "\u2716\u271d\u2721\u2728\u2733\u2734\u2744\u2747\u274c\u274e\u2753-\u2755\u2757\u2763-\u2767\u2795-\u2797\u27a1"
    "\u27b0\u27bf\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299\U0001f004\U0001f0cf"
    "\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f18e\U0001f191-\U0001f19a\U0001f201\U0001f202\U0001f21a\U0001f22f"
    "\U0001f232-\U0001f23a\U0001f250\U0001f251\U0001f300-\U0001f3fa\U0001f400-\U0001f53d\U0001f546-\U0001f64f"
    "\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7f0\U0001f90c-\U0001f93a\U0001f93c-\U0001f945\U0001f947-\U0001faff]"
)
_WIDE_LETTERS = "〰〽㊗㊙🈂🈷"
_TONE, _STYLE, _JOINER = "[\U0001f3fb-\U0001f3ff]", "\ufe0f", "\u200d"
_ELEMENT = f"{_PICTURE}(?:{_STYLE}?{_TONE}|{_STYLE})?"
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}|\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f"
_EMOJI = f"(?:{_FLAG})|(?P<keycap>[#*0-9]){_STYLE}?\u20e3|(?P<pictures>{_ELEMENT}(?:{_JOINER}{_ELEMENT})*)"


def emoji_of(text: str) -> str | None:
    """Return a text that is one emoji (UTS 51 §1.4.9) as it is to be written, None for any other.

    A picture that many fonts draw as a letter gets the mark that it is meant as an emoji, so that equal ones are equal.
    """
    text = text.strip()
    found = re.fullmatch(_EMOJI, text) if 0 < len(text) <= LONGEST else None
    if found is None:
        return None
    if found["keycap"]:
        return f"{found['keycap']}{_STYLE}\u20e3"
    if found["pictures"]:
        return _JOINER.join(_qualified(part) for part in text.split(_JOINER))
    return text


def _qualified(part: str) -> str:
    picture, tone = part[0], part.replace(_STYLE, "")[1:]
    is_new = unicodedata.category(picture) == "Cn"  # to this Python; all that came of late are emoji and nothing else
    is_wide = unicodedata.east_asian_width(picture) == "W" and picture not in _WIDE_LETTERS
    return picture + (tone or ("" if is_wide or is_new else _STYLE))


def emojis_of(texts: Iterable[str], most: int = MOST_EMOJIS) -> tuple[str, ...]:
    """Return what of these texts is an emoji, each once and not too many (XEP-0444 §4)."""
    found: dict[str, None] = {}
    for text in texts:
        emoji = emoji_of(text)
        if emoji is not None:
            found[emoji] = None
            if len(found) == most:
                break
    return tuple(found)


def id_for_reactions(message: Message) -> str | None:
    """Return the id that a reaction to a message names: the sender's own, of its first text (XEP-0444 §4.2)."""
    return said_id(message)


def names_of(message: Message) -> frozenset[str]:
    """Return all ids by which others may name a message; who names a correction of it means the message."""
    names = {message.origin_id, message.stanza_id, *(version.id for version in message.versions)}
    if message.is_outgoing:
        names.add(message.key)
    return frozenset(name for name in names if name)


def reacted(message: Message, reactions: Iterable[Message]) -> Message:
    """Return a message with what these reactions, in their order, leave under it; the same where that is no news.

    One that was refused never was (XEP-0444 §3.3).
    """
    latest: dict[Direction, Reactions] = {}
    for each in reactions:
        if each.reaction is not None and each.delivery is not Delivery.FAILED:
            latest[each.direction] = Reactions(each.direction, each.reaction.emojis, each.stamp, each.delivery)
    now = tuple(latest[side] for side in Direction if side in latest and latest[side].emojis)
    return message if now == message.reactions else replace(message, reactions=now)


def added(message: Message, reaction: Message) -> Message:
    """Return a message with what one reaction says in place of what the same side had put there."""
    kept = [each for each in message.reactions if each.direction is not reaction.direction]
    now = (*kept, *reacted(replace(message, reactions=()), (reaction,)).reactions)
    return replace(message, reactions=tuple(sorted(now, key=lambda each: each.direction.value)))


def emojis_by(message: Message, side: Direction) -> tuple[str, ...]:
    """Return what one side has put under a message."""
    return next((each.emojis for each in message.reactions if each.direction is side), ())


def toggled(message: Message, emoji: str, most: int | None = None) -> tuple[str, ...]:
    """Return what is ours under a message once an emoji is added, or taken back where it is there.

    Where a message takes one emoji of each side the new one takes the place of the other (``most`` is 1).
    """
    own = emojis_by(message, Direction.OUTGOING)
    if emoji in own:
        return tuple(each for each in own if each != emoji)
    return (emoji,) if most == 1 else (*own, emoji)
