"""Where the panes of the main screen stand: beside each other, or one at a time in a narrow terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widget import Widget

from tui_xmpp.core.settings import WIDEST_ROSTER, UiSettings
from tui_xmpp.ui.actions import Place
from tui_xmpp.ui.compositor import FrontCompositor
from tui_xmpp.ui.desk import Chat, Desk
from tui_xmpp.ui.guard import Guarded
from tui_xmpp.ui.keymap import bindings_of, moves
from tui_xmpp.ui.widgets.bars import KeyBar, TitleBar
from tui_xmpp.ui.widgets.pane_memory import PaneMemory, Places
from tui_xmpp.ui.widgets.roster import Roster
from tui_xmpp.ui.widgets.splits import Splits
from tui_xmpp.ui.widgets.status import Divider, StatusLine, StatusPane

if TYPE_CHECKING:
    from tui_xmpp.ui.widgets.announcer import Announcer
    from tui_xmpp.ui.widgets.completion_list import Completion
    from tui_xmpp.ui.widgets.composer import Composer
    from tui_xmpp.ui.widgets.conversation import ConversationPane

NARROW = 72
"""Below so many columns one pane is shown at a time."""
LOW = 16
"""Below so many lines the bars at the foot give way."""
PEOPLE, CONVERSATION, STATUS = range(3)
"""The pages of a narrow terminal, from left to right."""
_LEAST_ROSTER, _LEAST_CONVERSATION = 16, 36
_USUAL_ROSTER, _WIDE_ROSTER = 30, 44


_SIDEWAYS = moves({"turn-left": "screen.turn(-1)", "turn-right": "screen.turn(1)"})


class _Roster(Guarded, Roster, inherit_css=True):
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(Place.ROSTER), *_SIDEWAYS]


class _StatusPane(Guarded, StatusPane, inherit_css=True):
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(Place.STATUS), *_SIDEWAYS]


class Layout(Guarded, Screen[None]):
    """Hold the panes, and give each its room."""

    DEFAULT_CSS = """
    Layout { layout: vertical; background: $background; }
    Layout #panes { height: 1fr; }
    Layout #roster { width: 30; height: 1fr; }
    Layout #panes.-split { background: $panel; }
    Layout #status { display: none; height: 40%; min-height: 6; }
    Layout.-status #status { display: block; }
    Layout.-no-roster #roster, Layout.-no-roster Divider { display: none; }
    Layout.-narrow TitleBar { display: block; }
    Layout.-narrow Divider, Layout.-narrow StatusLine { display: none; }
    Layout.-narrow #roster { width: 1fr; display: none; }
    Layout.-narrow ConversationPane { display: none; }
    Layout.-narrow #status { display: none; height: 1fr; }
    Layout.-narrow.-people #roster { display: block; }
    Layout.-narrow.-conversation ConversationPane { display: block; }
    Layout.-narrow.-status-page #status { display: block; }
    Layout.-narrow.-status-page #panes { display: none; }
    Layout.-low KeyBar { display: none; }
    """

    def __init__(self, desk: Desk) -> None:
        # What is remembered goes in before anything is mounted: a class changed later styles every widget again.
        is_roster_hidden = desk.client.recall("roster hidden") is True
        super().__init__(classes="-people -no-roster" if is_roster_hidden else "-people")
        self._compositor = FrontCompositor()
        self.desk = desk
        views, clock, ui = desk.client.views, desk.clock, desk.client.settings.ui
        self.page = PEOPLE
        self._roster_width = ui.roster_width
        """What the user chose; None: by the terminal's width."""
        self.title_bar = TitleBar()
        self.roster = _Roster(views, desk.marks, is_linear=ui.is_linear, id="roster")
        self.size_roster()
        self.divider = Divider()
        self.memory = PaneMemory(places=Places(desk.client))
        self.splits = Splits((self.roster, self.divider), self.make_pane, self.turned, id="panes")
        self.status_pane = _StatusPane(views, clock, ui.time_format, id="status")
        self.status_line = StatusLine(views, clock, ui.time_format, desk.unread.total)
        self.status_pane.problems, self.status_line.problems = desk.app.notices, len(desk.app.notices)
        self.key_bar = KeyBar(desk)
        self.announcer: Announcer | None = None

    def compose(self) -> ComposeResult:
        yield self.title_bar
        yield self.splits
        yield self.status_pane
        yield self.status_line
        yield self.key_bar

    def make_pane(self) -> ConversationPane:
        """Return a pane for a conversation, without one."""
        from tui_xmpp.ui.widgets.conversation import ConversationPane

        ui = self.desk.client.settings.ui
        return ConversationPane(
            self.desk.client.views,
            self.complete,
            self.take,
            memory=self.memory,
            clock=self.desk.clock,
            time_format=ui.clock_format,
            is_linear=ui.is_linear,
        )

    def complete(self, text: str, cursor: int) -> Sequence[Completion]:
        """Return the ways to go on from what is being written; to be overridden."""
        raise NotImplementedError

    def take(self, written: Composer.Submitted) -> None:
        """Send or carry out what was written; to be overridden."""
        raise NotImplementedError

    def turned(self) -> None:
        """Draw what depends on which pane is the active one; to be overridden."""
        raise NotImplementedError

    def tell_title(self) -> None:
        """Say in a narrow terminal where one stands; to be overridden."""
        raise NotImplementedError

    @property
    def conversation(self) -> ConversationPane:
        """The pane the user writes in."""
        return self.splits.active

    @property
    def chat(self) -> Chat | None:
        """The open conversation; where there are several, the one the user writes in."""
        return self.splits.active.chat if self.splits.panes else None

    @property
    def is_narrow(self) -> bool:
        return self.has_class("-narrow")

    # -- panes ----------------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out(event.size.width, event.size.height)

    def _lay_out(self, width: int, height: int) -> None:
        # Who listens is read whole rows: nothing may stand beside anything.
        is_narrow = width < NARROW or self.desk.is_linear
        was_narrow = self.is_narrow
        self.set_class(is_narrow, "-narrow")
        self.set_class(height < LOW, "-low")
        self.size_roster()
        if is_narrow != was_narrow:
            focused = self.focused
            if is_narrow and focused is not None:
                page = PEOPLE if self.splits.holding(focused) is None else CONVERSATION
                self.turn_to(STATUS if focused is self.status_pane else page)
            self.tell_title()

    def choose_roster_width(self, width: int, *, is_remembered: bool = True) -> None:
        """Make the list of people as wide as the user wants it."""
        self._roster_width = max(_LEAST_ROSTER, width)
        self.size_roster()
        if is_remembered:
            self.desk.preferences.set_named("ui.roster_width", min(self._roster_width, WIDEST_ROSTER))

    def size_roster(self) -> None:
        """Give the list of people the width that was chosen, or one that suits the terminal."""
        whole = self.desk.app.size.width
        width = self._roster_width or max(_USUAL_ROSTER, min(round(whole * 0.3), _WIDE_ROSTER))
        wanted = None if self.is_narrow else max(_LEAST_ROSTER, min(width, whole - _LEAST_CONVERSATION))
        shown = self.roster.styles.width
        if (shown.value if shown is not None else None) != wanted:
            self.roster.styles.width = wanted

    def follow_settings(self, before: UiSettings, after: UiSettings) -> None:
        """Draw by what the user has set."""
        if after.roster_width != before.roster_width:
            self._roster_width = after.roster_width
            self.size_roster()
        if after.roster_order != before.roster_order:
            self.roster.set_order(by_state=after.roster_order == "state")
        if after.is_offline_shown != before.is_offline_shown:
            self.roster.set_order(offline_shown=after.is_offline_shown)
        if after.is_linear != before.is_linear:
            self._follow_linear()
        if after.clock_format != before.clock_format:
            self.status_pane.time_format = self.status_line.time_format = after.time_format
            self.status_pane.update()
            self.status_line.repaint()
            for pane in self.splits.panes:
                pane.log_lines.time_format = after.clock_format

    def _follow_linear(self) -> None:
        """Draw for eyes or for ears, as is set now."""
        is_linear = self.desk.is_linear
        self.splits.is_linear = self.title_bar.is_linear = self.status_pane.is_linear = is_linear
        for pane in self.splits.panes:
            pane.log_lines.is_linear = is_linear
        self.roster.follow_linear(is_linear=is_linear)
        self._lay_out(*self.size)
        self.splits.refresh(layout=True)
        if is_linear and self.announcer is None:
            from tui_xmpp.ui.widgets.announcer import Announcer

            self.announcer = Announcer(self.desk)
            self.mount(self.announcer)
        elif not is_linear and self.announcer is not None:
            self.announcer.remove()
            self.announcer = None
        self.title_bar.refresh()

    def toggle_roster(self) -> None:
        """Hide or show the list of people."""
        if self.is_narrow:
            self.go(PEOPLE)
            return
        is_hidden = not self.has_class("-no-roster")
        self._hide_roster(is_hidden)
        if is_hidden and self.roster.has_focus:
            self.set_focus(self.conversation.composer, scroll_visible=False)
        elif not is_hidden:
            self.set_focus(self.roster)

    def _hide_roster(self, is_hidden: bool) -> None:
        self.set_class(is_hidden, "-no-roster")
        self.desk.client.remember("roster hidden", is_hidden)

    def show_panes(self, *, is_roster_shown: bool, is_status_shown: bool) -> None:
        """Show or hide what stands around the conversations."""
        self._hide_roster(not is_roster_shown)
        self.set_class(is_status_shown, "-status")
        if is_status_shown:
            self.call_after_refresh(self.status_pane.update)

    def toggle_status(self) -> None:
        """Open or close the status pane."""
        if self.is_narrow:
            self.go(CONVERSATION if self.page == STATUS else STATUS)
            return
        self.toggle_class("-status")
        if self.has_class("-status"):
            self.set_focus(self.status_pane)
            self.call_after_refresh(self.status_pane.update)
        elif self.status_pane.has_focus:
            self.focus_writing()

    def move_sideways(self, step: int) -> None:
        """Move the edge of the roster, or in a narrow terminal turn to the next pane."""
        if self.is_narrow:
            self.go(self.page + step)
        elif not self.has_class("-no-roster"):
            shown = self.roster.size.width
            self.choose_roster_width(shown + 2 * step)

    def action_turn(self, step: int) -> None:
        """In a narrow terminal turn to the pane left or right of this one."""
        if self.is_narrow:
            self.go(self.page + step)

    def focus_split(self, pane: ConversationPane) -> None:
        """Put the cursor into a pane, to write there."""
        self.splits.activate(pane)
        self.turn_to(CONVERSATION)
        self.set_focus(pane.composer, scroll_visible=False)

    def focus_next_pane(self) -> None:
        """Put the cursor into the next pane."""
        panes = self.splits.panes
        if self.is_narrow:
            self.go((self.page + 1) % 3)
        elif self.roster.has_focus:
            self.focus_split(panes[0])
        elif self.splits.holding(self.focused) is not None and self.conversation is not panes[-1]:
            self.focus_split(self.splits.following())
        elif self.has_class("-status") and not self.status_pane.has_focus:
            self.set_focus(self.status_pane)
        elif not self.has_class("-no-roster"):
            self.set_focus(self.roster)
        else:
            self.focus_split(panes[0])

    def focus_writing(self) -> None:
        """Put the cursor where one writes or, where no chat is open, into the list of people."""
        if self.chat is not None or self.has_class("-no-roster"):
            self.turn_to(CONVERSATION)
            self.set_focus(self.conversation.composer, scroll_visible=False)
        else:
            self.turn_to(PEOPLE)
            self.set_focus(self.roster)

    def go(self, page: int) -> None:
        """Turn to a pane of a narrow terminal and put the cursor into it."""
        page = max(PEOPLE, min(STATUS, page))
        self.turn_to(page)
        if page == PEOPLE:
            self.set_focus(self.roster)
        elif page == CONVERSATION:
            self.set_focus(self.conversation.composer, scroll_visible=False)
        else:
            self.set_focus(self.status_pane)
            self.call_after_refresh(self.status_pane.update)

    def turn_to(self, page: int) -> None:
        """Show a page of a narrow terminal."""
        self.page = page
        self.set_class(page == PEOPLE, "-people")
        self.set_class(page == CONVERSATION, "-conversation")
        self.set_class(page == STATUS, "-status-page")
        self.tell_title()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        pane = self.splits.holding(self.focused)
        if pane is not None:
            self.splits.activate(pane)
        self.key_bar.stand(Place.EVERYWHERE if self.place is Place.WRITING else self.place)

    @property
    def place(self) -> Place:
        """Where the cursor stands, and with it which keys count."""
        places: dict[Widget | None, Place] = {
            self.roster: Place.ROSTER,
            self.status_pane: Place.STATUS,
        }
        if self.splits.panes:
            places[self.conversation.log_lines] = Place.MESSAGES
            places[self.conversation.composer] = Place.WRITING
        return places.get(self.focused, Place.EVERYWHERE)
