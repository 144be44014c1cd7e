"""Keys out of a real terminal: each is told, and the thread that reads them ends when it should."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.terminal import Terminal

PROGRAM = """
from textual.app import App
from tui_xmpp.ui import chords
from tui_xmpp.ui.driver import TerminalDriver

chords.tell_apart()

class Told(App):
    def on_ready(self):
        print("(ready)", file=log, flush=True)

    def on_key(self, event):
        print(f"({event.key})", file=log, flush=True)
        if event.key == "x":
            with self.suspend():
                print("(away)", file=log, flush=True)
            print("(back)", file=log, flush=True)
        if event.key == "q":
            self.exit()

with open(LOG, "w") as log:
    Told(driver_class=TerminalDriver).run()
"""


@pytest.mark.parametrize("end", ["q", "xaq", "xxaq"])
def test_keys_are_told_also_after_the_terminal_was_handed_over(tmp_path: Path, end: str) -> None:
    log = tmp_path / "log"
    with Terminal([sys.executable, "-c", PROGRAM.replace("LOG", repr(str(log)))]) as terminal:
        wait_for_lines(terminal, log, ["ready"])
        terminal.send("aé\x1b[A")
        terminal.send("\x1bl")
        told = ["ready", "a", "é", "up", "alt+l"]
        for key in ("\x1b", *end):
            wait_for_lines(terminal, log, told)
            terminal.send(key)
            told += ["escape" if key == "\x1b" else key, *(["away", "back"] if key == "x" else [])]
        assert terminal.wait_for_end() == 0
    assert lines(log) == told


def test_a_character_that_comes_in_parts_is_one(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Terminal([sys.executable, "-c", PROGRAM.replace("LOG", repr(str(log)))]) as terminal:
        wait_for_lines(terminal, log, ["ready"])
        first, last = "é".encode()[:1], "é".encode()[1:]
        terminal.send(first)
        terminal.pump(0.05)
        terminal.send(last)
        wait_for_lines(terminal, log, ["ready", "é"])
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert lines(log) == ["ready", "é", "q"]


def test_alt_with_a_digit_or_with_enter_is_told_as_that(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Terminal([sys.executable, "-c", PROGRAM.replace("LOG", repr(str(log)))]) as terminal:
        wait_for_lines(terminal, log, ["ready"])
        told = ["ready"]
        for sent, key in (("\x1b1", "alt+1"), ("\x1b9", "alt+9"), ("\x1b\r", "ctrl+j"), ("q", "q")):
            terminal.send(sent)
            told.append(key)
            wait_for_lines(terminal, log, told)
        assert terminal.wait_for_end() == 0
    assert lines(log) == told


def test_errors_may_be_sent_elsewhere(tmp_path: Path) -> None:
    log, errors = tmp_path / "log", tmp_path / "errors"
    program = PROGRAM.replace("LOG", repr(str(log)))
    with Terminal(["/bin/sh", "-c", 'exec "$0" -c "$1" 2>"$2"', sys.executable, program, str(errors)]) as terminal:
        wait_for_lines(terminal, log, ["ready"])
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert errors.read_text() == ""


def lines(log: Path) -> list[str]:
    return log.read_text().replace("(", "").replace(")", "").split() if log.exists() else []


def wait_for_lines(terminal: Terminal, log: Path, told: list[str]) -> None:
    for _ in range(1000):
        if len(lines(log)) >= len(told):
            return
        terminal.pump(0.05)
    raise TimeoutError(f"{lines(log)} instead of {told}")
