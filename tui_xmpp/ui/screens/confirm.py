"""Ask before something that cannot be undone."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button

from tui_xmpp.ui.screens.dialog import Dialog, button, buttons, words


class ConfirmScreen(Dialog[bool]):
    """Say what will happen and do it only when told so; the result is True or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "confirm", "Yes", show=False),
        Binding("n", "cancel", "No", show=False),
        Binding("left", "app.focus_previous", "Previous", show=False),
        Binding("right", "app.focus_next", "Next", show=False),
    ]

    def __init__(self, title: str, text: str, *, yes: str) -> None:
        super().__init__()
        self.title_words = title
        self._text = text
        self._yes = yes

    def content(self) -> ComposeResult:
        yield words(self._text)
        yield buttons(button("Cancel", "cancel"), button(f"{self._yes} (y)", "yes", "danger"))

    @on(Button.Pressed, "#yes")
    def action_confirm(self) -> None:
        """Leave with a yes."""
        self.dismiss(True)
