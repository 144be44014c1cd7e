"""The whole program in a real terminal against a real server: what a person types and sees."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyte
import pytest

from tests.support.prosody import Prosody, RosterItem
from tests.support.slixmpp_peer import Peers
from tests.support.terminal import Terminal
from tests.support.xmpp_server import Account, XmppServer
from tui_xmpp import __version__

PROGRAM = (sys.executable, "-m", "tui_xmpp")
DEADLINE = 20.0
COLUMNS, ROWS = 100, 30


class Monitor:
    """A terminal whose screen can be read."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._read = 0

    @property
    def rows(self) -> list[str]:
        new = bytes(self.terminal.output[self._read :])
        self._read += len(new)
        self._stream.feed(new)
        # Not pyte's own ``display``, which breaks on a cell a wide letter was erased from.
        lines = (self._screen.buffer[y] for y in range(ROWS))
        return ["".join(line[x].data for x in range(COLUMNS)).rstrip() for line in lines]

    def shows(self, *texts: str) -> bool:
        screen = "\n".join(self.rows)
        return all(text in screen for text in texts)

    async def until(self, look: Callable[[], bool]) -> None:
        """Wait until the screen is as wanted, or tell what is on it."""
        await asyncio.to_thread(self._wait, look)

    def _wait(self, look: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE
        while not look():
            if time.monotonic() > deadline or self.terminal.process.poll() is not None:
                raise TimeoutError("the screen does not show it, but:\n" + "\n".join(self.rows))
            self.terminal.pump(1.0)

    async def leaves(self) -> int:
        """Type /quit and return the exit status."""
        self.terminal.send("/quit\r")
        try:
            return await asyncio.to_thread(self.terminal.wait_for_end)
        except TimeoutError:
            raise TimeoutError("it does not leave, but shows:\n" + "\n".join(self.rows)) from None

    async def types(self, keys: str, look: Callable[[], bool]) -> None:
        """Type and wait for what is to be seen of it."""
        self.terminal.send(keys)
        await self.until(look)


@contextmanager
def monitor(arguments: Sequence[str], environment: Mapping[str, str]) -> Generator[Monitor]:
    command = (*PROGRAM, *arguments)
    with Terminal(command, columns=COLUMNS, rows=ROWS, environment=environment) as terminal:
        yield Monitor(terminal)


def write_settings(folder: Path, server: XmppServer, account: Account, more: str = "") -> list[str]:
    """Write a settings file with a complete account; return the arguments that use it."""
    file = folder / "config.toml"
    file.write_text(f"""
[[accounts]]
jid = "{account.jid}"
host = "{server.host}"
port = {server.starttls_port}
tls = "starttls"
ca_file = "{server.ca_file}"
{more}
""")
    return ["--config", str(file), "--data-dir", str(folder / "data")]


def friends(prosody: Prosody) -> tuple[Account, Account]:
    """Return a user and a contact who see each other."""
    user, contact = prosody.user("elizabeth"), prosody.user("jane")
    prosody.write_roster(user.jid, [RosterItem(contact.jid, "Jane Bennet", ("Sisters",))])
    prosody.write_roster(contact.jid, [RosterItem(user.jid, "Lizzy")])
    return user, contact


async def test_a_complete_account_logs_in_unasked_chats_and_leaves_politely(
    prosody: Prosody, peers: Peers, tmp_path: Path
) -> None:
    user, contact = friends(prosody)
    peer = await peers.login(prosody, contact)
    await peer.send_presence(show="chat", status="Come and see")
    arguments = write_settings(tmp_path, prosody, user)
    with monitor(arguments, {"TUI_XMPP_PASSWORD": user.password}) as seen:
        # It opens on the roster and asks nothing.
        await seen.until(lambda: seen.shows("Sisters", "Jane Bennet", "Come and"))
        hello = await peer.wait_for("presence", type="", sender=user.jid)
        assert not seen.shows("Password")
        # /chat opens a conversation, with the cursor in the composer.
        await seen.types(f"/chat {contact.jid}\r", lambda: seen.shows("free to chat · Come and see"))
        await seen.types("Dearest Jane", lambda: seen.shows("Dearest Jane"))
        assert not any(stanza.kind == "message" for stanza in peer.received)
        seen.terminal.send("\r")
        sent = await peer.wait_for("message", sender=hello.sender)
        assert (sent.body, sent.type) == ("Dearest Jane", "chat")
        await peer.send_message(hello.sender, "I would by no means suspend any pleasure of yours")
        await seen.until(lambda: seen.shows("Dearest Jane", "I would by no means suspend"))
        # Ctrl+U empties the composer; nothing of it is sent.
        await seen.types("/nonsense to be forgotten", lambda: seen.shows("to be forgotten"))
        await seen.types("\x15", lambda: not seen.shows("to be forgotten"))
        await seen.types("Goodbye", lambda: seen.shows("Goodbye"))
        seen.terminal.send("\r")
        assert (await peer.wait_for("message")).body == "Goodbye"
        status = await seen.leaves()
        await peer.wait_for("presence", type="unavailable", sender=hello.sender)
        assert status == 0
    # The next start shows what was said before it is connected.
    arguments = write_settings(tmp_path, prosody, user)
    with monitor(arguments, {"TUI_XMPP_PASSWORD": user.password}) as seen:
        await seen.until(lambda: seen.shows("Jane Bennet"))
        await seen.types(f"/query {contact.jid}\r", lambda: seen.shows("I would by no means suspend", "Goodbye"))
        assert await seen.leaves() == 0


async def test_what_is_wrong_in_the_settings_is_shown_and_the_rest_is_used(prosody: Prosody, tmp_path: Path) -> None:
    user, _ = friends(prosody)
    arguments = write_settings(tmp_path, prosody, user, 'colour = "red"\n[ui]\nroster_width = "wide"\n')
    with monitor(arguments, {"TUI_XMPP_PASSWORD": user.password}) as seen:
        await seen.until(lambda: seen.shows("Jane Bennet"))
        await seen.until(lambda: seen.shows("colour") and seen.shows("roster_width"))
        assert await seen.leaves() == 0


def test_without_a_terminal_it_says_so_in_one_sentence() -> None:
    ran = run()
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.startswith("tui-xmpp: ")
    assert "terminal" in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_the_version_needs_no_terminal() -> None:
    ran = run("--version")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"tui-xmpp {__version__}\n", "")


@pytest.mark.parametrize(("arguments", "named"), [(["a b@c"], "JID"), (["--port", "5222"], "--port")])
def test_wrong_arguments_are_named(arguments: list[str], named: str) -> None:
    ran = run(*arguments)
    assert ran.returncode == 2
    assert named in ran.stderr.splitlines()[-1]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        env={**os.environ, "NO_COLOR": "1"},
    )
