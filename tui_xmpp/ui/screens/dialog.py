"""What all dialogs share: a box in the middle, a title, fields, a sentence for what is wrong, and buttons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Generic, TypeVar

from rich.table import Table
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, ItemGrid, VerticalScroll
from textual.content import Content
from textual.geometry import Offset
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, OptionList, Static
from textual.widgets.option_list import Option

from tui_xmpp.core.text import sanitize_line
from tui_xmpp.jid import BareJID, JIDError
from tui_xmpp.ui.guard import Guarded
from tui_xmpp.ui.keymap import moves

Result = TypeVar("Result")

LOW = 30
"""Below so many lines the fields stand without blank lines between them."""


class Dialog(Guarded, ModalScreen[Result], Generic[Result]):
    """A box over the main screen; Escape leaves it with nothing done. Long content scrolls inside the box."""

    # Priority for what moves the cursor: the next keys of a fast typist belong to the next field already.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False),
        Binding("tab", "app.focus_next", "Next field", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", "Field before", show=False, priority=True),
    ]

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 50%; }
    Dialog > VerticalScroll {
        width: 68; max-width: 100%; height: auto; max-height: 100%; background: $panel; padding: 1 2;
        scrollbar-size-vertical: 1;
    }
    Dialog .title { text-style: bold; color: $foreground; margin-bottom: 1; }
    Dialog .words { color: $foreground; margin-bottom: 1; }
    Dialog .dim { color: $foreground 70%; }
    Dialog .field { height: auto; margin-bottom: 1; }
    Dialog .field > .label { width: 12; color: $foreground 70%; }
    Dialog .field > Input { width: 1fr; }
    Dialog Input { border: none; height: 1; padding: 0 1; background: $background; }
    Dialog Input:focus { border: none; background: $background; background-tint: $primary 24%; }
    Dialog .problem { color: $error; height: auto; display: none; margin-bottom: 1; }
    Dialog .problem.-told { display: block; }
    Dialog.-low .field, Dialog.-low Checkbox { margin-bottom: 0; }
    Dialog .buttons { height: auto; align-horizontal: right; margin-top: 1; }
    Dialog .buttons > Button { margin-left: 2; }
    Dialog .verbs { height: auto; grid-rows: 1; grid-gutter: 0 1; }
    Dialog .verbs > Button { width: 1fr; padding: 0; }
    Dialog Button { border: none !important; height: 1 !important; min-width: 8; padding: 0 2;
        background: $surface !important; color: $foreground !important; text-style: none; }
    Dialog Button.-main { color: $primary !important; text-style: bold; }
    Dialog Button.-danger { color: $error !important; }
    Dialog Button:hover { background: $primary 25% !important; }
    Dialog Button:focus {
        background: $primary !important; color: $background !important; text-style: bold !important;
    }
    Dialog Button.-danger:focus { background: $error !important; }
    Dialog Checkbox { border: none; height: 1; padding: 0; background: transparent; width: 1fr; margin-bottom: 1; }
    Dialog Checkbox:focus { border: none; background: $primary 15%; }
    Dialog Checkbox > .toggle--button { color: $foreground 70%; background: transparent; }
    Dialog Checkbox.-on > .toggle--button { color: $primary; background: transparent; }
    Dialog OptionList { border: none; height: auto; background: transparent; padding: 0; }
    Dialog OptionList:focus { border: none; }
    Dialog OptionList > .option-list--option-highlighted {
        background: $primary 28% !important; color: $foreground !important; text-style: none !important;
    }
    """

    title_words: str = ""
    is_choosing = False
    """Whether the user moves in a list below the line they type in; then the terminal's cursor stands there."""
    _has_left = False

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Leave with a result. A second wish to leave changes nothing, nor does one from under another dialog."""
        if self._has_left or self.app.screen is not self:
            return AwaitComplete()
        self._has_left = True
        return super().dismiss(result)

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield words(self.title_words, "title")
            yield from self.content()

    @property
    def cursor_place(self) -> Offset | None:
        """Where the terminal's cursor is to stand, if not on what has the focus."""
        return self.query_one(Choices).cursor_place if self.is_choosing else None

    def content(self) -> ComposeResult:
        """Yield what stands below the title."""
        yield from ()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.height < LOW, "-low")

    def tell(self, sentence: str) -> None:
        """Show what is wrong; an empty sentence takes that back."""
        problem = self.query_one(".problem", Static)
        problem.update(sentence)
        problem.set_class(bool(sentence), "-told")

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.action_cancel()

    def action_cancel(self) -> None:
        """Leave with nothing done."""
        self.dismiss(None)


class PushButton(Button):
    """A button, which the space bar presses too."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "press", "Press", show=False)]


class Tick(Checkbox):
    """A check box that shows its state by a character, not by a colour alone."""

    @property
    def _button(self) -> Content:
        return Content.styled("[x]" if self.value else "[ ]", self.get_visual_style("toggle--button"))


class Choices(OptionList, inherit_bindings=False):
    """A list to choose from that can be left and paged through whatever its size."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Select", show=False),
        *moves({"up": "cursor_up", "down": "cursor_down", "page-up": "page_up", "page-down": "page_down"}),
        *moves({"first": "first", "last": "last"}),
    ]

    @property
    def cursor_place(self) -> Offset:
        """Where the terminal's cursor is to stand: on the option under the list's own."""
        line = self._index_to_line.get(self.highlighted or 0, 0)
        return self.content_region.offset + Offset(0, line - round(self.scroll_offset.y))

    def fill(self, options: Iterable[Text]) -> None:
        """Put other options in, with the cursor on the same place."""
        kept = self.highlighted or 0
        self.clear_options()
        self.add_options([Option(option) for option in options])
        self.display = bool(self.options)
        if self.options:
            self.highlighted = min(kept, len(self.options) - 1)

    def action_page_up(self) -> None:
        """Move up by some options. A page of Textual's own cannot be reckoned where a list has no room for a line."""
        self._page(-1)

    def action_page_down(self) -> None:
        """Move down by some options."""
        self._page(1)

    def _page(self, direction: int) -> None:
        if self.options:
            step = direction * max(1, self.size.height // 2)
            self.highlighted = max(0, min(len(self.options) - 1, (self.highlighted or 0) + step))


class Line(Input):
    """A field for one line of text."""

    @property
    def cursor_place(self) -> Offset:
        """Where the terminal's cursor is to stand: where the next character goes. Textual's own is one further."""
        column = self._position_to_cell(self.cursor_position) - round(self.scroll_offset.x)
        return self.content_region.offset + Offset(column, 0)


def words(text: str, classes: str = "words") -> Static:
    """Return text that is never read as markup."""
    return Static(text, markup=False, classes=classes)


def problem() -> Static:
    """Return the place for :meth:`Dialog.tell`."""
    return words("", "problem")


def two_columns(rows: Iterable[tuple[str | Text, str | Text]], first: int = 11) -> Table:
    """Return names, at most ``first`` cells wide, beside what they stand for, each wrapped in its own column."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(max_width=first, min_width=min(first, 11))
    table.add_column(ratio=1, overflow="fold")
    for name, value in rows:
        left = Text(name, "dim") if isinstance(name, str) else name
        table.add_row(left, Text(value) if isinstance(value, str) else value)
    return table


def field(label: str, widget: Widget) -> Horizontal:
    """Return a widget with words before it."""
    return Horizontal(words(label, "label"), widget, classes="field")


def buttons(*choices: Button) -> Horizontal:
    """Return a row of buttons at the right."""
    return Horizontal(*choices, classes="buttons")


def verbs(*choices: Button) -> ItemGrid:
    """Return buttons in as many columns as fit."""
    return ItemGrid(*choices, min_column_width=16, classes="verbs")


def button(label: str, id: str, kind: str = "") -> Button:  # noqa: A002 - Textual's own name for it
    """Return a button; ``kind`` is empty, ``main`` or ``danger``."""
    return PushButton(Text(label), id=id, compact=True, classes=f"-{kind}" if kind else "")


def line(
    value: str = "",
    *,
    placeholder: str = "",
    id: str,  # noqa: A002 - Textual's own name for it
    is_secret: bool = False,
    suggester: Suggester | None = None,
) -> Input:
    """Return a field for one line of text."""
    widget = Line(
        value,
        placeholder=placeholder,
        id=id,
        password=is_secret,
        select_on_focus=False,
        suggester=suggester,
    )
    # A blinking cursor wakes the program twice a second for nothing.
    widget.cursor_blink = False
    return widget


class GroupSuggester(Suggester):
    """Complete the last of several group names parted by commas; the right arrow takes the completion."""

    def __init__(self, groups: list[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._groups = [group for group in groups if group == sanitize_line(group)]

    async def get_suggestion(self, value: str) -> str | None:
        *_, last = value.rpartition(",")
        typed = last.lstrip()
        if not typed:
            return None
        for group in self._groups:
            if group.casefold().startswith(typed.casefold()) and group != typed:
                return value + group[len(typed) :]
        return None


def address_problem(text: str) -> tuple[BareJID | None, str]:
    """Read an address as it is typed: the address, or the sentence that says what is wrong with it."""
    text = text.strip()
    if not text:
        return None, ""
    try:
        jid = BareJID.parse(text)
    except JIDError as error:
        return None, str(error)
    if jid.local is None:
        return None, "The part before @ is missing: an address looks like name@example.com."
    return jid, ""
