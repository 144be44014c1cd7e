"""The main screen: people, conversation, status, and the bars around them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen

from tui_xmpp.core import commands as c
from tui_xmpp.core.changes import (
    AccountChanged,
    AccountListChanged,
    ContactChanged,
    ConversationChanged,
    LogChanged,
    RequestsChanged,
    RosterReset,
)
from tui_xmpp.core.model import LogEntry, Phase, Prompt, PromptKind, Severity
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.core.views import ContactView
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID
from tui_xmpp.ui import commands
from tui_xmpp.ui.actions import ACTIONS, BY_ID, Place, key_words
from tui_xmpp.ui.desk import Chat, Desk
from tui_xmpp.ui.guard import Guarded
from tui_xmpp.ui.signs import SHAPES
from tui_xmpp.ui.widgets.bars import KeyBar, TitleBar
from tui_xmpp.ui.widgets.composer import Completion, Composer
from tui_xmpp.ui.widgets.conversation import ConversationPane
from tui_xmpp.ui.widgets.conversation_log import ConversationLog
from tui_xmpp.ui.widgets.roster import Roster
from tui_xmpp.ui.widgets.status import Divider, StatusLine, StatusPane
from tui_xmpp.worker.doorbell import Batch

NARROW = 72
"""Below so many columns one pane is shown at a time."""
LOW = 16
"""Below so many lines the bars at the foot give way."""
PEOPLE, CONVERSATION, STATUS = range(3)
_LEAST_ROSTER, _LEAST_CONVERSATION = 16, 36
_USUAL_ROSTER, _WIDE_ROSTER = 30, 44


_BEFORE_TYPING = ("ctrl+k", "alt+left", "alt+right")
"""Keys that mean something to a text field too, but more here."""


def _bindings(place: Place) -> list[BindingType]:
    return [
        Binding(key, f"screen.perform('{action.id}')", action.title, show=False, priority=key in _BEFORE_TYPING)
        for action in ACTIONS
        if action.place is place
        for key in action.keys
    ]


_SIDEWAYS: list[BindingType] = [
    Binding("left", "screen.turn(-1)", "Pane left", show=False),
    Binding("right", "screen.turn(1)", "Pane right", show=False),
]


class _Roster(Guarded, Roster, inherit_css=True):
    BINDINGS: ClassVar[list[BindingType]] = [*_bindings(Place.ROSTER), *_SIDEWAYS]


class _StatusPane(Guarded, StatusPane, inherit_css=True):
    BINDINGS: ClassVar[list[BindingType]] = [*_bindings(Place.STATUS), *_SIDEWAYS]


class MainScreen(Guarded, Screen[None]):
    """Lay out the panes and pass on what they ask for."""

    # Priority, because it must move the cursor before the next key of a fast typist is handed to a widget.
    BINDINGS: ClassVar[list[BindingType]] = [
        *_bindings(Place.EVERYWHERE),
        Binding("slash", "begin_command", "Type a command", show=False, priority=True),
    ]

    DEFAULT_CSS = """
    MainScreen { layout: vertical; background: $background; }
    MainScreen #panes { height: 1fr; }
    MainScreen #roster { width: 30; height: 1fr; }
    MainScreen #conversation { width: 1fr; height: 1fr; }
    MainScreen #status { display: none; height: 40%; min-height: 6; }
    MainScreen.-status #status { display: block; }
    MainScreen.-no-roster #roster, MainScreen.-no-roster Divider { display: none; }
    MainScreen.-narrow TitleBar { display: block; }
    MainScreen.-narrow Divider, MainScreen.-narrow StatusLine { display: none; }
    MainScreen.-narrow #roster { width: 1fr; display: none; }
    MainScreen.-narrow #conversation { display: none; }
    MainScreen.-narrow #status { display: none; height: 1fr; }
    MainScreen.-narrow.-people #roster { display: block; }
    MainScreen.-narrow.-conversation #conversation { display: block; }
    MainScreen.-narrow.-status-page #status { display: block; }
    MainScreen.-narrow.-status-page #panes { display: none; }
    MainScreen.-low KeyBar { display: none; }
    """

    def __init__(self, desk: Desk) -> None:
        # What is remembered goes in before anything is mounted: a class changed later styles every widget again.
        is_roster_hidden = desk.client.recall("roster hidden") is True
        super().__init__(classes="-people -no-roster" if is_roster_hidden else "-people")
        self.desk = desk
        views, clock, ui = desk.client.views, desk.clock, desk.client.settings.ui
        self.chat: Chat | None = None
        self.page = PEOPLE
        width = desk.client.recall("roster width")
        self._roster_width = width if isinstance(width, int) else ui.roster_width
        """What the user chose; None: by the terminal's width."""
        self._speaker: BareJID | None = None
        self._asked: dict[tuple[BareJID, PromptKind], Prompt] = {}
        self._last_entry: LogEntry | None = None
        self.title_bar = TitleBar()
        self.roster = _Roster(views, desk.marks, id="roster")
        self._size_roster()
        self.divider = Divider()
        self.conversation = ConversationPane(
            views, self._complete, self._take, clock=clock, time_format=ui.clock_format, id="conversation"
        )
        self.status_pane = _StatusPane(views, clock, ui.time_format, id="status")
        self.status_line = StatusLine(views, clock, ui.time_format)
        self.key_bar = KeyBar(desk)

    def compose(self) -> ComposeResult:
        yield self.title_bar
        with Horizontal(id="panes"):
            yield self.roster
            yield self.divider
            yield self.conversation
        yield self.status_pane
        yield self.status_line
        yield self.key_bar

    def on_mount(self) -> None:
        client = self.desk.client
        ui = client.settings.ui
        by_state, offline = client.recall("roster by state"), client.recall("offline shown")
        self.roster.rows.is_ordered_by_state = by_state if isinstance(by_state, bool) else ui.roster_order == "state"
        self.roster.rows.is_offline_shown = offline if isinstance(offline, bool) else ui.is_offline_shown
        self.roster.reset()
        self._number_chats()
        folded = client.recall("folded groups")
        if isinstance(folded, list):
            self.roster.restore_folds(folded)
        speaker = client.recall("speaker")
        known = {str(view.account): view.account for view in self.desk.views.accounts()}
        self._speaker = known.get(str(speaker))
        log = self.desk.views.log()
        self._last_entry = log[-1] if log else None
        self._show_speaker()
        self.roster.focus()
        self._ask_prompts()

    # -- what others ask about it ---------------------------------------------------------------------------------

    @property
    def is_narrow(self) -> bool:
        return self.has_class("-narrow")

    @property
    def speaker(self) -> BareJID | None:
        """The account the user speaks as."""
        views = self.desk.views
        if self.chat is not None and views.account(self.chat[0]) is not None:
            return self.chat[0]
        if self._speaker is not None and views.account(self._speaker) is not None:
            return self._speaker
        accounts = views.accounts()
        return accounts[0].account if accounts else None

    @property
    def subject(self) -> ContactView | None:
        """The contact under the roster's cursor while that has the focus, else the one in the open chat."""
        row = self.roster.selected
        if self.roster.has_focus and row is not None and row.peer is not None:
            return self.desk.views.contact(row.account, row.peer)
        if self.chat is None:
            return None
        return self.desk.views.conversation(*self.chat).contact

    # -- chats ----------------------------------------------------------------------------------------------------

    def open_chat(self, account: BareJID, peer: BareJID) -> None:
        """Open a conversation and put the cursor where one writes."""
        if self.chat != (account, peer):
            if self.chat is not None:
                self.desk.submit(c.CloseConversation(*self.chat))
            self.chat = (account, peer)
            self.desk.submit(c.OpenConversation(account, peer))
            self.conversation.show(account, peer)
            self.roster.open_chat = self.chat
            self.desk.trail.visit(self.chat)
            self._number_chats()
            self.roster.select(account, peer)
            self._show_speaker()
        self._turn_to(CONVERSATION)
        self.conversation.focus_composer()

    def close_chat(self) -> None:
        """Leave the open conversation."""
        if self.chat is None:
            return
        self.desk.submit(c.CloseConversation(*self.chat))
        self.desk.trail.leave(self.chat)
        self.chat = None
        self.roster.open_chat = None
        self._number_chats()
        self.conversation.show(self.speaker, None)
        self._show_speaker()
        self._turn_to(PEOPLE)
        self.roster.focus()

    def speak_as_next(self) -> None:
        """Choose the next account as the one spoken as, where no chat decides that."""
        accounts = [view.account for view in self.desk.views.accounts()]
        if len(accounts) > 1:
            current = self.speaker
            index = accounts.index(current) if current in accounts else -1
            self.speak_as(accounts[(index + 1) % len(accounts)])

    def speak_as(self, account: BareJID) -> None:
        """Choose the account spoken as; the open chat, if of another one, is closed."""
        if self.chat is not None and self.chat[0] != account:
            self.close_chat()
        self._speaker = account
        self.desk.client.remember("speaker", str(account))
        self._show_speaker()
        self.desk.say(f"You speak as {account}.")

    def _number_chats(self) -> None:
        self.roster.numbers = {chat: number for number, chat in enumerate(self.desk.trail.numbered(), 1)}
        self.roster.repaint()

    def follow_marks(self) -> None:
        """Draw what chats are marked with."""
        self._number_chats()
        self.roster.set_order()

    def _show_speaker(self) -> None:
        self.status_line.speaker = self.speaker
        self.conversation.log_lines.welcome = self._welcome()
        if self.chat is None:
            self.conversation.show(self.speaker, None)
        self.status_line.repaint()
        self.key_bar.repaint()
        self._tell_title()

    def _welcome(self) -> list[tuple[str, str]]:
        """Return what stands where no chat is open: the ways on from here."""
        ways = {"add": "add a contact", "help": "all the keys", "quit": "leave"}
        if self.speaker is None:
            ways = {"accounts": "add an account", "help": "all the keys", "quit": "leave"}
        lines = [(self.desk.app.greeting, ""), ("", "")]
        if any(self.desk.views.contacts(view.account) for view in self.desk.views.accounts()):
            lines.append(("↑ ↓ Enter", "choose someone and write"))
        if any(view.unread for view in self.desk.views.accounts()):
            lines.append((key_words(BY_ID["next-unread"].keys[0]), "read what is new"))
        return [*lines, *((key_words(BY_ID[action].keys[0]), words) for action, words in ways.items())]

    # -- panes ----------------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        is_narrow = event.size.width < NARROW
        was_narrow = self.is_narrow
        self.set_class(is_narrow, "-narrow")
        self.set_class(event.size.height < LOW, "-low")
        self._size_roster()
        if is_narrow != was_narrow:
            focused = self.focused
            if is_narrow and focused is not None:
                page = CONVERSATION if self.conversation in focused.ancestors_with_self else PEOPLE
                self._turn_to(STATUS if focused is self.status_pane else page)
            self._tell_title()

    def _choose_roster_width(self, width: int, *, is_remembered: bool = True) -> None:
        self._roster_width = max(_LEAST_ROSTER, width)
        self._size_roster()
        if is_remembered:
            self.desk.client.remember("roster width", self._roster_width)

    def _size_roster(self) -> None:
        whole = self.desk.app.size.width
        width = self._roster_width or max(_USUAL_ROSTER, min(round(whole * 0.3), _WIDE_ROSTER))
        wanted = None if self.is_narrow else max(_LEAST_ROSTER, min(width, whole - _LEAST_CONVERSATION))
        shown = self.roster.styles.width
        if (shown.value if shown is not None else None) != wanted:
            self.roster.styles.width = wanted

    def toggle_roster(self) -> None:
        """Hide or show the list of people."""
        if self.is_narrow:
            self._go(PEOPLE)
            return
        self.toggle_class("-no-roster")
        is_hidden = self.has_class("-no-roster")
        self.desk.client.remember("roster hidden", is_hidden)
        if is_hidden and self.roster.has_focus:
            self.conversation.focus_composer()
        elif not is_hidden:
            self.roster.focus()

    def toggle_status(self) -> None:
        """Open or close the status pane."""
        if self.is_narrow:
            self._go(CONVERSATION if self.page == STATUS else STATUS)
            return
        self.toggle_class("-status")
        if self.has_class("-status"):
            self.status_pane.focus()
            self.call_after_refresh(self.status_pane.update)
        elif self.status_pane.has_focus:
            self._focus_writing()

    def move_sideways(self, step: int) -> None:
        """Move the edge of the roster, or in a narrow terminal turn to the next pane."""
        if self.is_narrow:
            self._go(self.page + step)
        elif not self.has_class("-no-roster"):
            shown = self.roster.size.width
            self._choose_roster_width(shown + 2 * step)

    def action_turn(self, step: int) -> None:
        """In a narrow terminal turn to the pane left or right of this one."""
        if self.is_narrow:
            self._go(self.page + step)

    def focus_next_pane(self) -> None:
        """Put the cursor into the next pane."""
        if self.is_narrow:
            self._go((self.page + 1) % 3)
        elif self.roster.has_focus:
            self.conversation.focus_composer()
        elif self.has_class("-status") and not self.status_pane.has_focus:
            self.status_pane.focus()
        elif not self.has_class("-no-roster"):
            self.roster.focus()
        else:
            self.conversation.focus_composer()

    def _focus_writing(self) -> None:
        if self.chat is not None or self.has_class("-no-roster"):
            self._turn_to(CONVERSATION)
            self.conversation.focus_composer()
        else:
            self._turn_to(PEOPLE)
            self.roster.focus()

    def _go(self, page: int) -> None:
        """Turn to a pane of a narrow terminal and put the cursor into it."""
        page = max(PEOPLE, min(STATUS, page))
        self._turn_to(page)
        if page == PEOPLE:
            self.roster.focus()
        elif page == CONVERSATION:
            self.conversation.focus_composer()
        else:
            self.status_pane.focus()
            self.call_after_refresh(self.status_pane.update)

    def _turn_to(self, page: int) -> None:
        self.page = page
        self.set_class(page == PEOPLE, "-people")
        self.set_class(page == CONVERSATION, "-conversation")
        self.set_class(page == STATUS, "-status-page")
        self._tell_title()

    def _tell_title(self) -> None:
        if not self.is_narrow:
            return
        views = self.desk.views
        unread = sum(view.unread for view in views.accounts())
        waiting = len(views.requests())
        people = "People" + (f" ({unread})" if unread else "") + (" !" if waiting else "")
        chat = "Chat"
        if self.chat is not None:
            contact = views.conversation(*self.chat).contact
            chat = f"{sanitize_line(contact.title, 40)} {SHAPES[contact.show]}"
        view = views.account(self.speaker) if self.speaker else None
        phase = view.connection.phase if view else Phase.OFFLINE
        sign = "" if phase is Phase.ONLINE else " ✗" if phase in (Phase.OFFLINE, Phase.STOPPED) else " ◌"
        names = ["", people, chat, "Status" + sign, ""]
        self.title_bar.tell(*names[self.page : self.page + 3])

    def arrange_roster(self, *, by_state: bool | None = None, offline_shown: bool | None = None) -> None:
        """Change the order of the roster, or whether the absent are shown, and remember it."""
        self.roster.set_order(by_state=by_state, offline_shown=offline_shown)
        if by_state is not None:
            self.desk.client.remember("roster by state", by_state)
            self.desk.say("Sorted by presence." if by_state else "Sorted by name.")
        if offline_shown is not None:
            self.desk.client.remember("offline shown", offline_shown)
            self.desk.say("Everyone is shown." if offline_shown else "Only people who are online are shown.")

    # -- actions --------------------------------------------------------------------------------------------------

    def action_perform(self, action: str) -> None:
        """Run an action of the registry by its id."""
        self.desk.app.perform(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave a slash to where text is being written."""
        if action == "begin_command":
            is_filtering = self.roster.has_focus and self.roster.is_filtering
            return not (is_filtering or self.conversation.composer.has_focus)
        return super().check_action(action, parameters)

    def action_begin_command(self) -> None:
        """Begin a slash command from where nothing is written."""
        self._turn_to(CONVERSATION)
        self.set_focus(self.conversation.composer, scroll_visible=False)
        self.conversation.composer.begin_command()

    def _complete(self, text: str, cursor: int) -> Sequence[Completion]:
        return commands.complete(self.desk, text, cursor)

    def run_text(self, account: BareJID | None, peer: BareJID | None, text: str) -> bool:
        """Carry out a slash command or send text; say whether it was taken."""
        try:
            typed = commands.read(text)
            if typed.action is not None:
                typed.action.run(self.desk, typed.text)
            elif account is not None and peer is not None:
                if typed.text.strip():
                    self.desk.submit(c.SendMessage(account, peer, typed.text))
            else:
                self.desk.say("Choose someone in the list first, or type /chat and an address.", "warning")
                return False
        except TuiXmppError as error:
            self.desk.complain(str(error))
            return False
        return True

    # -- what the panes ask for -----------------------------------------------------------------------------------

    def _take(self, written: Composer.Submitted) -> None:
        """Send or carry out what was written; what cannot be taken goes back to where it was written."""
        if not self.run_text(written.account, written.peer, written.text):
            self.conversation.composer.replace_text(written.text)

    @on(Composer.DraftChanged)
    def _draft_changed(self, message: Composer.DraftChanged) -> None:
        self.desk.submit(c.SaveDraft(message.account, message.peer, message.text))
        if self.desk.client.settings.privacy.sends_typing and not message.text.startswith("/"):
            self.desk.submit(c.NotifyTyping(message.account, message.peer, bool(message.text)))

    @on(ConversationLog.OlderWanted)
    def _older_wanted(self, message: ConversationLog.OlderWanted) -> None:
        self.desk.submit(c.LoadOlder(message.account, message.peer))

    @on(ConversationLog.LatestWanted)
    def _latest_wanted(self, message: ConversationLog.LatestWanted) -> None:
        self.desk.submit(c.LoadLatest(message.account, message.peer))

    @on(ConversationLog.Read)
    def _read(self, message: ConversationLog.Read) -> None:
        self.desk.submit(c.MarkRead(message.account, message.peer))

    @on(ConversationLog.ResendWanted)
    def _resend_wanted(self, message: ConversationLog.ResendWanted) -> None:
        self.desk.submit(c.ResendMessage(message.account, message.peer, message.key))

    @on(ConversationLog.DiscardWanted)
    def _discard_wanted(self, message: ConversationLog.DiscardWanted) -> None:
        self.desk.submit(c.DiscardMessage(message.account, message.peer, message.key))

    @on(ConversationLog.EditWanted)
    def _edit_wanted(self, message: ConversationLog.EditWanted) -> None:
        self.desk.submit(c.DiscardMessage(message.account, message.peer, message.key))

    @on(ConversationLog.DetailsWanted)
    def _details_wanted(self, message: ConversationLog.DetailsWanted) -> None:
        messages = self.desk.views.conversation(message.account, message.peer).messages
        found = next((each for each in messages if each.key == message.key), None)
        if found is not None:
            from tui_xmpp.ui.screens.details import MessageScreen

            self.desk.app.push_screen(MessageScreen(self.desk, found))

    @on(ConversationLog.LinkActivated)
    def _link_activated(self, message: ConversationLog.LinkActivated) -> None:
        self.desk.app.follow_link(message.url)

    @on(ConversationLog.Left)
    def _log_left(self) -> None:
        self.conversation.focus_composer()

    @on(Roster.Chosen)
    def _chosen(self, message: Roster.Chosen) -> None:
        self.open_chat(message.account, message.peer)

    @on(Roster.SelectionChanged)
    def _selection_changed(self, message: Roster.SelectionChanged) -> None:
        if self.chat is None and message.row is not None and message.row.account != self._speaker:
            self._speaker = message.row.account
            self._show_speaker()

    @on(Roster.FoldsChanged)
    def _folds_changed(self, message: Roster.FoldsChanged) -> None:
        self.desk.client.remember("folded groups", message.folded)

    @on(Composer.Left)
    def _composer_left(self) -> None:
        if self.is_narrow or not self.has_class("-no-roster"):
            self._turn_to(PEOPLE)
            self.roster.focus()

    @on(Roster.Left)
    @on(StatusPane.Left)
    def _left(self) -> None:
        if self.status_pane.has_focus and not self.is_narrow:
            self.remove_class("-status")
        self._focus_writing()

    @on(Roster.RequestsWanted)
    @on(StatusLine.RequestsWanted)
    def _requests_wanted(self) -> None:
        self.action_perform("requests")

    @on(StatusLine.Opened)
    def _status_opened(self) -> None:
        self.toggle_status()

    @on(TitleBar.Turned)
    def _turned(self, message: TitleBar.Turned) -> None:
        self._go(self.page + message.step)

    @on(KeyBar.Pressed)
    async def _key_pressed(self, message: KeyBar.Pressed) -> None:
        if message.place is Place.MESSAGES:
            await self.conversation.log_lines.run_action(message.action)
        else:
            self.action_perform(message.action)

    @on(Divider.Dragged)
    def _dragged(self, message: Divider.Dragged) -> None:
        self._choose_roster_width(message.x, is_remembered=message.is_done)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        place = Place.EVERYWHERE
        if self.focused is self.roster:
            place = Place.ROSTER
        elif self.focused is self.conversation.log_lines:
            place = Place.MESSAGES
        elif self.focused is self.status_pane:
            place = Place.STATUS
        self.key_bar.stand(place)

    # -- news -----------------------------------------------------------------------------------------------------

    def follow(self, batch: Batch) -> None:
        """Read anew what the batch names and this screen shows."""
        contacts: set[Chat] = set()
        accounts: set[BareJID] = set()
        is_roster_reset = is_account_stale = is_chat_stale = False
        for change in batch.changes:
            if isinstance(change, ContactChanged):
                contacts.add((change.account, change.peer))
                is_chat_stale |= (change.account, change.peer) == self.chat
            elif isinstance(change, ConversationChanged):
                is_chat_stale |= (change.account, change.peer) == self.chat
            elif isinstance(change, AccountChanged):
                accounts.add(change.account)
                is_chat_stale |= self.chat is not None and change.account == self.chat[0]
            elif isinstance(change, RosterReset):
                is_chat_stale |= self.chat is not None and change.account == self.chat[0]
                self.roster.update_roster(change.account)
            elif isinstance(change, RequestsChanged):
                self.roster.update_requests()
                is_account_stale = True
            elif isinstance(change, LogChanged):
                self._follow_log()
            elif isinstance(change, AccountListChanged):
                is_roster_reset = is_account_stale = True
        if is_roster_reset:
            self.roster.reset()
            if self.chat is not None and self.desk.views.account(self.chat[0]) is None:
                self.chat = self.roster.open_chat = None
                self.conversation.show(self.speaker, None)
        if is_chat_stale:
            self.conversation.refresh_from(self.desk.views)
            if self.chat is not None and self.conversation.log_lines.is_being_read:
                # A batch that says so follows at once, with this contact and account: till then no number may flicker.
                contacts.discard(self.chat)
                accounts.discard(self.chat[0])
        self._bring_back(contacts)
        if contacts and not is_roster_reset:
            self.roster.update_contacts(contacts)
        for account in accounts:
            self.roster.update_account(account)
        if accounts or is_account_stale:
            is_account_stale = True
            self._show_speaker()
            self._ask_prompts()
            self.desk.app.show_unread()
        if is_account_stale or any(isinstance(change, LogChanged) for change in batch.changes):
            self.status_pane.update()
        if is_chat_stale or contacts:
            self._tell_title()

    def _bring_back(self, chats: Iterable[Chat]) -> None:
        """Take chats in which something came out of the archive, the muted ones excepted."""
        for chat in chats:
            marks = self.desk.marks.of(*chat)
            if marks.is_archived and not marks.is_muted:
                old, new = self.roster.rows.view(*chat), self.desk.views.contact(*chat)
                if new is not None and new.unread > (old.unread if old is not None else 0):
                    self.desk.marks.archive(*chat, is_archived=False)

    def tick(self) -> None:
        """Draw what counts down."""
        self.status_line.repaint()
        self.status_pane.update()

    def _follow_log(self) -> None:
        fresh: list[LogEntry] = []
        log = self.desk.views.log()
        for entry in reversed(log):
            if entry is self._last_entry:
                break
            fresh.append(entry)
        self._last_entry = log[-1] if log else None
        errors = [entry for entry in fresh if entry.severity is Severity.ERROR and not self._is_told_in_chat(entry)]
        for entry in reversed(errors[:2]):
            self.desk.complain(sanitize_line(entry.text, 400))

    def _is_told_in_chat(self, entry: LogEntry) -> bool:
        """Say whether the open chat shows what the entry says below the message it is about."""
        if entry.account is None or entry.peer is None or self.chat != (entry.account, entry.peer.bare):
            return False
        messages = self.desk.views.conversation(entry.account, entry.peer.bare).messages
        return any(message.failure and message.failure.sentence == entry.text for message in messages[-20:])

    def _ask_prompts(self) -> None:
        """Put the sessions' questions to the user, each once."""
        waiting = {
            (prompt.account, prompt.kind): prompt for view in self.desk.views.accounts() for prompt in view.prompts
        }
        self._asked = {key: prompt for key, prompt in self._asked.items() if waiting.get(key) is prompt}
        for key, prompt in waiting.items():
            if key not in self._asked and not self.desk.app.is_answering(prompt.account):
                self._asked[key] = prompt
                self.desk.app.put_question(prompt)
