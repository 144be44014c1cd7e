"""Find anything by a few letters: chats, people, actions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui_xmpp.core.text import sanitize_line
from tui_xmpp.core.views import ContactView
from tui_xmpp.ui.actions import ACTIONS, Action, key_words
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.screens.dialog import Dialog, line
from tui_xmpp.ui.signs import SHAPES
from tui_xmpp.values import dataclass

_MOST = 40


@dataclass(frozen=True, slots=True)
class _Found:
    score: int
    target: Action | ContactView
    title: str
    hint: str


def fit(query: str, text: str) -> int | None:
    """Say how well a few letters fit a text (the higher the better), None where they do not.

    A whole word's start beats a part of a word, and that beats letters scattered in order.
    """
    if not query:
        return 0
    found = text.find(query)
    if found == 0:
        return 300 - len(text)
    if found > 0:
        return (200 if not text[found - 1].isalnum() else 100) - found
    position = -1
    gaps = 0
    for letter in query:
        step = text.find(letter, position + 1)
        if step < 0:
            return None
        gaps += step - position - 1
        position = step
    return -gaps


class PaletteScreen(Dialog[None]):
    """A line to type in and the best of what fits it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("pageup", "move(-10)", "Page up", show=False, priority=True),
        Binding("pagedown", "move(10)", "Page down", show=False, priority=True),
    ]

    DEFAULT_CSS = """
    PaletteScreen { align: center top; }
    PaletteScreen > VerticalScroll { margin-top: 2; width: 76; padding: 1 2; }
    PaletteScreen .title { display: none; }
    PaletteScreen OptionList { margin-top: 1; max-height: 20; scrollbar-size-vertical: 1; }
    """

    def __init__(self, desk: Desk, *, is_for_people: bool = False) -> None:
        super().__init__()
        self._desk = desk
        self._is_for_people = is_for_people
        # What applies is judged as things stood before the palette took the cursor.
        self._actions = () if is_for_people else tuple(a for a in ACTIONS if a.is_in_palette and a.applies(desk))
        self._subject = desk.subject
        self._recent = {chat: rank for rank, chat in enumerate(desk.views.conversations()[:200])}
        self._found: list[_Found] = []

    def content(self) -> ComposeResult:
        hint = "a person or chat" if self._is_for_people else "an action, a person, a chat"
        yield line(placeholder=hint, id="query")
        yield OptionList()

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self.query_one(Input).focus()
        self._fill("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._fill(event.value.strip().casefold())

    def _candidates(self, query: str) -> Iterator[_Found]:
        for view in self._desk.views.accounts():
            for contact in self._desk.views.contacts(view.account):
                scores = [fit(query, text) for text in (contact.name.casefold(), str(contact.peer))]
                best = max((score for score in scores if score is not None), default=None)
                if best is None:
                    continue
                rank = self._recent.get((contact.account, contact.peer))
                best += 40 * bool(contact.unread) + (30 - min(rank, 25) if rank is not None else 0)
                best += 5 * contact.show.is_available
                if not query and rank is None and not self._is_for_people:
                    continue
                title = f"{SHAPES[contact.show]} {sanitize_line(contact.title, 60)}"
                hint = str(contact.peer) if contact.name else ""
                unread = f"{contact.unread} unread  " if contact.unread else ""
                yield _Found(best, contact, title, unread + hint)
        for action in self._actions:
            best = fit(query, action.title.casefold())
            if best is None and query:
                best = fit(query, f"{action.slash} {' '.join(action.aliases)}") if action.slash else None
            if best is not None:
                hint = key_words(action.keys[0]) if action.keys else action.usage
                yield _Found(best + (0 if query else -10), action, action.title, hint)

    def _fill(self, query: str) -> None:
        self._found = sorted(self._candidates(query), key=lambda found: -found.score)[:_MOST]
        options = self.query_one(OptionList)
        options.clear_options()
        width = max(20, min(72, self.app.size.width - 6))
        options.add_options([Option(self._words(found, width)) for found in self._found])
        if self._found:
            options.highlighted = 0
        else:
            options.add_option(Option(Text("Nothing fits.", "dim"), disabled=True))

    @staticmethod
    def _words(found: _Found, width: int) -> Text:
        text = Text(found.title, no_wrap=True, overflow="ellipsis")
        gap = width - text.cell_len - Text(found.hint).cell_len - 1
        if gap >= 2:
            text.append(" " * gap)
            text.append(found.hint, "dim")
        return text

    def action_move(self, step: int) -> None:
        """Move the list's cursor while the typing goes on."""
        options = self.query_one(OptionList)
        if self._found:
            options.highlighted = max(0, min(len(self._found) - 1, (options.highlighted or 0) + step))

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._take(self.query_one(OptionList).highlighted)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._take(event.option_index)

    def _take(self, index: int | None) -> None:
        if index is None or index >= len(self._found):
            return
        target = self._found[index].target
        self.dismiss(None)
        if isinstance(target, ContactView):
            self._desk.main.open_chat(target.account, target.peer)
        else:
            self._desk.app.call_later(self._desk.app.perform, target.id)
