"""The program as a job in a real terminal: ended by the system, stopped, brought back, its terminal taken away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.terminal import Terminal

HERE = Path(__file__).parents[2]
PROGRAM = """
from tests.support.scenes import DARCY, ELIZABETH, netherfield
from tui_xmpp.core.commands import SaveDraft
from tui_xmpp.ui.app import TuiXmppApp

scene = netherfield()
app = TuiXmppApp(scene.client)
app.call_later(app.call_after_refresh, app.main.open_chat, ELIZABETH, DARCY)
app.run()
with open(LOG, "w") as log:
    drafts = [command.text for command in scene.engine.of(SaveDraft)]
    print(*drafts[-1:], scene.engine.is_closed, file=log)
"""


def program(log: Path) -> Terminal:
    return Terminal(
        [sys.executable, "-c", PROGRAM.replace("LOG", repr(str(log)))], environment={"PYTHONPATH": str(HERE)}
    )


def begin(terminal: Terminal) -> None:
    terminal.wait_for("darcy@pemberley.lit")
    terminal.quiet(0.3)
    terminal.send("half a word")
    terminal.wait_for("half a word")


def test_the_system_ends_it_politely_however_it_asks(tmp_path: Path) -> None:
    with program(tmp_path / "log") as terminal:
        begin(terminal)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTERM):
            terminal.process.send_signal(number)
        assert terminal.wait_for_end() == 0
    # The shell gets its screen back, and its cursor: to be seen, and of the shell's own shape.
    assert b"\x1b[?1049l" in terminal.output
    assert terminal.output.rfind(b"\x1b[?25h") > terminal.output.rfind(b"\x1b[?25l")
    assert terminal.output.rfind(b"\x1b[0 q") > terminal.output.rfind(b"\x1b[2 q")
    assert (tmp_path / "log").read_text() == "half a word True\n"


def test_it_leaves_when_the_terminal_is_gone(tmp_path: Path) -> None:
    with program(tmp_path / "log") as terminal:
        begin(terminal)
        terminal.hang_up()
        terminal.process.wait(40)
    assert (tmp_path / "log").read_text() == "half a word True\n"


def test_it_says_goodbye_when_its_page_in_a_browser_is_closed(tmp_path: Path) -> None:
    closed = json.dumps({"type": "quit"}).encode()
    driver = {"TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver", "COLUMNS": "120", "ROWS": "40"}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.replace("LOG", repr(str(tmp_path / "log")))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **driver, "PYTHONPATH": str(HERE)},
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        shown = b""
        while b"darcy@pemberley.lit" not in shown:
            shown += os.read(process.stdout.fileno(), 1 << 16)
        process.stdin.write(b"M" + len(closed).to_bytes(4, "big") + closed)
        process.stdin.flush()
        process.stdout.read()
        process.wait(40)
    assert (tmp_path / "log").read_text().endswith("True\n")


def test_all_of_the_screen_is_there_when_it_comes_back(tmp_path: Path) -> None:
    with program(tmp_path / "log") as terminal:
        begin(terminal)
        stopped = len(terminal.output)
        terminal.process.send_signal(signal.SIGTSTP)
        terminal.wait_for("\x1b[?1049l", start=stopped)
        while not _is_stopped(terminal.process.pid):
            time.sleep(0.02)
        back = len(terminal.output)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_for("darcy@pemberley.lit", start=back)


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("has_shell", [True, False])
def test_a_job_is_stopped_only_where_a_shell_can_bring_it_back(has_shell: bool) -> None:
    command = [sys.executable, "-c", "from tui_xmpp.ui.job import has_shell; print(has_shell())"]
    group = {"process_group": 0} if has_shell else {"start_new_session": True}
    told = subprocess.run(command, capture_output=True, text=True, check=True, **group)
    assert told.stdout == f"{has_shell}\n"
