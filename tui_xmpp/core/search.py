"""What the user types to find something said, taken apart.

Words must all occur, each as the beginning of a word; "words in quotes" occur together. Scripts that put no spaces
between words are found by any of their characters that stand together. ``from:`` and ``in:`` take an
address or a part of one (``from:me`` are one's own), ``before:`` and ``after:`` a day of local time as
:mod:`tui_xmpp.core.days` reads it (``2026-11-21``, ``yesterday``, ``"last week"``), ``has:link`` is all with a link.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from tui_xmpp.core.days import read_day
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.patterns import late
from tui_xmpp.values import dataclass

_PART = late(r'(?:(?P<key>from|in|before|after|has):)?(?:"(?P<quoted>[^"]*)"?|(?P<bare>[^\s"]+))', re.IGNORECASE)
# Thai, Lao, Myanmar, Khmer; kana, Han, Hangul and their compatibility and supplementary forms.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_CHARACTER = late(f"[{_UNSPACED}]")
_WORD = late(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")

KEYS = ("from", "in", "before", "after", "has")
"""What may stand before a colon in a query."""


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


def parse_query(text: str, now: datetime | None = None) -> Query:
    """Return what a query asks for; raise ``QueryError``. A day begins at local midnight; ``now`` is the present."""
    now = now or datetime.now(UTC)
    phrases: list[str] = []
    senders: list[str] = []
    peers: list[str] = []
    before = after = None
    has_link = False
    for part in _PART.finditer(text.replace("\0", " ")):  # where a text ends for SQLite
        key = (part["key"] or "").lower()
        value = part["quoted"] if part["quoted"] is not None else part["bare"]
        if not value or (not key and value.endswith(":") and value[:-1].lower() in KEYS):
            continue
        match key:
            case "from":
                senders.append(value.lower())
            case "in":
                peers.append(value.lower())
            case "before":
                before = _day(value, now)
            case "after":
                after = _day(value, now)
            case "has":
                if value.lower() != "link":
                    raise QueryError(f"has:{value} is not known; has:link is.")
                has_link = True
            case _:
                phrases.append(value)
    return Query(tuple(phrases), tuple(senders), tuple(peers), before, after, has_link)


def _day(text: str, now: datetime) -> datetime:
    day = read_day(text, now)
    if day is None:
        raise QueryError(f'{text} is not a day; write one as 2026-11-21, yesterday, monday or "last week".')
    return day


# -- how words are told apart -------------------------------------------------------------------------------------


def spaced(text: str) -> str:
    """Return a text in which each character of a script without spaces stands as a word of its own."""
    return text if text.isascii() else _CHARACTER.sub(r" \g<0> ", text)


def may_go_on(phrase: str) -> bool:
    """Say whether a phrase may be the beginning of a word: a single one, of a script that has spaces."""
    return " " not in phrase and not _CHARACTER.match(phrase[-1:])


# -- what was found -----------------------------------------------------------------------------------------------


def highlights(text: str, phrases: Sequence[str]) -> list[tuple[int, int]]:
    """Return where (start, end) the phrases of a query stand in a text, as the index compares them, in order."""
    wanted = [([_folded(word) for word in _WORD.findall(phrase)], may_go_on(phrase)) for phrase in phrases]
    words = [(_folded(word[0]), word.start(), word.end()) for word in _WORD.finditer(text)]
    found: list[tuple[int, int]] = []
    for index, (_, start, _) in enumerate(words):
        for phrase, is_beginning in wanted:
            if not phrase:
                continue
            held = [other for other, _, _ in words[index : index + len(phrase)]]
            if held == phrase or (
                is_beginning and held[:-1] == phrase[:-1] and held and held[-1].startswith(phrase[-1])
            ):
                last = words[index + len(phrase) - 1]
                # Of the last word only what was typed, where its letters are as many as their plain forms.
                is_part = is_beginning and len(last[0]) == last[2] - last[1]
                found.append((start, last[1] + len(phrase[-1]) if is_part else last[2]))
    return _joined(found or [part.span() for phrase in phrases for part in _parts(phrase, text)])


def _parts(phrase: str, text: str) -> Iterator[re.Match[str]]:
    """Find a phrase within words, as it is looked for where no word begins so."""
    return re.finditer(re.escape(phrase), text, re.IGNORECASE) if _WORD.search(phrase) else iter(())


@lru_cache(maxsize=4096)
def _folded(word: str) -> str:
    """Return a word without case and marks."""
    parts = unicodedata.normalize("NFKD", word)
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold()


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
