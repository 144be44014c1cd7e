"""Ways to go on from the word before the cursor: names, addresses, emoji."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from tui_xmpp.core.text import sanitize_line
from tui_xmpp.core.views import ContactView
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.widgets.completion_list import Completion

MOST = 8
_WORD = re.compile(r"\S+\Z")
_EMOJI = re.compile(r":([a-z+\-][a-z0-9_+\-]+):?\Z", re.I)


def complete(desk: Desk, text: str, cursor: int) -> Sequence[Completion]:
    """Return the ways to go on from the word before the cursor; none where it begins nothing that is known.

    ``@dar`` becomes a name, ``darcy@pem`` an address, ``:sun`` an emoji.
    """
    before = text[:cursor]
    found = _WORD.search(before)
    word = found[0] if found else ""
    head = before[: len(before) - len(word)]
    if word.startswith("@"):
        offers: Iterable[Completion] = _names(desk, head, word[1:].casefold())
    elif "@" in word:
        offers = _addresses(desk, head, word.casefold())
    elif desk.client.settings.ui.has_emoji_shortcodes and (code := _EMOJI.search(word)):
        offers = _emoji(before[: len(before) - len(code[0])], code[1].casefold())
    else:
        return ()
    return [offer for _, offer in zip(range(MOST), offers, strict=False)]


def _people(desk: Desk) -> Iterator[ContactView]:
    """Yield contacts, who the open chat is with first."""
    chat = desk.chat
    here = desk.views.contact(*chat) if chat else None
    if here is not None:
        yield here
    account = chat[0] if chat else desk.account
    for contact in desk.views.contacts(account) if account else ():
        if here is None or contact.peer != here.peer:
            yield contact


def _names(desk: Desk, head: str, start: str) -> Iterator[Completion]:
    seen: set[str] = set()
    own = desk.account.local if desk.account else None
    names = [(contact.title, str(contact.peer)) for contact in _people(desk)]
    for name, words in [*names, *([(own, "you")] if own else [])]:
        shown = sanitize_line(name, 60)
        parts = (shown, *shown.split())
        if shown not in seen and any(part.casefold().startswith(start) for part in parts):
            seen.add(shown)
            yield Completion(f"{head}{shown}{' ' if head else ': '}", shown, sanitize_line(words, 80))


def _addresses(desk: Desk, head: str, start: str) -> Iterator[Completion]:
    for contact in _people(desk):
        address = str(contact.peer)
        if address.startswith(start) and address != start:
            yield Completion(f"{head}{address} ", address, sanitize_line(contact.name, 80))


def _emoji(head: str, start: str) -> Iterator[Completion]:
    for picture, name in find_emoji(start):
        yield Completion(f"{head}{picture} ", f"{picture} :{name}:")


def find_emoji(start: str) -> Iterator[tuple[str, str]]:
    """Yield each emoji that has such a name or a name that begins so, with that name; the shortest first."""
    exact = [pair for pair in _emoji_names() if pair[0] == start]
    begins = [pair for pair in _emoji_names() if pair[0].startswith(start) and pair[0] != start]
    holds = [pair for pair in _emoji_names() if f"_{start}" in pair[0]]
    seen: set[str] = set()
    for name, picture in (*exact, *sorted(begins, key=lambda pair: len(pair[0])), *holds):
        if picture not in seen:
            seen.add(picture)
            yield picture, name


@lru_cache(maxsize=1)
def _emoji_names() -> tuple[tuple[str, str], ...]:
    """Return each name of each emoji, read when one is first looked for: the table is large."""
    from emoji import EMOJI_DATA

    names: list[tuple[str, str]] = []
    for picture, facts in EMOJI_DATA.items():
        if facts["status"] == 2 and "skin_tone" not in facts["en"]:  # fully qualified, in its plain colour
            codes = (facts["en"], *facts.get("alias", ()))
            names += [(code.strip(":").casefold().replace("’", ""), picture) for code in codes]
    return tuple(names)
