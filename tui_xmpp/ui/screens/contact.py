"""Dialogs about one contact: add, rename and move, and who sees whom."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Button, Checkbox, Input
from textual.widgets.option_list import Option

from tui_xmpp.core import commands as c
from tui_xmpp.core.text import confusion, sanitize_line
from tui_xmpp.core.views import ContactView
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.contacts import split_groups
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.screens.dialog import (
    Choices,
    Dialog,
    GroupSuggester,
    Tick,
    address_problem,
    button,
    buttons,
    field,
    line,
    problem,
    words,
)
from tui_xmpp.ui.signs import subscription_words


class AddContactScreen(Dialog[None]):
    """Put someone in the list; the address is checked as it is typed."""

    title_words = "Add contact"

    def __init__(self, desk: Desk, account: BareJID, peer: BareJID | None = None) -> None:
        super().__init__()
        self._desk = desk
        self._account = account
        self._peer = peer

    def content(self) -> ComposeResult:
        groups = self._desk.groups(self._account)
        if len(self._desk.views.accounts()) > 1:
            yield words(f"In the list of {self._account}", "words dim")
        yield field("Address", line(str(self._peer or ""), placeholder="name@example.com", id="address"))
        yield problem()
        yield field("Name", line(placeholder="what you call them", id="name"))
        shown = sanitize_line(", ".join(groups), 100)
        yield field(
            "Groups",
            line(placeholder=shown or "parted by commas", id="groups", suggester=GroupSuggester(groups)),
        )
        yield Tick("Ask to see when they are online", True, id="asking", button_first=True)
        yield field("Words", line(placeholder="a line that goes with the question", id="text"))
        yield buttons(button("Cancel", "cancel"), button("Add", "add", "main"))

    def on_mount(self) -> None:
        self.query_one("#name" if self._peer else "#address", Input).focus()

    @on(Input.Changed, "#address")
    def _typed(self, event: Input.Changed) -> None:
        jid, sentence = address_problem(event.value)
        # Half an address is not a mistake yet.
        is_unfinished = "@" not in event.value or event.value.rstrip().endswith("@")
        if jid is not None:
            contact = self._desk.views.contact(self._account, jid)
            if contact is not None and contact.is_in_roster:
                sentence = (
                    f"{sanitize_line(contact.title, 60)} is in your list already; adding changes name and groups."
                )
            else:
                sentence = confusion(str(jid))
        self.tell("" if is_unfinished else sentence)

    @on(Checkbox.Changed, "#asking")
    def _asking_changed(self, event: Checkbox.Changed) -> None:
        self.query_one("#text", Input).disabled = not event.value

    @on(Input.Submitted)
    @on(Button.Pressed, "#add")
    def _add(self) -> None:
        address = self.query_one("#address", Input)
        jid, sentence = address_problem(address.value)
        if jid is None:
            self.tell(sentence or "Type an address first: it looks like name@example.com.")
            address.focus()
            return
        if jid == self._account:
            self.tell("This is your own address.")
            address.focus()
            return
        name = self.query_one("#name", Input).value.strip()
        groups = split_groups(self.query_one("#groups", Input).value)
        is_asking = self.query_one("#asking", Checkbox).value
        text = self.query_one("#text", Input).value.strip()
        desk = self._desk
        desk.main.roster.expect(self._account, jid)
        shown = sanitize_line(name or str(jid), 80)
        done = f"{shown} is in your list" + (" and was asked." if is_asking else ".")
        if is_asking and text:
            desk.submit(c.AddContact(self._account, jid, name, groups, is_asking=False))
            desk.submit_and_say(c.RequestSubscription(self._account, jid, text), done)
        else:
            desk.submit_and_say(c.AddContact(self._account, jid, name, groups, is_asking), done)
        self.dismiss(None)


class ApproveScreen(Dialog[None]):
    """Let someone in who asks, and put them in the list under a name and in groups of the user's choice."""

    title_words = "Approve and add back"

    def __init__(self, desk: Desk, account: BareJID, peer: BareJID, nick: str = "") -> None:
        super().__init__()
        self._desk = desk
        self._contact = desk.views.conversation(account, peer).contact
        self._nick = nick

    def content(self) -> ComposeResult:
        contact = self._contact
        yield words(f"{contact.peer} will see when you are online, and is asked to let you see them.")
        yield from _name_and_groups(self._desk, contact, contact.name or self._nick)
        yield buttons(button("Cancel", "cancel"), button("Approve and add", "approve", "main"))

    def on_mount(self) -> None:
        self.query_one("#name", Input).focus()

    @on(Input.Submitted)
    @on(Button.Pressed, "#approve")
    def _approve(self) -> None:
        desk, contact = self._desk, self._contact
        name, groups = _named(self, contact)

        def approved(failure: str | None) -> None:
            if failure is not None:
                desk.complain(failure)
                return
            desk.say(
                f"{sanitize_line(name or str(contact.peer), 80)} sees when you are online, and was asked in return."
            )
            if name or groups:
                desk.submit(c.UpdateContact(contact.account, contact.peer, name, groups))

        desk.main.roster.expect(contact.account, contact.peer)
        desk.submit(c.ApproveSubscription(contact.account, contact.peer, is_asking_back=True), approved)
        self.dismiss(None)


def _name_and_groups(desk: Desk, contact: ContactView, name: str) -> ComposeResult:
    """Yield the fields for a contact's name and groups."""
    groups = desk.groups(contact.account)
    yield field("Name", line(sanitize_line(name), placeholder="what you call them", id="name"))
    own = ", ".join(sanitize_line(group) for group in contact.groups)
    yield field("Groups", line(own, placeholder="parted by commas", id="groups", suggester=GroupSuggester(groups)))
    if groups:
        yield words("There are: " + sanitize_line(", ".join(groups), 200), "words dim")


def _named(screen: Screen[None], contact: ContactView) -> tuple[str, tuple[str, ...]]:
    """Read those fields; a group of the contact's that was left alone keeps what its name hides."""
    groups = split_groups(screen.query_one("#groups", Input).value)
    known = {sanitize_line(group): group for group in contact.groups}
    return screen.query_one("#name", Input).value.strip(), tuple(known.get(group, group) for group in groups)


class EditContactScreen(Dialog[None]):
    """Change a contact's name and groups, which are sent whole (RFC 6121 §2.4)."""

    def __init__(self, desk: Desk, contact: ContactView) -> None:
        super().__init__()
        self._desk = desk
        self._contact = contact
        self.title_words = sanitize_line(str(contact.peer))

    def content(self) -> ComposeResult:
        yield from _name_and_groups(self._desk, self._contact, self._contact.name)
        yield buttons(button("Cancel", "cancel"), button("Save", "save", "main"))

    def on_mount(self) -> None:
        self.query_one("#name", Input).focus()

    @on(Input.Submitted)
    @on(Button.Pressed, "#save")
    def _save(self) -> None:
        contact = self._contact
        name, groups = _named(self, contact)
        if (name, set(groups)) != (contact.name, set(contact.groups)):
            self._desk.submit_and_say(
                c.UpdateContact(contact.account, contact.peer, name, groups),
                f"{sanitize_line(name or str(contact.peer), 80)} was changed.",
            )
        self.dismiss(None)


class SubscriptionScreen(Dialog[None]):
    """Choose who sees whose presence."""

    def __init__(self, desk: Desk, account: BareJID, peer: BareJID) -> None:
        super().__init__()
        self._desk = desk
        self._account = account
        self._peer = peer
        self.title_words = f"{desk.title(account, peer)}: who sees whom"

    def content(self) -> ComposeResult:
        contact = self._desk.views.conversation(self._account, self._peer).contact
        yield words(subscription_words(contact))
        yield Choices(*(Option(Text(title), id=verb) for verb, title in self._choices(contact)))
        yield buttons(button("Close", "cancel"))

    def _choices(self, contact: ContactView) -> list[tuple[str, str]]:
        sees_them = contact.is_in_roster and contact.subscription.sees_them
        seen = contact.is_in_roster and contact.subscription.seen_by_them
        choices = []
        if contact.is_ask_pending:
            choices += [("ask", "Ask again to see when they are online"), ("unsubscribe", "Take the request back")]
        elif sees_them:
            choices.append(("unsubscribe", "Stop seeing when they are online"))
        else:
            choices.append(("ask", "Ask to see when they are online"))
        if contact.is_requesting:
            choices += [("approve", "Let them see when you are online (they asked)"), ("deny", "Refuse their request")]
        elif seen:
            choices.append(("deny", "Stop letting them see when you are online"))
        elif not contact.is_approved and self._desk.can_pre_approve(self._account):
            choices.append(("preapprove", "Let them in at once should they ask"))
        if not contact.is_in_roster:
            choices.append(("add", "Put them in your list…"))
        return choices

    def on_mount(self) -> None:
        self.query_one(Choices).focus()

    @on(Choices.OptionSelected)
    def _selected(self, event: Choices.OptionSelected) -> None:
        account, peer, desk = self._account, self._peer, self._desk
        name = desk.title(account, peer)
        self.dismiss(None)
        match event.option.id:
            case "ask":
                desk.submit_and_say(c.RequestSubscription(account, peer), f"{name} was asked.")
            case "unsubscribe":
                desk.submit_and_say(c.Unsubscribe(account, peer), f"You no longer see when {name} is online.")
            case "approve":
                desk.submit_and_say(c.ApproveSubscription(account, peer), f"{name} sees when you are online.")
            case "deny":
                desk.submit_and_say(c.DenySubscription(account, peer), f"{name} does not see when you are online.")
            case "preapprove":
                desk.submit_and_say(
                    c.PreApproveSubscription(account, peer), f"If {name} asks, they are let in at once."
                )
            case "add":
                desk.app.push_screen(AddContactScreen(desk, account, peer))
