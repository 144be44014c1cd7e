"""What the user types to find something said, taken apart.

Words must all occur, each as the beginning of a word; "words in quotes" occur together. ``from:`` and ``in:`` take an
address or a part of one (``from:me`` are one's own), ``before:`` and ``after:`` a day (``2026-11-21``, or a month, or a
year) of local time, ``has:link`` is all with a link.
"""

from __future__ import annotations

import re
from datetime import datetime

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.values import dataclass

_PART = re.compile(r'(?:(?P<key>from|in|before|after|has):)?(?:"(?P<quoted>[^"]*)"?|(?P<bare>[^\s"]+))', re.IGNORECASE)
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


class QueryError(TuiXmppError, ValueError):
    """A query that cannot be understood; the sentence says which part."""


@dataclass(frozen=True, slots=True)
class Query:
    """A search: what must be true of a message to be found. ``phrases`` are words, or several in a row."""

    phrases: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    before: datetime | None = None
    after: datetime | None = None
    has_link: bool = False

    @property
    def is_empty(self) -> bool:
        return self == Query()


def parse_query(text: str) -> Query:
    """Return what a query asks for; raise ``QueryError``. A day begins at local midnight."""
    phrases: list[str] = []
    senders: list[str] = []
    peers: list[str] = []
    before = after = None
    has_link = False
    for part in _PART.finditer(text):
        key = (part["key"] or "").lower()
        value = part["quoted"] if part["quoted"] is not None else part["bare"]
        if not value:
            continue
        match key:
            case "from":
                senders.append(value.lower())
            case "in":
                peers.append(value.lower())
            case "before":
                before = _day(value)
            case "after":
                after = _day(value)
            case "has":
                if value.lower() != "link":
                    raise QueryError(f"has:{value} is not known; has:link is.")
                has_link = True
            case _:
                phrases.append(value)
    return Query(tuple(phrases), tuple(senders), tuple(peers), before, after, has_link)


def _day(text: str) -> datetime:
    found = _DAY.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        return datetime(int(found[1]), int(found[2] or 1), int(found[3] or 1)).astimezone()
    except (ValueError, OverflowError):
        raise QueryError(f"{text} is not a day; write one as 2026-11-21.") from None
