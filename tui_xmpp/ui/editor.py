"""Write in the user's own editor while the connection lives on."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from tui_xmpp.core.text import sanitize_line
from tui_xmpp.ui.desk import VerbError

if TYPE_CHECKING:
    from tui_xmpp.ui.app import TuiXmppApp
    from tui_xmpp.ui.desk import Desk

_USUAL = ("editor", "nano", "vi")
MOST_TEXT = 1_000_000
"""Bytes of a text that are read back."""


def editor_command(environment: Mapping[str, str]) -> Sequence[str]:
    """Return the words of the user's editor; raise ``VerbError`` where there is none."""
    for name in ("VISUAL", "EDITOR"):
        if not environment.get(name, "").strip():
            continue
        try:
            command = shlex.split(environment[name])
        except ValueError:
            command = []
        if not command or shutil.which(command[0]) is None:
            raise VerbError(f"${name} names an editor that is not here: {sanitize_line(environment[name], 60)}.")
        return command
    found = next((name for name in _USUAL if shutil.which(name)), None)
    if found is None:
        raise VerbError("No editor was found: set $EDITOR to one.")
    return [found]


async def edited(app: TuiXmppApp, text: str) -> str:
    """Hand the terminal to the editor with ``text`` and return what it saved; the session goes on behind it.

    Raises ``VerbError`` if the editor failed, or the terminal cannot be handed over; nothing is lost then.
    """
    command = editor_command(os.environ)
    folder = Path(tempfile.mkdtemp(prefix="tui-xmpp-"))  # for this user's eyes only
    try:
        path = folder / "message.txt"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        code = await _run(app, [*command, str(path)])
        if code:
            raise VerbError(f"The editor ended with an error ({code}): your text is as it was.")
        return path.read_bytes()[:MOST_TEXT].decode(errors="replace").removesuffix("\n")
    except OSError as error:
        raise VerbError(f"The editor could not be used: {error.strerror}. Your text is as it was.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _run(app: TuiXmppApp, command: Sequence[str]) -> int:
    """Run a program in the terminal, with nothing of ours painted meanwhile."""
    # Ctrl+C is for the program in front; a handler, unlike SIG_IGN, is not handed down to it.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        with app.batch_update(), app.away_from_terminal(), app.suspend():
            process = await asyncio.create_subprocess_exec(*command)
            return await process.wait()
    except SuspendNotSupported as error:
        raise VerbError("The terminal cannot be handed to an editor here.") from error
    finally:
        signal.signal(signal.SIGINT, before)
        app.refresh(repaint=True, layout=True)


def edit(desk: Desk, text: str) -> None:
    """Take what is written into the editor, and back."""
    composer = desk.main.conversation.composer
    editor_command(os.environ)

    async def away_and_back() -> None:
        chat = composer.account, composer.peer
        try:
            new = await edited(desk.app, composer.text)
        except VerbError as error:
            desk.complain(str(error))
            return
        if (composer.account, composer.peer) == chat:
            composer.replace_text(new)
            composer.focus()

    desk.app.run_worker(away_and_back(), exit_on_error=False)
