"""What is known of one person (address, who sees whom, each of their devices), and of one message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button, Static

from tui_xmpp.core import commands as c
from tui_xmpp.core.changes import ContactChanged, ConversationChanged, RequestsChanged
from tui_xmpp.core.model import Delivery, Direction, Message, MessageKind
from tui_xmpp.core.text import BODY_LIMIT, sanitize_body, sanitize_line
from tui_xmpp.core.views import ContactView
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.screens.dialog import Dialog, button, buttons, two_columns, verbs, words
from tui_xmpp.ui.signs import DOUBT, SHAPES, WORDS, contact_doubt, counted, span_words, subscription_words
from tui_xmpp.worker.doorbell import Batch

_UNDERSTOOD = {
    "urn:xmpp:receipts": "receipts",
    "urn:xmpp:chat-markers:0": "read marks",
    "http://jabber.org/protocol/chatstates": "who is writing",
    "urn:xmpp:message-correct:0": "corrections",
    "urn:xmpp:reply:0": "replies",
    "urn:xmpp:reactions:0": "reactions",
    "jabber:x:oob": "files",
}
"""What a device may be able to do that matters in a chat, by how it says so."""


class DetailsScreen(Dialog[None]):
    """Show a person's details; each device is asked once for its client and clock."""

    def __init__(self, desk: Desk, account: BareJID, peer: BareJID) -> None:
        super().__init__()
        self._desk = desk
        self._account = account
        self._peer = peer
        self._asked: set[str] = set()
        self.title_words = desk.title(account, peer)

    def content(self) -> ComposeResult:
        yield words("", "words facts")
        contact = self._desk.views.contact(self._account, self._peer)
        is_known = contact is not None and contact.is_in_roster
        edit = button("Rename…", "edit") if is_known else button("Add…", "add")
        yield verbs(edit, button("Sharing…", "sharing"), button("Chat", "chat", "main"), button("Close", "cancel"))

    def on_mount(self) -> None:
        self._fill()
        self.query_one("#cancel", Button).focus()

    def follow(self, batch: Batch) -> None:
        """Show what is known now."""
        if any(
            (isinstance(change, ContactChanged) and change.peer == self._peer) or isinstance(change, RequestsChanged)
            for change in batch.changes
        ):
            self._fill()

    def _fill(self) -> None:
        contact = self._desk.views.conversation(self._account, self._peer).contact
        self.query_one(".facts", Static).update(two_columns(self._facts(contact)))

    def _facts(self, contact: ContactView) -> Iterator[tuple[str, str | Text]]:
        now = self._desk.clock.now()
        yield "Address", str(self._peer)
        if words := contact_doubt(contact):
            yield "", Text(f"{DOUBT} {words}", "bold")
            if not self._peer.domain.isascii():
                yield "", f"The server's name is {self._peer.domain_ascii}."
        if len(self._desk.views.accounts()) > 1:
            yield "Account", str(self._account)
        if contact.groups:
            yield "Groups", sanitize_line(", ".join(contact.groups), 200)
        yield "Sharing", subscription_words(contact)
        if contact.is_requesting:
            yield "", f"They ask to see when you are online: {self._desk.keymap.words('requests')} answers."
        if not self._desk.marks.of(self._account, self._peer).is_reading_told:
            yield "", "They are not told what you have read; /tell-read lets them know again."
        if contact.is_blocked:
            yield "", "Blocked: you hear nothing from them."
        if not contact.resources:
            last = f": {sanitize_line(contact.status, 200)}" if contact.status else "."
            yield "Devices", f"none online{last}"
        for number, device in enumerate(contact.resources):
            presence = device.presence
            yield (
                "Devices" if number == 0 else "",
                Text(
                    f"{SHAPES[presence.show]} {sanitize_line(device.resource, 60) or 'no device, as a gateway'}", "bold"
                ),
            )
            state = f"{WORDS[presence.show]}, priority {presence.priority}"
            if presence.since is not None:
                state += f", for {span_words((now - presence.since).total_seconds())}"
            yield "", state
            if presence.idle_since is not None:
                yield "", f"idle for {span_words((now - presence.idle_since).total_seconds())}"
            if presence.status:
                yield "", sanitize_line(presence.status, 300)
            if device.details is not None:
                told = device.details
                parts = [sanitize_line(told.software, 100)] if told.software else []
                if told.local_time is not None:
                    parts.append(f"their clock says {told.local_time:%H:%M}")
                if told.round_trip is not None:
                    parts.append(f"answers in {told.round_trip * 1000:.0f} ms")
                if parts:
                    yield "", ", ".join(parts)
                if can := [name for var, name in _UNDERSTOOD.items() if var in told.features]:
                    yield "", f"understands {', '.join(can)}"
            elif device.resource and device.resource not in self._asked:
                self._asked.add(device.resource)
                self._desk.submit(
                    c.DescribeEntity(self._account, self._peer.with_resource(device.resource)), lambda failure: None
                )

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        from tui_xmpp.ui.screens.contact import AddContactScreen, EditContactScreen, SubscriptionScreen

        desk, account, peer = self._desk, self._account, self._peer
        self.dismiss(None)
        match event.button.id:
            case "edit":
                contact = desk.views.contact(account, peer)
                if contact is not None:
                    desk.app.push_screen(EditContactScreen(desk, contact))
            case "add":
                desk.app.push_screen(AddContactScreen(desk, account, peer))
            case "sharing":
                desk.app.push_screen(SubscriptionScreen(desk, account, peer))
            case "chat":
                desk.main.open_chat(account, peer)


_FATES = {
    Delivery.RECEIVED: "",
    Delivery.QUEUED: "waits here until the account is connected",
    Delivery.SENT: "on its way; the server has not said that it took it",
    Delivery.ACKNOWLEDGED: "your server has it",
    Delivery.DELIVERED: "delivered to a device of theirs",
    Delivery.DISPLAYED: "shown to them",
    Delivery.FAILED: "not delivered",
}


_RUNGS = {
    Delivery.QUEUED: "waiting to be sent again",
    Delivery.SENT: "sent",
    Delivery.ACKNOWLEDGED: "taken by your server",
    Delivery.DELIVERED: "delivered",
    Delivery.DISPLAYED: "shown to them",
    Delivery.FAILED: "failed",
}


class MessageScreen(Dialog[None]):
    """Show all that is known of one message: when, from which device, how far it came and why no further."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("c", "copy", "Copy", show=False)]

    title_words = "Message"

    def __init__(self, desk: Desk, message: Message) -> None:
        super().__init__()
        self._desk = desk
        self._message = message

    def content(self) -> ComposeResult:
        yield words("", "words facts")
        yield buttons(button("C copy", "copy"), button("Close", "cancel", "main"))

    def on_mount(self) -> None:
        self._fill()
        self.query_one("#cancel", Button).focus()

    def follow(self, batch: Batch) -> None:
        """Show how far the message has come now."""
        chat = (self._message.account, self._message.peer)
        if any(
            isinstance(change, ConversationChanged) and (change.account, change.peer) == chat
            for change in batch.changes
        ):
            found = (each for each in self._desk.views.conversation(*chat).messages if each.key == self._message.key)
            self._message = next(found, self._message)
            self._fill()

    def _fill(self) -> None:
        self.query_one(".facts", Static).update(two_columns(self._facts()))

    def _facts(self) -> Iterator[tuple[str, str | Text]]:
        message = self._message
        yield "From", str(message.author or (message.account if message.is_outgoing else message.peer))
        yield "To", str(message.peer if message.is_outgoing else message.account)
        yield "Said", f"{message.stamp.astimezone():%A %d %B %Y, %H:%M:%S %z}"
        if message.versions:
            yield from self._versions()
        if message.replaces is not None:
            yield "Edited", "This corrects a message that is not here."
        if message.is_delayed:
            yield "", "It was kept for you and came later."
        if fate := _FATES[message.delivery]:
            yield "Delivery", fate
            yield from self._ladder()
        if message.failure is not None:
            yield "Why", sanitize_line(message.failure.sentence, 1000)
            if message.failure.text:
                yield "Their words", sanitize_line(message.failure.text, 1000)
            yield "Condition", sanitize_line(message.failure.condition, 100)
        if (failed := message.failed_correction) is not None and failed.failure is not None:
            yield "Why", sanitize_line(failed.failure.sentence, 1000)
            if failed.failure.text:
                yield "Their words", sanitize_line(failed.failure.text, 1000)
        for each in message.reactions:
            who = str(message.account if each.direction is Direction.OUTGOING else message.peer)
            at = f"{each.stamp.astimezone():%A %d %B %Y, %H:%M:%S}"
            yield "Reactions", Text.assemble(" ".join(each.emojis), (f"  {who}, {at}", "dim"))
        if message.kind is not MessageKind.CHAT:
            yield "Kind", message.kind.value
        for name, value in (("Subject", message.subject), ("Thread", message.thread)):
            if value:
                yield name, sanitize_line(value, 300)
        for language, body in message.bodies:
            yield f"In {sanitize_line(language, 8)}", sanitize_line(body, 300)
        if message.reply is not None:
            yield "Answers", Text(sanitize_line(message.reply.id, 100), "dim")
        yield "Encryption", "none from end to end: the servers on its way can read it"
        yield "Length", counted(len(message.body), "character")
        own = message.key if message.is_outgoing else None
        ids = {"Id": message.stanza_id or own, "Origin id": message.origin_id, "Archive id": message.archive_id}
        for name, known in ids.items():
            if known and (name != "Origin id" or known != ids["Id"]):
                yield name, Text(sanitize_line(known, 100), "dim")

    def _versions(self) -> Iterator[tuple[str, Text | str]]:
        """Say what the message read before it was corrected, and when that was."""
        *former, now = self._message.versions
        fate = {Delivery.QUEUED: ", not sent yet", Delivery.FAILED: ", not delivered"}
        told = fate.get(now.delivery, "") if now.delivery is not None else ""
        yield "Edited", f"{now.stamp.astimezone():%A %d %B %Y, %H:%M:%S %z}{told}"
        for version in former:
            text = sanitize_line(version.body, 300)
            yield "", Text.assemble((f"{version.stamp.astimezone():%H:%M:%S}", "bold"), f"  {text}")

    def _ladder(self) -> Iterator[tuple[str, Text]]:
        """Say when an outgoing message came to each rung; the day where it is not the one it was written on."""
        written = self._message.stamp.astimezone()
        told = [(_RUNGS.get(rung, rung.value), moment.astimezone()) for rung, moment in self._message.states]
        for words_, at in (("written", written), *told):
            day = "" if at.date() == written.date() else f"{at:%a %d %b} "
            yield "", Text.assemble((f"{day}{at:%H:%M:%S}", "bold"), f"  {words_}")

    @on(Button.Pressed, "#copy")
    def action_copy(self) -> None:
        """Copy the whole text."""
        self._desk.app.copy_to_clipboard(sanitize_body(self._message.body, 64 * BODY_LIMIT))
        self._desk.say("Copied")
