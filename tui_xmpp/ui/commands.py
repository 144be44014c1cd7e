"""Slash commands: read what was typed, offer ways to go on, run the action behind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from tui_xmpp.core.settings import settings_of
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.ui import completion
from tui_xmpp.ui.actions import BY_SLASH, Action, Kind
from tui_xmpp.ui.chat_marks import Notify
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.preferences import ACCOUNTS
from tui_xmpp.ui.signs import WORDS
from tui_xmpp.ui.widgets.completion_list import Completion
from tui_xmpp.values import dataclass

MOST_COMPLETIONS = 8
_AS_TEXT = ("me",)
"""Commands that are text: they go to the peer as typed (XEP-0245)."""


class UnknownCommandError(TuiXmppError):
    """What follows the slash names no command; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What the composer's text means: an ``action`` with ``text`` after its name, or plain ``text`` to send."""

    action: Action | None
    text: str


def read(text: str) -> Typed:
    """Tell a command from a message; raise ``UnknownCommandError`` for a command that is none.

    ``//`` at the start sends one slash, and ``/me`` is text. A command behind a space is a slip of the hand.
    """
    if not text.startswith("/"):
        slip = text.strip()
        if slip.startswith("/") and "\n" not in slip and slip[1:].partition(" ")[0].casefold() in BY_SLASH:
            raise UnknownCommandError("A command begins with its slash: take the space away; nothing was sent.")
        return Typed(None, text)
    if text.startswith("//"):
        return Typed(None, text[1:])
    word, _, rest = text[1:].partition(" ")
    if word in _AS_TEXT:
        return Typed(None, text)
    action = BY_SLASH.get(word.casefold())
    if action is None:
        raise UnknownCommandError(_unknown(word))
    return Typed(action, rest.strip())


def _unknown(word: str) -> str:
    from difflib import get_close_matches

    shown = sanitize_line(word, 30)
    near = get_close_matches(word.casefold(), BY_SLASH, n=1)
    hint = f"Did you mean /{near[0]}?" if near else "/help lists the commands."
    return f"There is no command /{shown}; nothing was sent. {hint} Begin with // to send a slash."


def complete(desk: Desk, text: str, cursor: int) -> Sequence[Completion]:
    """Return the ways to go on from the text before the cursor: of a command, or of a word in a message."""
    before = text[:cursor]
    if not before.startswith("/") or before.startswith(("//", "/me ")) or "\n" in text:
        return completion.complete(desk, text, cursor)
    word, space, rest = before[1:].partition(" ")
    if not space:
        return tuple(_commands(word.casefold()))[: 3 * MOST_COMPLETIONS]
    action = BY_SLASH.get(word.casefold())
    if action is None:
        return ()
    return _arguments(desk, action, f"/{word} ", rest)


def _commands(start: str) -> Iterable[Completion]:
    for name in sorted(BY_SLASH):
        if name.startswith(start):
            action = BY_SLASH[name]
            arguments = " ".join(map(str, action.arguments))
            yield Completion(f"/{name}{' ' if action.arguments else ''}", f"/{name} {arguments}".rstrip(), action.help)


def _arguments(desk: Desk, action: Action, head: str, rest: str) -> Sequence[Completion]:
    if not action.arguments:
        return ()
    first = action.arguments[0]
    if first.kind is Kind.GROUP:
        *_, typed = rest.rpartition(",")
        kept = rest[: len(rest) - len(typed)]
        return _fitting(head + kept + (" " if kept else ""), _values(desk, first.kind), typed.strip())
    if first.kind is Kind.EMOJI:
        typed = rest.strip(": ").casefold().replace(" ", "_")
        found = completion.find_emoji(typed) if typed else ()
        return [Completion(head + picture, f"{picture} :{name}:") for picture, name in islice(found, MOST_COMPLETIONS)]
    if first.kind is Kind.QUERY:
        from tui_xmpp.ui.queries import offers

        return [Completion(head + each.becomes, each.shown, each.words) for each in offers(desk, rest)]
    word, space, further = rest.partition(" ")
    if not space or first.kind in (Kind.STATUS, Kind.DAY, Kind.LAYOUT):
        is_last = len(action.arguments) == 1
        return _fitting(head, _values(desk, first.kind), rest, "" if is_last else " ")
    if len(action.arguments) > 1:
        kind = action.arguments[1].kind
        values = _values_of(desk, word) if kind is Kind.VALUE else _values(desk, kind)
        return _fitting(f"{head}{word} ", values, further, " " if len(action.arguments) > 2 else "")
    return ()


def _fitting(head: str, values: Iterable[tuple[str, str]], typed: str, tail: str = "") -> Sequence[Completion]:
    wanted = typed.casefold()
    starts: list[Completion] = []
    inside: list[Completion] = []
    for value, words in values:
        found = Completion(head + value + tail, sanitize_line(value, 80), sanitize_line(words, 80))
        if value.casefold().startswith(wanted) or words.casefold().startswith(wanted):
            starts.append(found)
        elif wanted in value.casefold() or wanted in words.casefold():
            inside.append(found)
        if len(starts) >= MOST_COMPLETIONS:
            break
    if len(starts) + len(inside) == 1 and (starts or inside)[0].replacement.rstrip() == head + typed:
        return ()
    return (*starts, *inside)[:MOST_COMPLETIONS]


def _values_of(desk: Desk, name: str) -> Iterable[tuple[str, str]]:
    setting = desk.preferences.find(name)
    for value in desk.preferences.choices(setting) if setting is not None else ():
        yield value, ""


def _values(desk: Desk, kind: Kind) -> Iterable[tuple[str, str]]:
    """Yield what an argument may be, with words beside it."""
    if kind is Kind.CONTACT:
        for view in desk.views.accounts():
            for contact in desk.views.contacts(view.account):
                yield str(contact.peer), contact.name
    elif kind is Kind.REQUEST:
        for request in desk.views.requests():
            yield str(request.peer), request.nick
    elif kind is Kind.BLOCKED:
        for view in desk.views.accounts():
            for contact in desk.views.contacts(view.account):
                if contact.is_blocked:
                    yield str(contact.peer), contact.name
    elif kind is Kind.SHOW:
        from tui_xmpp.ui.presence import SHOW_NAMES

        for name, show in SHOW_NAMES.items():
            yield name, WORDS[show]
    elif kind is Kind.STATUS:
        for status in desk.recent_statuses():
            yield status, ""
    elif kind is Kind.DAY:
        from tui_xmpp.ui.history import DAYS

        for day in DAYS:
            yield day, ""
    elif kind is Kind.LAYOUT:
        from tui_xmpp.ui import layouts

        yield from layouts.offers(desk)
    elif kind is Kind.THEME:
        yield from _values_of(desk, "ui.theme")
    elif kind is Kind.SETTING:
        for setting in (*desk.preferences.all(), *settings_of(ACCOUNTS)):
            yield setting.name, setting.help
    elif kind is Kind.COMMAND:
        for name in sorted(BY_SLASH):
            yield name, BY_SLASH[name].title
    elif kind is Kind.NOTIFY:
        for rule in Notify:
            yield rule.value, ""
    elif kind is Kind.GROUP:
        account = desk.account
        for group in desk.groups(account) if account else ():
            yield group, ""
