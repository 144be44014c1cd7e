"""Choose an emoji to put under a message."""

from __future__ import annotations

from itertools import islice
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui_xmpp.core.commands import ReadReactionRules
from tui_xmpp.core.model import Direction, Message
from tui_xmpp.core.reactions import emojis_by
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.reactions import offers
from tui_xmpp.ui.screens.dialog import Dialog, line
from tui_xmpp.ui.theme import inks

_MOST = 40
_ROWS = 10


class ReactionScreen(Dialog[tuple[str, str]]):
    """A line for a name, and the emoji that fit it; at first those used lately. One's own is taken back by it.

    Its result is an emoji and its name.
    """

    # Priority for what an input would take for its own: the typing goes on while the list's cursor moves.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("pageup", "move(-10)", "Page up", show=False, priority=True),
        Binding("pagedown", "move(10)", "Page down", show=False, priority=True),
    ]

    DEFAULT_CSS = """
    ReactionScreen > VerticalScroll { width: 44; padding: 1 2; }
    ReactionScreen .title { margin-bottom: 0; }
    ReactionScreen OptionList { margin-top: 1; max-height: 10; scrollbar-size-vertical: 1; }
    ReactionScreen.-low > VerticalScroll { padding: 0 1; }
    ReactionScreen.-low OptionList { margin-top: 0; }
    """

    title_words = "React"

    def __init__(self, desk: Desk, message: Message) -> None:
        super().__init__()
        self._desk = desk
        self._message = message
        self._found: list[tuple[str, str]] = []

    def content(self) -> ComposeResult:
        yield line(placeholder="an emoji, or its name", id="query")
        yield OptionList()

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self.query_one(Input).focus()
        account, peer = self._message.account, self._message.peer
        before = self._desk.views.conversation(account, peer).reaction_rules

        def known(failure: str | None) -> None:
            if self._desk.views.conversation(account, peer).reaction_rules != before:
                for query in self.query(Input):  # none, where the screen was left meanwhile
                    self._fill(query.value)

        self._desk.submit(ReadReactionRules(account, peer), known)

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.query_one(OptionList).styles.max_height = max(1, min(_ROWS, event.size.height - 5))
        self._fill(self.query_one(Input).value)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, query: str) -> None:
        self._found = list(islice(offers(self._desk, self._message, query), _MOST))
        own = emojis_by(self._message, Direction.OUTGOING)
        ink = inks(self.app.current_theme)
        options = self.query_one(OptionList)
        options.clear_options()
        for emoji, name in self._found:
            text = Text.assemble((f"[{emoji}]" if emoji in own else f" {emoji} ", ink.accent), (f"  {name}", ink.text))
            text.no_wrap = True
            options.add_option(Option(text.append("  take back" if emoji in own else "", ink.dim)))
        if self._found:
            options.highlighted = 0
        else:
            options.add_option(Option(Text(self._nothing(), "dim"), disabled=True))

    def _nothing(self) -> str:
        rules = self._desk.views.conversation(self._message.account, self._message.peer).reaction_rules
        return "No emoji is called that." if rules.allowed is None else "None that is taken here is called that."

    def action_move(self, steps: int) -> None:
        """Move the list's cursor."""
        options = self.query_one(OptionList)
        if self._found and options.highlighted is not None:
            options.highlighted = max(0, min(len(self._found) - 1, options.highlighted + steps))

    @on(Input.Submitted)
    def _submitted(self) -> None:
        place = self.query_one(OptionList).highlighted
        if place is not None and place < len(self._found):
            self.dismiss(self._found[place])

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._found[event.option_index])
