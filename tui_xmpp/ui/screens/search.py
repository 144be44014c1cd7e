"""Find something said, in any chat of any account, and open it where it was said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Offset
from textual.message import Message as UiMessage
from textual.strip import Strip
from textual.widgets import Input

from tui_xmpp.core import commands as c
from tui_xmpp.core.changes import SearchChanged
from tui_xmpp.core.model import Found, Message
from tui_xmpp.core.search import KEYS, QueryError, parse_query
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.desk import Chat, Desk
from tui_xmpp.ui.keymap import moves
from tui_xmpp.ui.queries import Offer, offers
from tui_xmpp.ui.screens.dialog import Dialog, line
from tui_xmpp.ui.signs import counted, laid_out
from tui_xmpp.ui.theme import inks
from tui_xmpp.ui.widgets.lines import DrawnLines
from tui_xmpp.ui.widgets.results import ResultList
from tui_xmpp.ui.widgets.status import index_words
from tui_xmpp.worker.doorbell import Batch

_NARROW = 60
_EXAMPLES = (
    ("All that is stored here is searched: every chat of every account.", ""),
    ("", ""),
    ("books ball", "both words, in any order; their beginnings are enough"),
    ('"a good fortune"', "these words together"),
    ("from:darcy", "what someone said; from:me is what you said"),
    ("in:jane", "what was said in one chat"),
    ("after:monday", "since a day: yesterday, november, 2026-11-21"),
    ("before:2026-11-21", "before a day, a month (2026-11) or a year"),
    ("has:link", "with a link in it"),
)


class _WordLine(DrawnLines):
    """A line of words at both ends; those with a name can be clicked."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "_WordLine { height: 1; width: 1fr; }"

    class Clicked(UiMessage):
        """Words were clicked; ``name`` says which."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._left: Sequence[tuple[str, Style]] = ()
        self._right: Sequence[tuple[str, Style]] = ()

    def tell(self, left: Sequence[tuple[str, Style]], right: Sequence[tuple[str, Style]] = ()) -> None:
        """Show these pieces."""
        self._left, self._right = left, right
        self.repaint()

    def draw_lines(self, lines: Sequence[int]) -> list[Strip]:
        """Draw the line."""
        ground = Style(bgcolor=self.background_colors[1].hex6)
        return [laid_out(self._left, self._right, self.size.width, ground) for _ in lines]

    def on_click(self, event: events.Click) -> None:
        name = event.style.meta.get("name")
        if isinstance(name, str):
            self.post_message(self.Clicked(name))


def _named(style: Style, name: str) -> Style:
    return style + Style(meta={"name": name})


class SearchScreen(Dialog[None]):
    """A line to type in, what it found below, newest first; Enter opens a result in its chat."""

    # Priority, because the text field has the focus all the time and would take some of these for itself.
    BINDINGS: ClassVar[list[BindingType]] = [
        *moves({"up": "move(-1)", "down": "move(1)", "page-up": "page(-1)", "page-down": "page(1)"}, is_typing=True),
        Binding("ctrl+home", "move(-1000000)", "The newest", show=False, priority=True),
        Binding("ctrl+end", "move(1000000)", "The oldest found so far", show=False, priority=True),
        Binding("tab", "complete", "Complete", show=False, priority=True),
        Binding("ctrl+f", "toggle_scope", "This chat or everywhere", show=False, priority=True),
    ]

    DEFAULT_CSS = """
    SearchScreen { align: center top; }
    SearchScreen > #box { width: 100%; max-width: 112; height: 100%; background: $panel; padding: 1 2 0 2; }
    SearchScreen.-small > #box { padding: 0 1; }
    SearchScreen #query { margin: 1 0 0 0; }
    SearchScreen.-small #query { margin: 0; }
    SearchScreen ResultList { margin-top: 1; }
    SearchScreen.-small ResultList { margin-top: 0; }
    """

    def __init__(self, desk: Desk, account: BareJID, query: str | None = None) -> None:
        """Begin with ``query``; None: with the last one and what it found, ready to be typed over."""
        super().__init__()
        self._desk = desk
        self._account = account
        self._chat: Chat | None = desk.chat
        earlier = desk.views.search()
        self._is_returning = query is None and not earlier.failure and bool(earlier.query)
        self._text = earlier.query if query is None else query
        self._asked: str | None = earlier.query if self._is_returning else None
        self._is_asking = False
        self._offers: Sequence[Offer] = ()
        self._failure = ""
        self._head = _WordLine(id="head")
        self._hints = _WordLine(id="hints")
        self._keys = _WordLine(id="keys")
        self._results = ResultList(self._title, desk.clock, desk.client.settings.ui.time_format)

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield self._head
            yield line(self._text, placeholder="what was said", id="query")
            yield self._hints
            yield self._results
            yield self._keys

    def on_mount(self) -> None:
        query = self._query
        query.focus()
        query.cursor_position = len(self._text)
        if self._is_returning:
            query.select_all()
            self._show()
        else:
            self._ask(self._text)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < _NARROW or event.size.height < 20, "-small")
        self.call_after_refresh(self._tell_all)

    @property
    def _query(self) -> Input:
        return self.query_one("#query", Input)

    def _title(self, message: Message) -> str:
        return self._desk.title(message.account, message.peer)

    # -- asking ---------------------------------------------------------------------------------------------------

    @on(Input.Changed, "#query")
    def _typed(self, event: Input.Changed) -> None:
        self._text = event.value
        self.is_choosing = False
        self._ask(event.value)
        self._tell_all()

    def _ask(self, text: str, more: tuple[int, int] | None = None) -> None:
        """Have a query searched for; while one is under way the last of those typed meanwhile waits."""
        self._text = text
        if self._is_asking or (text == self._asked and more is None):
            return
        self._is_asking, self._asked = True, text

        def answered(failure: str | None) -> None:
            self._is_asking = False
            if not self.is_attached:
                return
            if self._text != text:
                self._ask(self._text)
            else:
                self._failure = failure or ""
                self._show()

        self._desk.submit(c.SearchMessages(self._account, text, more=more), answered)

    @on(ResultList.MoreWanted)
    def _more_wanted(self) -> None:
        view = self._desk.views.search()
        if view.more is not None and view.query == self._text:
            self._ask(self._text, view.more)

    def follow(self, batch: Batch) -> None:
        """Show what was found now."""
        if any(isinstance(change, SearchChanged) for change in batch.changes):
            self._show()

    # -- showing --------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        view = self._desk.views.search()
        if view.query == self._text and not view.failure:
            place = self._desk.search_place if self._is_returning else None
            self._is_returning = False
            self._results.show(view.found, self._phrases(view.query), place)
        self._tell_all()

    def _phrases(self, query: str) -> Sequence[str]:
        try:
            return parse_query(query, self._desk.clock.now()).phrases
        except QueryError:
            return ()

    @property
    def _is_empty(self) -> bool:
        """Whether nothing is asked yet; keys without a value ask nothing."""
        return not self._text.replace('"', " ").strip() or all(
            part.endswith(":") and part[:-1].lower() in KEYS for part in self._text.split()
        )

    def _tell_all(self) -> None:
        if not self.is_attached:
            return
        ink = inks(self.app.current_theme)
        self._tell_head()
        self._tell_hints()
        close = [("Enter", ink.accent), (" open  ", ink.dim), ("↑ ↓", ink.accent), (" choose  ", ink.dim)]
        if self._offers:
            close += [("Tab", ink.accent), (" complete  ", ink.dim)]
        close += [("Esc", _named(ink.accent, "cancel")), (" close", _named(ink.dim, "cancel"))]
        self._keys.tell([(" ", ink.text), *close])
        view = self._desk.views.search()
        if self._is_empty:
            self._results.explain(_EXAMPLES)
        elif view.query == self._text and not view.found and not view.failure:
            words = [(f"Nothing stored here fits {sanitize_line(self._text, 60)}", "")]
            if self._is_in_chat:
                words.append(("Ctrl+F searches everywhere.", ""))
            else:
                words.append(("Older messages come from the server when you scroll up in a chat.", ""))
            if told := self._unindexed:
                words.append((f"The search is {told}.", ""))
            self._results.explain(words)

    @property
    def _unindexed(self) -> str:
        view = self._desk.views.account(self._account)
        return index_words(view) if view is not None else ""

    def _tell_head(self) -> None:
        ink = inks(self.app.current_theme)
        view = self._desk.views.search()
        left = [(" Search", ink.strong)]
        if view.query == self._text and view.found:
            found = counted(len(view.found), "message") if view.more is None else f"{len(view.found)} and more"
            left.append((f"  {found}", ink.dim))
        if told := self._unindexed:
            left.append((f"  {told}", ink.warning))
        right: list[tuple[str, Style]] = []
        if self._chat is not None:
            here = sanitize_line(self._desk.title(*self._chat), 24)
            for name, is_it in (("everywhere", not self._is_in_chat), (f"with {here}", self._is_in_chat)):
                style = ink.badge if is_it else ink.dim
                right.append((f"{'●' if is_it else '○'} {name}  ", _named(style, "" if is_it else "scope")))
            right.append(("Ctrl+F ", _named(ink.accent, "scope")))
        if self.size.width < _NARROW:
            right = right[-1:] and [
                (f"{'●' if self._is_in_chat else '○'} this chat ", _named(ink.dim, "scope")),
                *right[-1:],
            ]
        self._head.tell(left, right)

    def _tell_hints(self) -> None:
        ink = inks(self.app.current_theme)
        self._offers = offers(self._desk, self._text[: self._query.cursor_position])
        failure = self._desk.views.search().failure if self._desk.views.search().query == self._text else self._failure
        if failure and self._text.strip():
            self._hints.tell([(f" ! {sanitize_line(failure, 200)}", ink.warning)])
            return
        pieces = [(" ", ink.text)]
        room = self._hints.size.width - sum(cell_len(f"{offer.shown} {offer.words}") + 3 for offer in self._offers)
        for index, offer in enumerate(self._offers):
            style = ink.accent if index == 0 else ink.text
            pieces.append((f"{sanitize_line(offer.shown, 60)}", _named(style, f"offer {index}")))
            pieces.append((f" {offer.words}   " if offer.words and room >= 0 else "   ", ink.dim))
        self._hints.tell(pieces)

    # -- what the user does ---------------------------------------------------------------------------------------

    @property
    def cursor_place(self) -> Offset | None:
        """Where the terminal's cursor is to stand, if not where the words are typed."""
        return self._results.cursor_place if self.is_choosing else None

    def action_move(self, step: int) -> None:
        """Mark another result."""
        self.is_choosing = True
        self._results.move(step)

    def action_page(self, pages: int) -> None:
        """Move by a page of results."""
        self.is_choosing = True
        self._results.page(pages)

    def action_complete(self) -> None:
        """Take the first of what is offered."""
        self._take(0)

    def _take(self, index: int) -> None:
        if index < len(self._offers):
            rest = self._text[self._query.cursor_position :]
            becomes = self._offers[index].becomes
            self._query.value = becomes + rest.lstrip()
            self._query.cursor_position = len(becomes)

    @property
    def _is_in_chat(self) -> bool:
        return self._chat is not None and self._scope in self._text

    @property
    def _scope(self) -> str:
        return f"in:{self._chat[1]} " if self._chat is not None else ""

    def action_toggle_scope(self) -> None:
        """Search in the open chat alone, or everywhere again."""
        if self._chat is None:
            return
        query = self._query
        text = self._text.replace(self._scope, "") if self._is_in_chat else self._scope + self._text
        query.value = text
        query.cursor_position = len(text)

    @on(Input.Submitted, "#query")
    def _submitted(self) -> None:
        if (found := self._results.chosen) is not None and self._desk.views.search().query == self._text:
            self._open(found)

    @on(ResultList.Chosen)
    def _chosen(self, message: ResultList.Chosen) -> None:
        self._open(message.found)

    @on(_WordLine.Clicked)
    def _clicked(self, message: _WordLine.Clicked) -> None:
        kind, _, number = message.name.partition(" ")
        if kind == "scope":
            self.action_toggle_scope()
        elif kind == "offer":
            self._take(int(number))
        elif kind == "cancel":
            self.action_cancel()

    def _open(self, found: Found) -> None:
        from tui_xmpp.ui.history import go_to

        self._desk.search_place = self._results.index
        self.dismiss(None)
        message = found.message
        go_to(self._desk, message.account, message.peer, message.key)
