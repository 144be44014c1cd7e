"""The verbs about one message: the one the message cursor stands on."""

from __future__ import annotations

from collections.abc import Callable

from tui_xmpp.core import commands as c
from tui_xmpp.core.links import is_sound
from tui_xmpp.core.model import Delivery, Message, MessageKind, Reply
from tui_xmpp.core.text import BODY_LIMIT, find_links, sanitize_body
from tui_xmpp.jid import BareJID
from tui_xmpp.ui import blocks
from tui_xmpp.ui.desk import Desk, VerbError

QUOTED_LINES = 12
"""Most lines of a message that a reply repeats."""


def chosen(desk: Desk) -> Message:
    """Return the message under the cursor; raise ``VerbError`` where there is none."""
    message = desk.message
    if message is None:
        raise VerbError("Choose a message first: ↑ on an empty line goes among them.")
    return message


def text_of(message: Message) -> str:
    """Return all of a message's text that may be shown."""
    return sanitize_body(message.body, 64 * BODY_LIMIT)


def links_of(message: Message) -> list[str]:
    """Return the links in a message and of its files, each once."""
    written = [link.url for link in find_links(sanitize_body(message.body))]
    return list(dict.fromkeys([*written, *(url for url, _ in message.files if is_sound(url))]))


# -- when a verb applies ------------------------------------------------------------------------------------------


def is_chosen(desk: Desk) -> bool:
    return desk.message is not None


def has_failed(desk: Desk) -> bool:
    return desk.message is not None and blocks.has_failed(desk.message)


def is_unsent(desk: Desk) -> bool:
    """Say whether the message, or what was made of it last, did not go out and may be taken back."""
    return desk.message is not None and _unsent(desk.message) is not None


def _unsent(message: Message) -> str | None:
    """Return the key of the message, or else of its correction, that did not go out."""
    if message.delivery in (Delivery.FAILED, Delivery.QUEUED):
        return message.key
    last = message.versions[-1] if message.versions else None
    return last.id if last is not None and last.delivery in (Delivery.FAILED, Delivery.QUEUED) else None


def can_be_edited(desk: Desk) -> bool:
    return is_unsent(desk) or (
        desk.message is not None and desk.message.is_outgoing and desk.message.kind is MessageKind.CHAT
    )


def is_theirs(desk: Desk) -> bool:
    return desk.message is not None and not desk.message.is_outgoing


def has_link(desk: Desk) -> bool:
    return desk.message is not None and bool(links_of(desk.message))


def is_long(desk: Desk) -> bool:
    return desk.main.conversation.log_lines.is_chosen_long


# -- the verbs ----------------------------------------------------------------------------------------------------


def reply(desk: Desk, text: str) -> None:
    """Quote the message above what is written."""
    message = chosen(desk)
    desk.main.conversation.composer.quote(message.key, quote(text_of(message)))
    desk.main.conversation.focus_composer()


def answer(desk: Desk, account: BareJID, peer: BareJID, key: str, text: str, quoted: int) -> None:
    """Send a text that begins with a quotation, naming the message that is quoted (XEP-0461)."""
    message = _find(desk, account, peer, key)
    id_ = None if message is None else message.stanza_id or message.origin_id
    reply = None if message is None or id_ is None else Reply(id_, message.author or message.peer, quoted)
    desk.submit(c.SendMessage(account, peer, text, reply=reply))


def _find(desk: Desk, account: BareJID, peer: BareJID, key: str) -> Message | None:
    messages = desk.views.conversation(account, peer).messages
    return next((message for message in messages if message.key == key), None)


def quote(text: str) -> str:
    """Return a text as the quotation before a reply (XEP-0393 §6.1.3), without what it only quotes itself."""
    lines = text.strip("\n").split("\n")
    own = [line for line in lines if not line.startswith(">")] or lines
    while own and not own[0].strip():
        del own[0]
    shown = own[:QUOTED_LINES]
    if len(own) > QUOTED_LINES:
        shown.append("…")
    return "".join(f"> {line}\n" for line in shown)


def copy(desk: Desk, text: str) -> None:
    """Copy the selected text, or else the message under the cursor."""
    copied = desk.main.get_selected_text() or text_of(chosen(desk))
    desk.app.copy_to_clipboard(copied)
    desk.say("Copied")


def open_link(desk: Desk, text: str) -> None:
    _choose_link(desk, "Open which link?", desk.app.follow_link)


def copy_link(desk: Desk, text: str) -> None:
    def take(url: str) -> None:
        desk.app.copy_to_clipboard(url)
        desk.say(f"Copied {url[:100]}")

    _choose_link(desk, "Copy which link?", take)


def _choose_link(desk: Desk, question: str, take: Callable[[str], None]) -> None:
    links = links_of(chosen(desk))
    if not links:
        raise VerbError("There is no link in this message.")
    if len(links) == 1:
        take(links[0])
        return
    from tui_xmpp.ui.screens.message import LinkScreen

    desk.ask(LinkScreen(question, links), take)


def resend(desk: Desk, text: str) -> None:
    message = chosen(desk)
    desk.submit(c.ResendMessage(message.account, message.peer, _unsent(message) or message.key))


def edit(desk: Desk, text: str) -> None:
    """Write the message anew where one writes; what it said before holds until that is sent."""
    message = chosen(desk)
    desk.main.conversation.composer.begin_edit(message.key, message.body)
    desk.main.conversation.focus_composer()


def send_edited(desk: Desk, account: BareJID, peer: BareJID, key: str, text: str) -> None:
    """Send the new text of a message: as a correction (XEP-0308), or in place of one that did not go out."""

    def answered(failure: str | None) -> None:
        if failure is not None:
            desk.complain(failure)
            composer = desk.main.conversation.composer
            if (composer.account, composer.peer) == (account, peer) and not composer.text:
                composer.begin_edit(key, text)

    message = _find(desk, account, peer, key)
    if message is not None and message.delivery in (Delivery.FAILED, Delivery.QUEUED):
        desk.submit(c.DiscardMessage(account, peer, key))
        desk.submit(c.SendMessage(account, peer, text))
    elif message is None or message.body != text or message.failed_correction is not None:
        desk.submit(c.CorrectMessage(account, peer, key, text), answered)


def discard(desk: Desk, text: str) -> None:
    """Give up what did not go out, once the user is sure."""
    from tui_xmpp.ui.screens.confirm import ConfirmScreen

    message = chosen(desk)
    key = _unsent(message) or message.key
    words = " ".join(text_of(message).split())
    shown = f"{words[:160]}…" if len(words) > 160 else words
    if key == message.key:
        question, told = "Discard this message?", f"“{shown}” did not go out, and its text is lost."
    else:
        question = "Discard this correction?"
        told = f"“{shown}” did not go out: the message reads again as they have it, and the new text is lost."
    desk.ask(
        ConfirmScreen(question, told, yes="Discard"),
        lambda yes: desk.submit(c.DiscardMessage(message.account, message.peer, key)) if yes else None,
    )


def fold(desk: Desk, text: str) -> None:
    """Open a long message, or fold it again."""
    desk.main.conversation.log_lines.toggle_fold()


def toggle_seconds(desk: Desk, text: str) -> None:
    """Add seconds to the times of messages, or leave them out."""
    desk.preferences.set_named("ui.seconds", not desk.client.settings.ui.shows_seconds)


def mark_unread(desk: Desk, text: str) -> None:
    """Let the conversation be unread from this message on, until it is opened again."""
    message = chosen(desk)
    desk.main.conversation.log_lines.keep_unread()
    desk.submit(c.MarkUnread(message.account, message.peer, message.key))


def details(desk: Desk, text: str) -> None:
    from tui_xmpp.ui.screens.details import MessageScreen

    desk.app.push_screen(MessageScreen(desk, chosen(desk)))


def source(desk: Desk, text: str) -> None:
    from tui_xmpp.ui.screens.message import SourceScreen

    desk.app.push_screen(SourceScreen(desk, chosen(desk)))


def menu(desk: Desk, text: str) -> None:
    """Show what can be done with the message, beside it."""
    chosen(desk)
    desk.main.open_message_menu()


def write(desk: Desk, text: str) -> None:
    desk.main.conversation.focus_composer()
