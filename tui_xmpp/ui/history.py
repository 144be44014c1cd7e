"""What the user does with what was said: find it, go to it, load what is missing, take it away or delete it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tui_xmpp.core import commands as c
from tui_xmpp.core.model import Message
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.desk import Chat, Desk, VerbError

if TYPE_CHECKING:
    from tui_xmpp.ui.widgets.conversation_log import ConversationLog

DAYS = ("today", "yesterday", "monday", "last week", "last month", "beginning")
"""Words offered for a day to go to."""
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def search(desk: Desk, text: str) -> None:
    """Open the search, with a query or with the last one."""
    from tui_xmpp.ui.screens.search import SearchScreen

    desk.app.push_screen(SearchScreen(desk, desk.need_account(), f"{text} " if text else None))


def go_to(desk: Desk, account: BareJID, peer: BareJID, key: str) -> None:
    """Open a chat at a message and put the cursor on it."""
    desk.main.open_chat(account, peer)
    log = _log(desk, (account, peer))
    log.seek(key)
    if log.arrive() is None:
        _jump(desk, c.JumpTo(account, peer, key), key)


def jump_to_date(desk: Desk, text: str) -> None:
    """Show the open chat as it was on a day, or ask for the day."""
    account, peer = _need_chat(desk)
    if not text:
        from tui_xmpp.ui.screens.history import DateScreen

        desk.ask(DateScreen(desk), lambda day: jump_to_date(desk, day))
        return
    moment = moment_of(desk, text)
    if moment is None:
        raise VerbError(f"{sanitize_line(text, 40)} is not a day: try 2026-11-21, yesterday, monday or last week.")
    _jump(desk, c.JumpToDate(account, peer, moment), moment)


def moment_of(desk: Desk, text: str) -> datetime | None:
    """Return the moment meant by what was typed for a day, None where that is none."""
    from tui_xmpp.core.days import read_day

    if text.casefold().strip() == DAYS[-1]:
        return _BEGINNING
    return read_day(text, desk.clock.now())


def day_words(moment: datetime) -> str:
    """Return a day in full: ``Thursday 19 November 2026``."""
    local = moment.astimezone()
    return f"{local:%A} {local.day} {local:%B %Y}"


def _need_chat(desk: Desk) -> Chat:
    if desk.chat is None:
        raise VerbError("Open a chat first.")
    return desk.chat


def _log(desk: Desk, chat: Chat) -> ConversationLog:
    """Return where the messages of a chat are shown."""
    return (desk.main.splits.showing(chat) or desk.main.conversation).log_lines


def _jump(desk: Desk, command: c.JumpTo | c.JumpToDate, where: str | datetime) -> None:
    chat = (command.account, command.peer)

    def answered(failure: str | None) -> None:
        log = _log(desk, chat)
        if failure is not None:
            log.seek(None)
            desk.complain(failure)
        elif desk.chat == chat:
            log.seek(where)
            found = log.arrive()
            if found is not None and isinstance(where, datetime) and where != _BEGINNING:
                _say_what_is_there(desk, found, where)

    desk.submit(command, answered)


def _say_what_is_there(desk: Desk, found: Message, wanted: datetime) -> None:
    """Say why the message gone to is not of the day asked for."""
    at, day = found.stamp.astimezone(), wanted.astimezone()
    view = desk.views.conversation(found.account, found.peer)
    if found.stamp < wanted:
        desk.say(f"Nothing was said since; the last is of {day_words(at)}.")
    elif at.date() != day.date() and found is view.messages[0] and view.has_older:
        desk.say(f"The oldest stored here is of {day_words(at)}: scroll up to load what the server has.")
    elif at.date() != day.date():
        desk.say(f"Nothing was said on {day_words(day)}; what came next is of {day_words(at)}.")


# -- catching up --------------------------------------------------------------------------------------------------


def is_catching_up(desk: Desk) -> bool:
    """Say whether any account fetches what was missed."""
    return any(view.catch_up.is_running for view in desk.views.accounts())


def stop_catch_up(desk: Desk, text: str) -> None:
    """Leave what was missed at the server."""
    running = [view.account for view in desk.views.accounts() if view.catch_up.is_running]
    if not running:
        raise VerbError("Nothing is being fetched just now.")
    for account in running:
        desk.submit_and_say(
            c.StopCatchUp(account), "What is still missing stays at the server; chats show where, and load it there."
        )


def has_gap(desk: Desk) -> bool:
    """Say whether something may be missing in what the open chat shows."""
    return desk.chat is not None and bool(desk.views.conversation(*desk.chat).gaps)


def fill_gap(desk: Desk, text: str) -> None:
    """Load what is missing in the open chat, the newest first."""
    if not has_gap(desk):
        raise VerbError("Nothing is missing here, as far as this program knows.")
    desk.main.conversation.log_lines.fill_gap()


# -- out of the program -------------------------------------------------------------------------------------------


def export(desk: Desk, text: str) -> None:
    """Write a chat into a file, or ask for the file."""
    account, peer = desk.chat or desk.find_contact("")
    if not text:
        from tui_xmpp.ui.screens.history import ExportScreen

        desk.app.push_screen(ExportScreen(desk, account, peer))
        return
    path = Path(text).expanduser().absolute()
    export_to(desk, account, peer, path)


def export_to(desk: Desk, account: BareJID, peer: BareJID, path: Path) -> None:
    """Write a chat into a file and say what came of it."""

    def answered(failure: str | None) -> None:
        if failure is not None:
            desk.complain(failure)
            return
        told = (entry.text for entry in reversed(desk.views.log()) if str(path) in entry.text)
        desk.say(next(told, f"Written to {path}."))

    desk.submit(c.ExportConversation(account, peer, path), answered)


def export_path(desk: Desk, peer: BareJID, suffix: str) -> Path:
    """Return where a chat is written unless the user says otherwise: a name that is free, among their documents."""
    home = Path.home()
    folder = next((each for each in (home / "Documents", home) if each.is_dir()), home)
    name = f"{peer} {desk.clock.now().astimezone():%Y-%m-%d}".replace("/", "_")
    path = folder / f"{name}{suffix}"
    number = 2
    while path.exists():
        path = folder / f"{name} {number}{suffix}"
        number += 1
    return path


def purge(desk: Desk, text: str) -> None:
    """Delete what is stored here of a chat, after a question."""
    from tui_xmpp.ui.screens.confirm import ConfirmScreen

    account, peer = desk.find_contact(text) if text else desk.chat or desk.find_contact("")
    name = desk.title(account, peer)
    desk.ask(
        ConfirmScreen(
            f"Delete the chat with {name} here?",
            f"All messages with {peer} that are stored on this device are deleted, and this cannot be undone; "
            "/export writes a copy first.\n\nWhat the server keeps in its archive stays there, but is not fetched "
            f"here again; other devices and {name} keep what they have.",
            yes="Delete",
        ),
        lambda yes: (
            desk.submit_and_say(
                c.PurgeConversation(account, peer), f"What was stored here of the chat with {name} is deleted."
            )
            if yes
            else None
        ),
    )
