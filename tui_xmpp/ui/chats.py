"""The verbs about chats: to mark them, and to get from one to another."""

from __future__ import annotations

from tui_xmpp.core import commands as c
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.ui.chat_marks import Notify
from tui_xmpp.ui.desk import Chat, Desk, VerbError

_RULES = {
    Notify.ALWAYS: "calls you for every message",
    Notify.MENTION: "calls you only when you are named",
    Notify.NEVER: "is muted",
}


def pin(desk: Desk, text: str) -> None:
    """Keep a chat at the top, or no longer."""
    account, peer = desk.find_contact(text)
    is_pinned = not desk.marks.of(account, peer).is_pinned
    desk.marks.pin(account, peer, is_pinned=is_pinned)
    _tell(desk, (account, peer), "is pinned" if is_pinned else "is no longer pinned")


def mute(desk: Desk, text: str) -> None:
    """Set when the chat may call: without a word, never or always by turns."""
    account, peer = desk.find_contact("")
    if not text:
        rule = Notify.ALWAYS if desk.marks.of(account, peer).is_muted else Notify.NEVER
    else:
        try:
            rule = Notify(text.casefold())
        except ValueError:
            wrong = sanitize_line(text, 30)
            raise VerbError(f"{wrong} is no rule: use always, mention or never, or nothing to change sides.") from None
    desk.marks.notify(account, peer, rule)
    _tell(desk, (account, peer), _RULES[rule])


def archive(desk: Desk, text: str) -> None:
    """Put a chat out of sight until something comes in it, or take it back."""
    account, peer = desk.find_contact(text)
    is_archived = not desk.marks.of(account, peer).is_archived
    if is_archived and desk.views.conversation(account, peer).unread:
        desk.submit(c.MarkRead(account, peer))
    desk.marks.archive(account, peer, is_archived=is_archived)
    _tell(desk, (account, peer), "is archived" if is_archived else "is no longer archived")


def put_off(desk: Desk, text: str) -> None:
    """Mark a chat to come back to, or as done with."""
    account, peer = desk.find_contact(text)
    is_for_later = not desk.marks.of(account, peer).is_for_later
    desk.marks.put_off(account, peer, is_for_later=is_for_later)
    _tell(desk, (account, peer), "is marked for later" if is_for_later else "is no longer marked for later")


def _tell(desk: Desk, chat: Chat, words: str) -> None:
    desk.main.follow_marks()
    desk.say(f"{desk.title(*chat)} {words}.")
