"""Choose one of the saved layouts, or delete one."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList

from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.layouts import Layouts, SavedLayout, delete, words_of
from tui_xmpp.ui.screens.dialog import Choices, Dialog, words


class LayoutsScreen(Dialog[SavedLayout]):
    """The layouts by name, each with whose chats it holds; Enter takes one up."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("delete", "delete", "Delete", show=False)]
    DEFAULT_CSS = """
    LayoutsScreen OptionList { max-height: 20; scrollbar-size-vertical: 1; }
    LayoutsScreen .dim { margin-top: 1; margin-bottom: 0; }
    """

    title_words = "Layouts"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._layouts: tuple[SavedLayout, ...] = ()

    def content(self) -> ComposeResult:
        yield Choices()
        yield words("Enter take it up · Del delete · Esc", "dim")

    def on_mount(self) -> None:
        self._fill()
        self.query_one(Choices).focus()

    def _fill(self) -> None:
        self._layouts = Layouts(self._desk.client).all()
        if self._layouts:
            self.query_one(Choices).fill([self._drawn(layout) for layout in self._layouts])
        else:
            self.dismiss(None)

    def _drawn(self, layout: SavedLayout) -> Text:
        text = Text(layout.name, no_wrap=True, overflow="ellipsis")
        return text.append(f"  {words_of(self._desk, layout)}", "dim")

    def action_delete(self) -> None:
        """Forget the layout under the cursor."""
        at = self.query_one(Choices).highlighted
        if at is not None:
            delete(self._desk, self._layouts[at], self._fill)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._layouts[event.option_index])
