"""What is known of one person: address, who sees whom, and each of their devices."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Button, Static

from tui_xmpp.core import commands as c
from tui_xmpp.core.changes import ContactChanged, RequestsChanged
from tui_xmpp.core.text import confusion, sanitize_line
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.screens.dialog import Dialog, button, verbs, words
from tui_xmpp.ui.signs import SHAPES, WORDS, span_words, subscription_words
from tui_xmpp.worker.doorbell import Batch


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
        now = self._desk.clock.now()
        text = Text()

        def fact(name: str, value: str, style: str = "") -> None:
            text.append(f"{name:<12}", "dim")
            text.append(f"{value}\n", style)

        fact("Address", str(self._peer))
        if doubt := confusion(str(self._peer)):
            fact("", f"! {doubt}", "bold")
        if len(self._desk.views.accounts()) > 1:
            fact("Account", str(self._account))
        if contact.groups:
            fact("Groups", sanitize_line(", ".join(contact.groups), 200))
        fact("Sharing", subscription_words(contact))
        if contact.is_requesting:
            fact("", "They ask to see when you are online: Ctrl+R answers.")
        if contact.is_blocked:
            fact("", "Blocked: you hear nothing from them.")
        if not contact.resources:
            last = f": {sanitize_line(contact.status, 200)}" if contact.status else "."
            fact("Devices", f"none online{last}")
        for number, device in enumerate(contact.resources):
            presence = device.presence
            fact(
                "Devices" if number == 0 else "",
                f"{SHAPES[presence.show]} {sanitize_line(device.resource, 60)}",
                "bold",
            )
            state = f"{WORDS[presence.show]}, priority {presence.priority}"
            if presence.since is not None:
                state += f", for {span_words((now - presence.since).total_seconds())}"
            fact("", state)
            if presence.idle_since is not None:
                fact("", f"idle for {span_words((now - presence.idle_since).total_seconds())}")
            if presence.status:
                fact("", sanitize_line(presence.status, 300))
            if device.details is not None:
                told = device.details
                parts = [sanitize_line(told.software, 100)] if told.software else []
                if told.local_time is not None:
                    parts.append(f"their clock says {told.local_time:%H:%M}")
                if told.round_trip is not None:
                    parts.append(f"answers in {told.round_trip * 1000:.0f} ms")
                if parts:
                    fact("", ", ".join(parts))
            elif device.resource not in self._asked:
                self._asked.add(device.resource)
                self._desk.submit(
                    c.DescribeEntity(self._account, self._peer.with_resource(device.resource)), lambda failure: None
                )
        text.rstrip()
        self.query_one(".facts", Static).update(text)

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
