"""Ways to go on from a search as it is typed: what may stand before a colon, and what after it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tui_xmpp.core.days import WEEKDAYS
from tui_xmpp.core.search import KEYS
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.patterns import late
from tui_xmpp.ui.desk import Desk
from tui_xmpp.values import dataclass

MOST = 8
_LAST_PART = late(r'(?:^|(?<=\s))(?:([a-z]+):)?("[^"]*|[^\s"]*)$', re.IGNORECASE)
_WORDS = {
    "from": "who said it",
    "in": "in whose chat",
    "before": "before a day",
    "after": "since a day",
    "has": "a link",
}
_DAYS = ("today", "yesterday", '"last week"', '"last month"', '"last year"', *WEEKDAYS)


@dataclass(frozen=True, slots=True)
class Offer:
    """A way to go on: the text before the cursor ``becomes`` this; ``shown`` and ``words`` say so in short."""

    becomes: str
    shown: str
    words: str = ""


def offers(desk: Desk, before: str) -> Sequence[Offer]:
    """Return the ways to go on from the text before the cursor, best first; none where any word may follow."""
    found = _LAST_PART.search(before)
    if found is None:
        return ()
    head, key, typed = before[: found.start()], (found[1] or "").lower(), found[2]
    if not key:
        starts = [name for name in KEYS if name.startswith(typed.lower())]
        return [Offer(head + _whole(name), _whole(name).rstrip(), _WORDS[name]) for name in starts]
    values = list(_fitting(_values(desk, key), typed.strip('"')))
    if any(value == typed for value, _ in values):
        return ()
    return [Offer(f"{head}{key}:{value} ", value, words) for value, words in values[:MOST]]


def _whole(key: str) -> str:
    return "has:link " if key == "has" else f"{key}:"


def _fitting(values: Iterable[tuple[str, str]], typed: str) -> Iterable[tuple[str, str]]:
    wanted = typed.casefold()
    inside = [each for each in values if wanted in each[0].casefold() or wanted in each[1].casefold()]
    return sorted(inside, key=lambda each: not each[0].strip('"').casefold().startswith(wanted))


def _values(desk: Desk, key: str) -> Iterable[tuple[str, str]]:
    """Yield what may stand after a key, with words beside it; those last talked to first."""
    if key == "from":
        yield "me", "you"
    if key in ("from", "in"):
        names = {
            contact.peer: contact.name
            for view in desk.views.accounts()
            for contact in desk.views.contacts(view.account)
        }
        recent = [peer for _, peer in desk.views.conversations()]
        for peer in dict.fromkeys([*recent, *names]):
            yield str(peer), sanitize_line(names.get(peer, ""), 40)
    elif key in ("before", "after"):
        for day in _DAYS:
            yield day, ""
    elif key == "has":
        yield "link", ""
