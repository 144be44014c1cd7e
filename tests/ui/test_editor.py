"""The user's own editor: found, run in the terminal, and its text brought back."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.scenes import DARCY, ELIZABETH, netherfield
from tests.support.terminal import Terminal
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.desk import VerbError
from tui_xmpp.ui.editor import editor_command

EDITOR = """
import os, stat, sys
path = sys.argv[1]
modes = [oct(stat.S_IMODE(os.stat(each).st_mode)) for each in (path, os.path.dirname(path))]
print("EDITING", *modes, flush=True)
open(sys.argv[2], "w").write(path)
sys.stdin.readline()
with open(path, "a") as file:
    file.write(" dances" + "\\n")
sys.exit(int(os.environ.get("EDITOR_FAILS", "0")))
"""


def test_the_editor_is_the_one_the_user_named(tmp_path: Path) -> None:
    assert editor_command({"VISUAL": f"{sys.executable} -x", "EDITOR": "sh"}) == [sys.executable, "-x"]
    assert editor_command({"VISUAL": " ", "EDITOR": "sh"}) == ["sh"]
    for wrong in ("no-such-editor", "'unfinished"):
        with pytest.raises(VerbError, match=r"\$EDITOR names an editor that is not here"):
            editor_command({"EDITOR": wrong})


def test_without_any_editor_the_user_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(VerbError, match=r"set \$EDITOR"):
        editor_command({})


async def test_where_no_terminal_can_be_handed_over_the_text_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "true")
    scene = netherfield()
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(100, 30)) as pilot:
        app.main.open_chat(ELIZABETH, DARCY)
        await pilot.press("h", "i", "ctrl+x", "ctrl+e")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.main.conversation.composer.text == "hi"
        assert any("cannot be handed" in toast.message for toast in app._notifications)


@pytest.mark.parametrize("fails", ["0", "3"])
def test_the_editor_has_the_terminal_and_its_text_comes_back(tmp_path: Path, fails: str) -> None:
    script, seen = tmp_path / "editor.py", tmp_path / "seen"
    script.write_text(EDITOR)
    wrapper = tmp_path / "editor"
    wrapper.write_text(f'#!/bin/sh\nexec {sys.executable} {script} "$1" {seen}\n')
    wrapper.chmod(0o700)
    environment = {"EDITOR": str(wrapper), "EDITOR_FAILS": fails}
    with Terminal([sys.executable, "-m", "tui_xmpp", "--demo"], environment=environment) as terminal:
        terminal.wait_for("Darcy")
        terminal.send("/chat darcy@pemberley.lit\r")
        terminal.wait_for("as elizabeth")
        terminal.send("Jane")
        terminal.wait_for("Jane")
        terminal.send("\x18\x05")
        terminal.wait_for("EDITING 0o600 0o700")
        start = len(terminal.output)
        terminal.send("\n")
        terminal.wait_for("dances" if fails == "0" else "error (3)", start=start)
    assert not Path(seen.read_text()).exists()
