"""The main screen: people, conversation, status, and the bars around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.geometry import Region

from tui_xmpp.core import commands as c
from tui_xmpp.core.model import Phase
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.core.views import ContactView
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.actions import Place
from tui_xmpp.ui.desk import Chat, Desk, VerbError
from tui_xmpp.ui.keymap import bindings_of
from tui_xmpp.ui.screens.layout import CONVERSATION, PEOPLE, Layout
from tui_xmpp.ui.screens.news import News
from tui_xmpp.ui.signs import SHAPES, WORDS, counted
from tui_xmpp.ui.tour import TourBar
from tui_xmpp.ui.widgets.bars import KeyBar, TitleBar
from tui_xmpp.ui.widgets.roster import Roster
from tui_xmpp.ui.widgets.splits import MOST_PANES
from tui_xmpp.ui.widgets.status import Divider, StatusLine, StatusPane
from tui_xmpp.worker.doorbell import Batch

if TYPE_CHECKING:
    from tui_xmpp.ui.widgets.completion_list import Completion
    from tui_xmpp.ui.widgets.composer import Composer
    from tui_xmpp.ui.widgets.conversation import ConversationPane
    from tui_xmpp.ui.widgets.conversation_log import ConversationLog

LONG = 5_000
"""Characters from which a message is asked about before it is sent."""


class MainScreen(Layout):
    """Open chats, and carry out what the panes ask for."""

    # Priority, because it must move the cursor before the next key of a fast typist is handed to a widget.
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of(Place.EVERYWHERE),
        Binding("slash", "begin_command", "Type a command", show=False, priority=True),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._speaker: BareJID | None = None
        self._news = News(self)
        self.tour_bar: TourBar | None = None

    def on_mount(self) -> None:
        client = self.desk.client
        ui = client.settings.ui
        if ui.is_linear:
            self._follow_linear()
        self.roster.rows.is_ordered_by_state = ui.roster_order == "state"
        self.roster.rows.is_offline_shown = ui.is_offline_shown
        self.roster.reset()
        self._number_chats()
        folded = client.recall("folded groups")
        if isinstance(folded, list):
            self.roster.restore_folds(folded)
        speaker = client.recall("speaker")
        known = {str(view.account): view.account for view in self.desk.views.accounts()}
        self._speaker = known.get(str(speaker))
        self.show_speaker()
        self.roster.focus()
        self._news.ask_prompts()

    def make_pane(self) -> ConversationPane:
        """Return a pane that knows as whom one speaks in it: what is typed at once may be a command."""
        pane = super().make_pane()
        pane.log_lines.welcome = self._welcome()
        pane.show(self.speaker, None)
        return pane

    def begin(self) -> None:
        """Put in what the first painting did without: the conversations, with those of the last run."""
        self.splits.begin()
        self.show_speaker()
        self._restore_layout()

    def on_screen_resume(self) -> None:
        # What came while another screen lay over this one is seen now.
        if self.announcer is not None:
            self.announcer.resume()
        for pane in self.splits.panes:
            if pane.chat is not None:
                pane.refresh_from(self.desk.views)

    # -- what others ask about it ---------------------------------------------------------------------------------

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
        """Open a conversation, or go to the pane that shows it, and put the cursor where one writes."""
        pane = self.splits.showing((account, peer))
        if pane is None:
            pane = self.conversation
            self.show_in(pane, (account, peer))
            self.turned()
        self.focus_split(pane)

    def open_beside(self, chat: Chat | None) -> None:
        """Open a conversation in a pane of its own; None: a pane that waits for one."""
        if chat is not None and self.splits.showing(chat) is not None:
            self.open_chat(*chat)
            return
        empty = next((pane for pane in self.splits.panes if pane.chat is None), None)
        if empty is not None:
            if chat is not None:
                self.show_in(empty, chat)
                self.turned()
            self.focus_split(empty)
            return
        if self.splits.is_full:
            key = self.desk.keymap.words("close-split")
            raise VerbError(f"There are {MOST_PANES} conversations open already: {key} closes one.")
        # Keys typed until the new pane can take them must not go into another chat.
        self.set_focus(None)
        pane = self.splits.add()
        if chat is not None:
            self.show_in(pane, chat)
        self.turned()
        self.turn_to(CONVERSATION)
        pane.call_after_refresh(pane.focus_composer)

    def keep_places(self) -> None:
        """Keep where each conversation that is open stands, what is read and what is written in it, now."""
        for pane in self.splits.panes:
            pane.log_lines.keep_place()
            if pane.chat is not None:
                if pane.log_lines.has_read_more:
                    self.desk.take_for_read(*pane.chat)
                self.desk.submit(c.SaveDraft(*pane.chat, pane.composer.draft))

    def show_in(self, pane: ConversationPane, chat: Chat) -> None:
        """Turn a pane to a conversation."""
        if pane.chat is not None:
            self.desk.submit(c.CloseConversation(*pane.chat))
        place = self.memory.places.of(*chat)
        self.desk.submit(c.OpenConversation(*chat, place.key if place is not None else None))
        pane.show(*chat)

    def turned(self) -> None:
        """Draw what depends on which conversation is the open one."""
        chat = self.chat
        self.roster.open_chats = frozenset(self.splits.chats())
        if chat is not None:
            self.desk.trail.visit(chat)
            self.roster.select(*chat)
        self._number_chats()
        self.show_speaker()
        self.desk.trail.keep_layout(self.splits.chats())

    def empty(self, pane: ConversationPane) -> None:
        """Turn a pane away from its conversation; what was begun there stays."""
        chat, draft = pane.chat, pane.composer.draft
        pane.missing = None
        pane.show(None, None)
        if chat is not None:
            # Said here too: what a pane that goes away posts may not arrive.
            self.desk.submit(c.SaveDraft(*chat, draft))
            self.desk.submit(c.CloseConversation(*chat))

    def close_split(self) -> None:
        """Take the pane the user writes in away; its chat keeps its number."""
        pane = self.conversation
        if len(self.splits.panes) == 1:
            raise VerbError(
                f"There is only one conversation here: {self.desk.keymap.words('split')} opens another beside it."
            )
        self.empty(pane)
        self.splits.take_away(pane)
        self.focus_split(self.conversation)

    def _restore_layout(self) -> None:
        """Open the conversations that were beside each other in the last run."""
        for number, chat in enumerate(chats := self.desk.trail.layout()):
            if number:
                self.splits.add()
            self.show_in(self.conversation, chat)
        if chats:
            self.splits.activate(self.splits.panes[0])
            self.turned()

    def close_chat(self) -> None:
        """Leave the open conversation."""
        if self.chat is None:
            return
        self.desk.trail.leave(self.chat)
        if len(self.splits.panes) > 1:
            self.close_split()
            return
        self.desk.submit(c.CloseConversation(*self.chat))
        self.conversation.show(self.chat[0], None)
        self.turned()
        self.turn_to(PEOPLE)
        self.roster.focus()

    def forget_chats(self) -> None:
        """Show no conversation any more whose account is gone."""
        for pane in self.splits.panes:
            if pane.chat is not None and self.desk.views.account(pane.chat[0]) is None:
                pane.show(self.speaker, None)
        self.turned()

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
        self.show_speaker()
        self.desk.say(f"You speak as {account}.")

    def _number_chats(self) -> None:
        self.roster.numbers = {chat: number for number, chat in enumerate(self.desk.trail.numbered(), 1)}
        self.roster.repaint()

    def follow_marks(self) -> None:
        """Draw what chats are marked with."""
        self._number_chats()
        self.roster.set_order()
        self.status_line.repaint()
        self.tell_title()
        self.desk.app.show_unread()

    def show_speaker(self) -> None:
        """Draw all that says as whom the user speaks."""
        self.status_line.speaker = self.speaker
        for pane in self.splits.panes:
            if pane.chat is None:
                pane.log_lines.welcome = self._welcome() if pane.missing is None else self._absence(pane.missing)
                pane.show(self.speaker, None)
        self.status_line.repaint()
        self.key_bar.repaint()
        self.tell_title()

    def _welcome(self) -> list[tuple[str, str]]:
        """Return what stands where no chat is open: the ways on from here."""
        ways = {"add": "add a contact", "help": "all the keys", "quit": "leave"}
        if self.speaker is None:
            ways = {"accounts": "add an account", "help": "all the keys", "quit": "leave"}
        if self.desk.app.is_demo:
            ways = {"tour": "a tour of one minute", **ways}
        keymap = self.desk.keymap
        lines = [(self.desk.app.greeting, ""), ("", "")]
        if any(self.desk.views.contacts(view.account) for view in self.desk.views.accounts()):
            lines.append(("↑ ↓ Enter", "choose someone and write"))
        if any(view.unread for view in self.desk.views.accounts()):
            lines.append((keymap.words("next-unread"), "read what is new"))
        return [*lines, *((keymap.words(action), words) for action, words in ways.items())]

    def _absence(self, chat: Chat) -> list[tuple[str, str]]:
        """Return what stands where a layout has a chat that is not here any more."""
        account, peer = chat
        lost = account if self.desk.views.account(account) is None else peer
        sentence = "is no account of yours here." if lost is account else "is not in your list."
        way = self.desk.keymap.words("go-to")
        return [(sanitize_line(str(lost), 80), ""), (sentence, ""), ("", ""), (way, "opens a chat in this place")]

    def toggle_tour(self) -> None:
        """Begin the tour, or end it."""
        if self.tour_bar is None:
            self.tour_bar = TourBar(self.desk)
            self.mount(self.tour_bar, before=self.key_bar)
        else:
            self.tour_bar.remove()
            self.tour_bar = None

    @on(events.DescendantFocus)
    @on(events.ScreenSuspend)
    def _look_at_tour(self) -> None:
        if self.tour_bar is not None:
            self.tour_bar.look()

    @on(TourBar.Ended)
    def _tour_ended(self) -> None:
        self.toggle_tour()

    def arrange_roster(self, *, by_state: bool | None = None, offline_shown: bool | None = None) -> None:
        """Change the order of the roster, or whether the absent are shown."""
        if by_state is not None:
            self.desk.preferences.set_named("ui.roster_order", "state" if by_state else "name")
            self.desk.say("Sorted by presence." if by_state else "Sorted by name.")
        if offline_shown is not None:
            self.desk.preferences.set_named("ui.show_offline", offline_shown)
            self.desk.say("Everyone is shown." if offline_shown else "Only people who are online are shown.")

    def tell_title(self) -> None:
        """Say in a narrow terminal where one stands, and what waits left and right of it."""
        if not self.is_narrow:
            return
        views = self.desk.views
        unread = self.desk.unread.total()
        waiting = len(views.requests())
        people = "People" + (f" ({unread})" if unread else "") + (" !" if waiting else "")
        if self.desk.is_linear:
            people = "People" + (f", {unread} unread" if unread else "")
            people += f", {counted(waiting, 'request')}" if waiting else ""
        chat = "Chat"
        if self.chat is not None:
            contact = views.conversation(*self.chat).contact
            state = f", {WORDS[contact.show]}" if self.desk.is_linear else f" {SHAPES[contact.show]}"
            chat = sanitize_line(contact.title, 40) + state
        if len(self.splits.panes) > 1:
            chat += f" {self.splits.panes.index(self.conversation) + 1}/{len(self.splits.panes)}"
        view = views.account(self.speaker) if self.speaker else None
        phase = view.connection.phase if view else Phase.OFFLINE
        signs = (", not connected", ", on its way", ", catching up") if self.desk.is_linear else (" ✗", " ◌", " ⇣")
        sign = "" if phase is Phase.ONLINE else signs[phase not in (Phase.OFFLINE, Phase.STOPPED)]
        if view is not None and view.catch_up.is_running:
            sign = signs[2]
        names = ["", people, chat, "Status" + sign, ""]
        self.title_bar.tell(*names[self.page : self.page + 3])

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
        self.begin_command("/")

    def begin_command(self, text: str) -> None:
        """Put the beginning of a command where one writes; a draft waits aside."""
        self.turn_to(CONVERSATION)
        self.set_focus(self.conversation.composer, scroll_visible=False)
        self.conversation.composer.begin_command(text)

    def complete(self, text: str, cursor: int) -> Sequence[Completion]:
        """Return the ways to go on from what is being written."""
        from tui_xmpp.ui import commands

        return commands.complete(self.desk, text, cursor)

    def run_text(self, account: BareJID | None, peer: BareJID | None, text: str) -> bool:
        """Carry out a slash command or send text; say whether it was taken."""
        from tui_xmpp.ui import commands

        try:
            typed = commands.read(text)
            if typed.action is not None:
                typed.action.run(self.desk, typed.text)
            elif account is not None and peer is not None:
                if typed.text.strip():
                    self._send(account, peer, typed.text)
            else:
                self.desk.say("Choose someone in the list first, or type /chat and an address.", "warning")
                return False
        except TuiXmppError as error:
            self.desk.complain(str(error))
            return False
        return True

    def _send(self, account: BareJID, peer: BareJID, text: str) -> None:
        """Send text; what is longer than anybody types is asked about first."""
        if len(text) < LONG:
            self.desk.submit(c.SendMessage(account, peer, text))
            return
        from tui_xmpp.ui.screens.confirm import ConfirmScreen

        def answered(is_sure: bool | None) -> None:
            if is_sure:
                self.desk.submit(c.SendMessage(account, peer, text))
            elif self.chat == (account, peer) and not self.conversation.composer.text:
                self.conversation.composer.replace_text(text)

        lines = text.count("\n") + 1
        whom = self.desk.title(account, peer)
        question = f"It has {lines:,} lines and {len(text):,} characters, and goes to {whom} as one message."
        self.desk.app.push_screen(ConfirmScreen("Send all of this?", question, yes="Send"), answered)

    # -- what the panes ask for -----------------------------------------------------------------------------------

    def take(self, written: Composer.Submitted) -> None:
        """Send or carry out what was written; what cannot be taken goes back to where it was written."""
        from tui_xmpp.ui import messages

        if written.edits is not None and written.account is not None and written.peer is not None:
            messages.send_edited(self.desk, written.account, written.peer, written.edits, written.text)
        elif written.answers is not None and written.account is not None and written.peer is not None:
            messages.answer(self.desk, written.account, written.peer, written.answers, written.text, written.quoted)
        elif not self.run_text(written.account, written.peer, written.text):
            pane = self.splits.showing((written.account, written.peer)) or self.conversation
            pane.composer.replace_text(written.text)

    def on_composer_editor_wanted(self) -> None:
        self.action_perform("editor")

    def on_composer_draft_changed(self, message: Composer.DraftChanged) -> None:
        self.desk.submit(c.SaveDraft(message.account, message.peer, message.text))
        if self.desk.client.settings.privacy.sends_typing and not message.text.startswith("/"):
            self.desk.submit(c.NotifyTyping(message.account, message.peer, bool(message.text)))

    def on_conversation_log_older_wanted(self, message: ConversationLog.OlderWanted) -> None:
        self.desk.submit(c.LoadOlder(message.account, message.peer))

    def on_conversation_log_newer_wanted(self, message: ConversationLog.NewerWanted) -> None:
        self.desk.submit(c.LoadNewer(message.account, message.peer))

    def on_conversation_log_gap_wanted(self, message: ConversationLog.GapWanted) -> None:
        self.desk.submit(c.FillGap(message.account, message.peer, message.gap), message.answered)

    def on_conversation_log_latest_wanted(self, message: ConversationLog.LatestWanted) -> None:
        self.desk.submit(c.LoadLatest(message.account, message.peer))

    def on_conversation_log_read(self, message: ConversationLog.Read) -> None:
        self.desk.take_for_read(message.account, message.peer)

    def on_conversation_log_cursor_moved(self) -> None:
        self.key_bar.repaint()

    def on_conversation_log_menu_wanted(self, message: ConversationLog.MenuWanted) -> None:
        self.open_message_menu(Region(message.x, message.y, 1, 1))

    def open_message_menu(self, beside: Region | None = None) -> None:
        """Show what can be done with the message under the cursor, beside it."""
        from tui_xmpp.ui.screens.message import MessageMenu

        if beside is None:
            beside = self.conversation.log_lines.chosen_region
            beside = Region(beside.x + beside.width // 4, beside.y, beside.width, beside.height)
        self.desk.app.push_screen(MessageMenu(self.desk, beside))

    @on(Roster.MenuWanted)
    def _roster_menu_wanted(self, message: Roster.MenuWanted) -> None:
        beside = Region(message.x, message.y, 1, 1)
        self.open_contact_menu(beside, is_about_contact=message.is_on_contact)

    def open_contact_menu(self, beside: Region | None = None, *, is_about_contact: bool = True) -> None:
        """Show what can be done with the contact under the cursor, or with the list, beside it."""
        from tui_xmpp.ui.screens.contact_menu import ContactMenu

        if beside is None:
            beside = self.roster.selected_region
            beside = Region(beside.x + 4, beside.y, beside.width, 1)
        row = self.roster.selected
        is_about_contact = is_about_contact and row is not None and row.peer is not None
        self.desk.app.push_screen(ContactMenu(self.desk, self.subject if is_about_contact else None, beside))

    def on_conversation_log_link_activated(self, message: ConversationLog.LinkActivated) -> None:
        self.desk.app.follow_link(message.url)

    def on_conversation_log_reaction_chosen(self, message: ConversationLog.ReactionChosen) -> None:
        self.desk.app.perform("react", message.emoji)

    @on(Roster.Chosen)
    def _chosen(self, message: Roster.Chosen) -> None:
        self.open_chat(message.account, message.peer)

    @on(Roster.SelectionChanged)
    def _selection_changed(self, message: Roster.SelectionChanged) -> None:
        if self.chat is None and message.row is not None and message.row.account != self._speaker:
            self._speaker = message.row.account
            self.show_speaker()

    @on(Roster.FoldsChanged)
    def _folds_changed(self, message: Roster.FoldsChanged) -> None:
        self.desk.client.remember("folded groups", message.folded)

    def on_composer_left(self) -> None:
        if self.is_narrow or not self.has_class("-no-roster"):
            self.turn_to(PEOPLE)
            self.roster.focus()

    @on(Roster.Left)
    @on(StatusPane.Left)
    def _left(self) -> None:
        if self.status_pane.has_focus and not self.is_narrow:
            self.remove_class("-status")
        self.focus_writing()

    @on(Roster.RequestsWanted)
    @on(StatusLine.RequestsWanted)
    def _requests_wanted(self) -> None:
        self.action_perform("requests")

    @on(StatusLine.ProblemsWanted)
    def _problems_wanted(self) -> None:
        self.action_perform("problems")

    @on(StatusLine.Opened)
    def _status_opened(self) -> None:
        self.toggle_status()

    @on(TitleBar.Turned)
    def _turned(self, message: TitleBar.Turned) -> None:
        self.go(self.page + message.step)

    @on(KeyBar.Pressed)
    def _key_pressed(self, message: KeyBar.Pressed) -> None:
        self.action_perform(message.action)

    @on(Divider.Dragged)
    def _dragged(self, message: Divider.Dragged) -> None:
        self.choose_roster_width(message.x, is_remembered=message.is_done)

    # -- news -----------------------------------------------------------------------------------------------------

    def follow(self, batch: Batch) -> None:
        """Read anew what the batch names and this screen shows."""
        self._news.follow(batch)

    def tick(self) -> None:
        """Draw what counts down."""
        self.status_line.repaint()
        self.status_pane.update()
