"""The small questions about what was said: which day, which file."""

from __future__ import annotations

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.widgets import Button, Checkbox, Input, Static

from tui_xmpp.jid import BareJID
from tui_xmpp.ui import history
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.screens.dialog import Dialog, Tick, button, buttons, field, line, problem, verbs, words


class DateScreen(Dialog[str]):
    """Ask for a day, in words or figures; the result is what was typed."""

    title_words = "Go to a day"

    DEFAULT_CSS = """
    DateScreen .verbs { margin-bottom: 1; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    def content(self) -> ComposeResult:
        yield field("Day", line(placeholder="2026-11-21, 3 may, monday, 2 weeks ago", id="day"))
        yield words("", "words dim meant")
        yield verbs(*(button(day.capitalize(), f"day-{number}") for number, day in enumerate(history.DAYS)))
        yield problem()
        yield buttons(button("Cancel", "cancel"), button("Go", "go", "main"))

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._typed()

    @on(Input.Changed)
    def _typed(self) -> None:
        text = self.query_one(Input).value.strip()
        moment = history.moment_of(self._desk, text) if text else None
        meant = "The chat is shown as it was on that day."
        if moment is not None and text.casefold() != history.DAYS[-1]:
            local = moment.astimezone()
            meant = history.day_words(moment) + (f", {local:%H:%M}" if local.hour or local.minute else "")
        self.query_one(".meant", Static).update(meant)
        self.tell("")

    @on(Input.Submitted)
    @on(Button.Pressed, "#go")
    def _go(self) -> None:
        self._leave_with(self.query_one(Input).value.strip())

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        kind, _, number = (event.button.id or "").partition("-")
        if kind == "day":
            self._leave_with(history.DAYS[int(number)])

    def _leave_with(self, text: str) -> None:
        if history.moment_of(self._desk, text) is None:
            self.tell("That is no day. Write one as 2026-11-21, 3 may, yesterday, monday, last week or 2 weeks ago.")
            return
        self.dismiss(text)


class ExportScreen(Dialog[None]):
    """Ask for the file a chat is written into; one that is there is never written over."""

    DEFAULT_CSS = """
    ExportScreen > VerticalScroll { width: 84; }
    """

    def __init__(self, desk: Desk, account: BareJID, peer: BareJID) -> None:
        super().__init__()
        self._desk = desk
        self._account = account
        self._peer = peer
        self.title_words = f"Write the chat with {desk.title(account, peer)} into a file"

    def content(self) -> ComposeResult:
        yield field("File", line(str(history.export_path(self._desk, self._peer, ".txt")), id="path"))
        yield Tick("For programs: JSON lines (.jsonl), with ids", False, id="json")
        yield words("All that is stored here is written, readable by you alone.", "words dim")
        yield problem()
        yield buttons(button("Cancel", "cancel"), button("Write", "go", "main"))

    def on_mount(self) -> None:
        path = self.query_one(Input)
        path.focus()
        path.cursor_position = len(path.value)

    @on(Checkbox.Changed)
    def _format_changed(self, event: Checkbox.Changed) -> None:
        path = self.query_one(Input)
        stem = path.value.removesuffix(".jsonl").removesuffix(".txt")
        path.value = stem + (".jsonl" if event.value else ".txt")

    @on(Input.Changed)
    def _typed(self) -> None:
        self.tell("")

    @on(Input.Submitted)
    @on(Button.Pressed, "#go")
    def _go(self) -> None:
        text = self.query_one(Input).value.strip()
        path = Path(text).expanduser().absolute()
        if not text or path.is_dir():
            self.tell("Say which file to write.")
        elif path.exists():
            self.tell(f"{path} is there already and is not written over: choose another name.")
        elif not path.parent.is_dir():
            self.tell(f"There is no folder {path.parent}.")
        else:
            self.dismiss(None)
            history.export_to(self._desk, self._account, self._peer, path)
