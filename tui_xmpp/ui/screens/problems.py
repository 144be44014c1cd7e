"""What was wrong when the program started, to be read at leisure: settings, the archive."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button

from tui_xmpp.core.text import sanitize_line
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.keymap import moves
from tui_xmpp.ui.screens.dialog import Dialog, button, buttons, words


class ProblemsScreen(Dialog[None]):
    """Show each problem whole; the program goes on with what was right."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "Copy", show=False),
        *moves({"up": "scroll(-1)", "down": "scroll(1)"}),
    ]

    DEFAULT_CSS = """
    ProblemsScreen > VerticalScroll { width: 92; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._sentences = [sanitize_line(notice, 2000) for notice in desk.app.notices]
        self.title_words = "What was wrong at the start" if self._sentences else "Nothing was wrong at the start"

    def content(self) -> ComposeResult:
        for sentence in self._sentences:
            yield words(f"! {sentence}")
        if self._sentences:
            yield words("Everything else is as you set it. What is mended counts from the next start on.", "words dim")
        yield buttons(button("C copy", "copy"), button("Close", "cancel", "main"))

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus()

    def action_scroll(self, lines: int) -> None:
        """Move what does not fit."""
        self.query_one("VerticalScroll").scroll_relative(y=lines, animate=False)

    @on(Button.Pressed, "#copy")
    def action_copy(self) -> None:
        """Copy all of it."""
        self._desk.app.copy_to_clipboard("\n".join(self._sentences))
        self._desk.say("Copied")
