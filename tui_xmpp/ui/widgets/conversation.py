"""One conversation: who it is with, what was said, and where to write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo

from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.strip import Strip
from textual.widget import Widget

from tui_xmpp.clock import Clock, SystemClock
from tui_xmpp.core.model import ChatState, Phase
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.core.views import ContactView, ConversationView, Views
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.signs import SHAPES, WORDS, contact_doubt, laid_out, show_ink, subscription_mark
from tui_xmpp.ui.theme import inks
from tui_xmpp.ui.widgets.completion_list import Completer, CompletionList
from tui_xmpp.ui.widgets.composer import Composer
from tui_xmpp.ui.widgets.conversation_log import ConversationLog
from tui_xmpp.ui.widgets.lines import DrawnLines
from tui_xmpp.ui.widgets.pane_memory import PaneMemory
from tui_xmpp.values import changed


class ConversationHeader(DrawnLines):
    """Who the conversation is with: name, presence, address, and what is odd about them."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ConversationHeader { width: 1fr; height: 1; background: $surface; }
    ConversationHeader.-warning { height: 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._contact: ContactView | None = None
        self._warning = ""
        self._is_active: bool | None = None
        self._place = ""

    def show(self, contact: ContactView | None) -> None:
        """Draw this contact, or an empty line."""
        old = self._contact
        self._contact = contact
        if contact == old or (
            old and contact and changed(contact, unread=old.unread, last_stamp=old.last_stamp) == old
        ):
            return
        if contact is None or old is None or (contact.peer, contact.name) != (old.peer, old.name):
            self._warning = "" if contact is None else contact_doubt(contact)
            self.set_class(bool(self._warning), "-warning")
        self.repaint()

    def stand(self, *, is_active: bool | None, place: str) -> None:
        """Tell the active one of several panes from the others (None: there is one), and its place if not all show."""
        if (is_active, place) != (self._is_active, self._place):
            self._is_active, self._place = is_active, place
            self.repaint()

    def draw_lines(self, lines: Sequence[int]) -> list[Strip]:
        """Draw the line, and below it a warning where the name may deceive."""
        return [self._drawn_line(y) for y in lines]

    def _drawn_line(self, y: int) -> Strip:
        ink = inks(self.app.current_theme)
        ground = ink.panel if self._is_active else ink.surface
        width, contact = self.size.width, self._contact
        edge = ("▌" if self._is_active else " ", ink.accent)
        place = (f" {self._place} " if self._place else "", ink.dim)
        if contact is None:
            return laid_out([edge], [place], width, ground)
        if y:
            address = contact.peer.domain_ascii if not contact.peer.domain.isascii() else ""
            told = f"⚠ {self._warning}" + (f" The server's name is {address}." if address else "")
            return laid_out([(f" {told}", ink.warning)], [], width, ground)
        name = sanitize_line(contact.title, 80)
        status = sanitize_line(contact.status, 200)
        left = [
            edge,
            (f"{SHAPES[contact.show]} ", show_ink(contact.show, ink)),
            (f"{name}  ", ink.dim if self._is_active is False else ink.strong),
            (f"{WORDS[contact.show]} {f'· {status}' if status else ''}", ink.dim),
        ]
        right: list[tuple[str, Style]] = []
        mark = subscription_mark(contact) if contact.is_in_roster or contact.is_blocked else "not in your list"
        if mark:
            right.append((f" {mark} ", ink.warning))
        address = str(contact.peer)
        if name != address and width >= 70:
            right.append((f" {sanitize_line(address, 60)} ", ink.dim))
        return laid_out(left, [*right, place], width, ground)


class ConversationPane(Widget):
    """Show one conversation and take what the user writes."""

    DEFAULT_CSS = """
    ConversationPane { layout: vertical; width: 1fr; height: 1fr; }
    """

    def __init__(
        self,
        views: Views,
        complete: Completer,
        take: Callable[[Composer.Submitted], None],
        *,
        memory: PaneMemory | None = None,
        clock: Clock | None = None,
        time_format: str = "%H:%M",
        zone: tzinfo | None = None,
        is_linear: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
    ) -> None:
        super().__init__(id=id)
        self._views = views
        self._clock = clock or SystemClock()
        self.account: BareJID | None = None
        self.peer: BareJID | None = None
        self.missing: tuple[BareJID, BareJID] | None = None
        """The conversation a layout has in this place that is not here any more."""
        self.header = ConversationHeader()
        self.log_lines = ConversationLog(
            memory, clock=self._clock, time_format=time_format, zone=zone, is_linear=is_linear
        )
        self.completions = CompletionList()
        self.composer = Composer(complete, self.completions, take, memory)

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.log_lines
        yield self.completions
        yield self.composer

    @property
    def chat(self) -> tuple[BareJID, BareJID] | None:
        """The conversation shown."""
        return (self.account, self.peer) if self.account is not None and self.peer is not None else None

    def show(self, account: BareJID | None, peer: BareJID | None) -> None:
        """Turn to a conversation, or to none; drafts and places stay with their conversations.

        An account without a peer: nothing is shown, and the composer takes commands in that account's name.
        """
        self.account, self.peer = account, peer
        if peer is not None:
            self.missing = None
        self.refresh_from(self._views)

    def refresh_from(self, views: Views) -> None:
        """Draw anew what differs in the conversation shown."""
        account, peer = self.account, self.peer
        view = views.conversation(account, peer) if account is not None and peer is not None else None
        self.header.show(view.contact if view is not None else None)
        self.log_lines.show(view)
        self.composer.turn_to(account, peer, view.draft if view is not None else "")
        self._say_who_speaks(views, view)

    def _say_who_speaks(self, views: Views, view: ConversationView | None) -> None:
        account = views.account(self.account) if self.account is not None else None
        if account is None or self.account is None:
            self.composer.say("", "")
            return
        is_online = account.connection.phase is Phase.ONLINE
        note = "" if is_online or self.peer is None else "sent once online"
        if is_online and view is not None and view.chat_state is ChatState.COMPOSING:
            note = f"{sanitize_line(view.contact.title, 40)} is writing…"
        self.composer.say(f"as {sanitize_line(str(self.account), 80)}", note)

    def focus_composer(self) -> None:
        """Put the cursor where the user writes."""
        self.composer.focus(scroll_visible=False)

    # -- between the parts ----------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self.call_after_refresh(self.composer.place_cursor)

    def on_paste(self, event: events.Paste) -> None:
        """Put what is pasted where one writes, also from among the messages."""
        event.stop()
        self.focus_composer()
        self.composer.take_paste(event.text)

    def on_composer_messages_wanted(self, message: Composer.MessagesWanted) -> None:
        message.stop()
        if self.peer is not None:
            self.log_lines.focus(scroll_visible=False)

    def on_composer_scroll_wanted(self, message: Composer.ScrollWanted) -> None:
        message.stop()
        if not message.is_to_end:
            self.log_lines.action_page(message.pages)
        elif message.pages < 0:
            self.log_lines.action_oldest()
        else:
            self.log_lines.action_newest()

    def on_completion_list_chosen(self, message: CompletionList.Chosen) -> None:
        message.stop()
        self.composer.choose(message.index)
        self.focus_composer()

    def on_conversation_log_left(self) -> None:
        self.focus_composer()

    def on_conversation_log_typed(self, message: ConversationLog.Typed) -> None:
        """Write where one writes, and nothing of it is lost."""
        message.stop()
        self.focus_composer()
        self.composer.take_paste(message.text)
