"""The inbox of people who ask to see when the user is online."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button, Static

from tui_xmpp.core import commands as c
from tui_xmpp.core.changes import RequestsChanged
from tui_xmpp.core.model import SubscriptionRequest
from tui_xmpp.core.text import doubt, sanitize_line, skeleton
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.screens.dialog import Choices, Dialog, button, verbs, words
from tui_xmpp.ui.signs import DOUBT, age_words
from tui_xmpp.worker.doorbell import Batch


class RequestsScreen(Dialog[None]):
    """List the requests; each can be approved, denied or blocked where it stands."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a,A", "approve", "Approve", show=False),
        Binding("b,B", "approve_back", "Approve and add back", show=False),
        Binding("d,D", "deny", "Deny", show=False),
        Binding("x,X", "block", "Block", show=False),
        Binding("i,I", "details", "Details", show=False),
    ]

    DEFAULT_CSS = """
    RequestsScreen > VerticalScroll { width: 84; }
    RequestsScreen OptionList { max-height: 1fr; margin-bottom: 1; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._requests: list[SubscriptionRequest] = []
        # Whoever was answered stays where they stand: a second press would else answer the next one.
        self._answered: dict[SubscriptionRequest, str] = {}

    @property
    def title_words(self) -> str:  # type: ignore[override]
        number = len(self._desk.views.requests())
        return f"Requests · {number} waiting" if number else "Requests"

    def content(self) -> ComposeResult:
        yield Choices()
        yield words("", "words dim empty")
        yield verbs(
            button("A approve", "approve", "main"),
            button("B add back", "back", "main"),
            button("D deny", "deny"),
            button("X block", "block", "danger"),
            button("I details", "details"),
            button("Close", "cancel"),
        )

    def on_mount(self) -> None:
        self._fill()
        self.query_one(Choices).focus()

    def follow(self, batch: Batch) -> None:
        """Show what the inbox holds now."""
        if any(isinstance(change, RequestsChanged) for change in batch.changes):
            self._fill()

    def _fill(self) -> None:
        waiting = self._desk.views.requests()
        chosen = self._chosen()
        kept = [request for request in self._requests if request in self._answered or request in waiting]
        self._requests = kept + [request for request in waiting if request not in kept]
        choices = self.query_one(Choices)
        choices.fill(map(self._words, self._requests))
        if chosen in self._requests:
            choices.highlighted = self._requests.index(chosen)
        self.query_one(".title", Static).update(self.title_words)
        empty = self.query_one(".empty", Static)
        empty.update("Nobody asks to see when you are online. Requests wait here until you answer them.")
        empty.display = not self._requests
        self._show_verbs()

    @on(Choices.OptionHighlighted)
    def _show_verbs(self) -> None:
        """Show what can be done with who is under the cursor."""
        request = self._waiting()
        for choice in self.query(Button):
            is_fit = choice.id != "back" or (request is not None and not self._is_asked(request))
            choice.display = choice.id == "cancel" or (request is not None and is_fit)

    def _is_asked(self, request: SubscriptionRequest) -> bool:
        """Say whether the user sees them already, or has asked to."""
        known = self._desk.views.contact(request.account, request.peer)
        return known is not None and (known.is_ask_pending or (known.is_in_roster and known.subscription.sees_them))

    def _words(self, request: SubscriptionRequest) -> Text:
        known = self._desk.views.contact(request.account, request.peer)
        is_known = known is not None and known.is_in_roster
        nick = sanitize_line(known.title if known and is_known else request.nick, 60)
        nick = "" if nick == str(request.peer) else nick
        if is_known:
            nick = f"{nick} in your list".lstrip()
        text = Text(no_wrap=False)
        text.append(str(request.peer), "bold")
        if nick:
            text.append(f"  {nick}")
        text.append(f"  {age_words(request.at, self._desk.clock.now())}", "dim")
        if len(self._desk.views.accounts()) > 1:
            text.append(f"  to {request.account}", "dim")
        if outcome := self._answered.get(request):
            return text.append(f"\n  ✓ {outcome}")
        said = sanitize_line(request.text, 300)
        text.append(f"\n  “{said}”" if said else "\n  wants to see when you are online", "" if said else "dim")
        if words := doubt(str(request.peer), request.nick) or self._namesake(request):
            text.append(f"\n  {DOUBT} {words}", "bold")
        return text

    def _namesake(self, request: SubscriptionRequest) -> str:
        """Say which contact somebody goes by the name of (S-14)."""
        name = skeleton(request.nick)
        for contact in self._desk.views.contacts(request.account) if name else ():
            if contact.is_in_roster and contact.peer != request.peer and skeleton(contact.title) == name:
                return f"This is not the {sanitize_line(contact.title, 60)} in your list, who is {contact.peer}."
        return ""

    def _chosen(self) -> SubscriptionRequest | None:
        index = self.query_one(Choices).highlighted
        return self._requests[index] if index is not None and index < len(self._requests) else None

    def _waiting(self) -> SubscriptionRequest | None:
        """Return the request under the cursor, if it was not answered here already."""
        request = self._chosen()
        return None if request in self._answered else request

    def _answer(self, request: SubscriptionRequest, command: c.Command, outcome: str) -> None:
        def answered(failure: str | None) -> None:
            if failure is None:
                self._desk.say(f"{request.peer} {outcome}.")
                return
            self._desk.complain(failure)
            self._answered.pop(request, None)
            if self.is_attached:
                self._fill()

        self._answered[request] = outcome
        self._fill()
        self._desk.submit(command, answered)

    @on(Button.Pressed, "#approve")
    def action_approve(self) -> None:
        """Let them see when the user is online."""
        if request := self._waiting():
            command = c.ApproveSubscription(request.account, request.peer)
            self._answer(request, command, "sees when you are online")

    @on(Button.Pressed, "#back")
    def action_approve_back(self) -> None:
        """Let them see, and put them in the list under a name."""
        if (request := self._waiting()) and not self._is_asked(request):
            from tui_xmpp.ui.screens.contact import ApproveScreen

            nick = sanitize_line(request.nick, 60)
            self._desk.app.push_screen(ApproveScreen(self._desk, request.account, request.peer, nick))

    @on(Button.Pressed, "#deny")
    def action_deny(self) -> None:
        """Refuse."""
        if request := self._waiting():
            self._answer(request, c.DenySubscription(request.account, request.peer), "was refused")

    @on(Button.Pressed, "#block")
    def action_block(self) -> None:
        """Refuse, and hear nothing more from them."""
        if request := self._waiting():
            from tui_xmpp.ui.actions import BY_ID

            BY_ID["block"].run(self._desk, str(request.peer))

    @on(Choices.OptionSelected)
    @on(Button.Pressed, "#details")
    def action_details(self) -> None:
        """Show what is known of them."""
        if request := self._chosen():
            from tui_xmpp.ui.screens.details import DetailsScreen

            self._desk.app.push_screen(DetailsScreen(self._desk, request.account, request.peer))
