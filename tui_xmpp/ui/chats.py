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
        desk.take_for_read(account, peer)
    desk.marks.archive(account, peer, is_archived=is_archived)
    _tell(desk, (account, peer), "is archived" if is_archived else "is no longer archived")


def put_off(desk: Desk, text: str) -> None:
    """Mark a chat to come back to, or as done with."""
    account, peer = desk.find_contact(text)
    is_for_later = not desk.marks.of(account, peer).is_for_later
    desk.marks.put_off(account, peer, is_for_later=is_for_later)
    _tell(desk, (account, peer), "is marked for later" if is_for_later else "is no longer marked for later")


def mark_read(desk: Desk, text: str) -> None:
    """Take all of a chat for read without opening it."""
    desk.take_for_read(*desk.find_contact(text))


def tell_reading(desk: Desk, text: str) -> None:
    """Let someone know what was read of theirs, or no longer."""
    account, peer = desk.find_contact(text)
    is_told = not desk.marks.of(account, peer).is_reading_told
    if is_told and not desk.client.settings.privacy.sends_markers:
        raise VerbError("Nobody is told what you have read: /set send_markers on changes that for all.")
    desk.marks.tell_reading(account, peer, is_told=is_told)
    _tell(desk, (account, peer), "is told what you have read" if is_told else "is no longer told what you have read")


def _tell(desk: Desk, chat: Chat, words: str) -> None:
    desk.main.follow_marks()
    desk.say(f"{desk.title(*chat)} {words}.")


# -- from one to another ------------------------------------------------------------------------------------------


def open_chat(desk: Desk, text: str) -> None:
    """Open a conversation and write."""
    desk.main.open_chat(*desk.find_contact(text))


def close(desk: Desk, text: str) -> None:
    """Close the open conversation; its messages stay."""
    desk.main.close_chat()


def next_unread(desk: Desk, text: str) -> None:
    """Open the unread chat that matters most; the open one, where it is the only one, at its unread line."""
    unread = list(desk.unread.contacts())
    others = [contact for contact in unread if (contact.account, contact.peer) != desk.chat]
    if others:
        chosen = max(others, key=desk.unread.importance)
        # It is opened for what is new, not for where it was left.
        desk.main.memory.places.leave(chosen.account, chosen.peer, None)
        desk.main.open_chat(chosen.account, chosen.peer)
    elif unread:
        unread_line(desk, "")
    else:
        raise VerbError("Nothing unread.")


def last_chat(desk: Desk, text: str) -> None:
    """Go back to the chat before this one."""
    chat = next((chat for chat in desk.trail.visits() if chat != desk.chat), None)
    if chat is None:
        raise VerbError("You were in no other chat yet.")
    desk.main.open_chat(*chat)


def unread_line(desk: Desk, text: str) -> None:
    """Show the first message that was unread when the chat was opened."""
    chat = desk.chat
    view = desk.views.conversation(*chat) if chat is not None else None
    if chat is None or view is None:
        raise VerbError("Open a chat first.")
    if desk.main.conversation.log_lines.go_to_unread():
        return
    if view.first_unread is None:
        raise VerbError("Nothing was unread here.")
    desk.submit(c.JumpTo(*chat, view.first_unread))


def open_numbered(number: int, desk: Desk, text: str) -> None:
    """Open the chat with a number."""
    chats = desk.trail.numbered()
    if number > len(chats):
        raise VerbError(f"No chat has the number {number}: chats get one when they are opened or pinned.")
    desk.main.open_chat(*chats[number - 1])


def split(desk: Desk, text: str) -> None:
    """Open a chat beside the others: the one named, the one under the roster's cursor, or the last one not open."""
    main = desk.main
    if text:
        main.open_beside(desk.find_contact(text))
        return
    subject = desk.subject
    if subject is not None and main.splits.showing((subject.account, subject.peer)) is None:
        main.open_beside((subject.account, subject.peer))
        return
    main.open_beside(next((chat for chat in desk.trail.visits() if main.splits.showing(chat) is None), None))


def next_split(desk: Desk, text: str) -> None:
    """Go to the next of the open conversations."""
    if not has_splits(desk):
        raise VerbError(f"There is only one conversation here: {desk.keymap.words('split')} opens another beside it.")
    desk.main.focus_split(desk.main.splits.following())


def close_split(desk: Desk, text: str) -> None:
    """Take the pane one writes in away."""
    desk.main.close_split()


def has_splits(desk: Desk) -> bool:
    """Say whether conversations are open beside each other."""
    return len(desk.main.splits.panes) > 1


def inbox(desk: Desk, text: str) -> None:
    """Show all chats by activity."""
    from tui_xmpp.ui.screens.inbox import InboxScreen

    desk.app.push_screen(InboxScreen(desk))
