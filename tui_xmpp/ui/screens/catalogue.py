"""A long list in groups that is narrowed by typing, with words below about the row under the cursor."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Generic, TypeVar

from rich.cells import cell_len
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.keymap import moves
from tui_xmpp.ui.screens.dialog import Choices, Dialog, line, problem
from tui_xmpp.ui.signs import fitted
from tui_xmpp.ui.theme import Inks, inks

Row = TypeVar("Row")
_WIDTH = 88


class Catalogue(Dialog[None], Generic[Row]):
    """Rows of one kind to look through and act on; a subclass says what they are and what acting does.

    Keys that would also edit the search act on the row while nothing is typed there.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *moves({"up": "move(-1)", "down": "move(1)", "page-up": "move(-10)", "page-down": "move(10)"}, is_typing=True),
        Binding("delete", "reset", "Back to the usual", show=False, priority=True),
    ]

    DEFAULT_CSS = """
    Catalogue > VerticalScroll { width: 88; height: 90%; overflow-y: hidden; }
    Catalogue .title { margin-bottom: 0; }
    Catalogue #query { margin: 1 0; }
    Catalogue OptionList { height: 1fr; scrollbar-size-vertical: 1; }
    Catalogue #about { height: auto; max-height: 5; margin-top: 1; }
    Catalogue .problem { margin: 0; }
    Catalogue.-low > VerticalScroll { height: 100%; padding: 0 1; }
    Catalogue.-low #query { margin: 0; }
    Catalogue.-low #about { margin-top: 0; max-height: 6; }
    """

    placeholder = ""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._shown: list[Row | None] = []

    # -- what a subclass says -------------------------------------------------------------------------------------

    @abstractmethod
    def groups(self) -> Iterable[tuple[str, list[Row]]]:
        """Return the rows, in groups with a heading."""

    @abstractmethod
    def find_words(self, row: Row) -> str:
        """Return all that a row is found by."""

    @abstractmethod
    def columns(self, row: Row, ink: Inks) -> tuple[str, str, bool]:
        """Return what stands left and right in a row, and whether the right is of the user's choosing."""

    @abstractmethod
    def about(self, row: Row, ink: Inks) -> Text:
        """Return the words below the list."""

    @abstractmethod
    def act(self, row: Row) -> None:
        """Do what Enter does."""

    @abstractmethod
    def reset(self, row: Row) -> None:
        """Do what Delete does."""

    # -- the list -------------------------------------------------------------------------------------------------

    def content(self) -> ComposeResult:
        yield line(placeholder=self.placeholder, id="query")
        yield Choices(id="rows")
        with Vertical(id="about"):
            yield Static(id="words")
            yield problem()

    def on_mount(self) -> None:
        self.query_one("#rows", OptionList).can_focus = False
        self.query_one("#query", Input).focus()
        self.fill()

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.call_after_refresh(self.fill)

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        at = self.query_one("#rows", OptionList).highlighted
        return self._shown[at] if at is not None and at < len(self._shown) else None

    def fill(self) -> None:
        """Put in the rows that fit what was typed, with the cursor on the same one where that is left."""
        options = self.query_one("#rows", OptionList)
        wanted = self.query_one("#query", Input).value.casefold().split()
        kept = self.row
        ink = inks(self.app.current_theme)
        # At first the list has no size yet; as far as it is known by the screen's it is drawn right at once.
        width = max(20, (options.size.width or min(_WIDTH, self.app.size.width) - 4) - 2)
        self._shown = []
        made: list[Option] = []
        for heading, rows in self.groups():
            fitting = [row for row in rows if all(word in self.find_words(row).casefold() for word in wanted)]
            if not fitting:
                continue
            self._shown.append(None)
            made.append(Option(Text(heading, ink.dim), disabled=True))
            for row in fitting:
                self._shown.append(row)
                made.append(Option(self._drawn(row, ink, width)))
        options.clear_options()
        options.add_options(made or [Option(Text("Nothing fits.", ink.dim), disabled=True)])
        if self._shown:
            options.highlighted = self._shown.index(kept) if kept is not None and kept in self._shown else 1
        self.tell_about()

    def _drawn(self, row: Row, ink: Inks, width: int) -> Text:
        left, right, is_chosen = self.columns(row, ink)
        right = fitted(right, max(8, width // 2))
        left = fitted(left, max(8, width - cell_len(right) - 3))
        gap = " " * max(1, width - cell_len(left) - cell_len(right) - 2)
        drawn = Text(f"  {left}{gap}", ink.text, no_wrap=True)
        return drawn.append(right, ink.accent if is_chosen else ink.dim)

    def tell_about(self) -> None:
        """Say below what the row under the cursor is."""
        row = self.row
        self.query_one("#words", Static).update(self.about(row, inks(self.app.current_theme)) if row else "")
        self.tell("")

    @on(OptionList.OptionHighlighted, "#rows")
    def _highlighted(self) -> None:
        self.tell_about()

    @on(Input.Changed, "#query")
    def _typed(self) -> None:
        self.is_choosing = False
        self.fill()

    @on(Input.Submitted, "#query")
    @on(OptionList.OptionSelected, "#rows")
    def _chosen(self) -> None:
        if (row := self.row) is not None:
            self.act(row)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave keys that edit text to a field that has some."""
        if action in ("reset", "turn"):
            focused = self.focused
            return not (isinstance(focused, Input) and focused.value) and self.row is not None
        return super().check_action(action, parameters)

    def action_move(self, step: int) -> None:
        """Move the cursor over so many rows, headings aside."""
        options = self.query_one("#rows", OptionList)
        places = [at for at, row in enumerate(self._shown) if row is not None]
        if not places:
            return
        self.is_choosing = True
        at = places.index(options.highlighted) if options.highlighted in places else 0
        wanted = at + step
        if abs(step) == 1:
            wanted %= len(places)
        options.highlighted = places[max(0, min(len(places) - 1, wanted))]
        if options.highlighted == places[0]:
            options.scroll_home(animate=False)

    def action_reset(self) -> None:
        """Give the row under the cursor what it usually has."""
        if (row := self.row) is not None:
            self.reset(row)
