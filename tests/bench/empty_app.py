"""The least a Textual program can be, one line to show and one to type in: the limit for first paint, memory, keys."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Input, Static


class EmptyApp(App[None]):
    """Nothing but Textual."""

    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        yield Static("EMPTY")
        yield Input(classes="-no-blink")

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = False


if __name__ == "__main__":
    EmptyApp().run()
