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

from tests.support.ejabberd import Ejabberd
from tests.support.prosody import Prosody, RosterItem
from tests.support.slixmpp_peer import Peers
from tests.support.terminal import Terminal
from tests.support.xmpp_server import Account, XmppServer
from tui_xmpp import __version__

PROGRAM = (sys.executable, "-m", "tui_xmpp")
DEADLINE = 40.0
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

    @property
    def cursor(self) -> tuple[int, int] | None:
        """Where the terminal shows its cursor, as column and row; None where it shows none."""
        assert self.rows
        cursor = self._screen.cursor
        return None if cursor.hidden else (cursor.x, cursor.y)

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

    async def clicks(self, text: str, look: Callable[[], bool], *, last: bool = False) -> None:
        """Press the left button on a text and wait for what is to be seen of it."""
        await self._press(*await self._find(text, last=last), look)

    async def fills(self, label: str, text: str) -> None:
        """Press the left button on the field beside a label, and type into it once its tone says that it listens."""
        x, y = await self._find(label)

        def tone() -> str:
            assert self.rows
            return str(self._screen.buffer[y][x + 40].bg)

        before = tone()
        await self._press(x + 14, y, lambda: tone() != before)
        self.terminal.send(text)

    async def _find(self, text: str, *, last: bool = False) -> tuple[int, int]:
        await asyncio.to_thread(self.terminal.quiet, 0.1)  # nobody aims at what moves
        rows = self.rows
        places = [(row.rfind(text) if last else row.find(text), y) for y, row in enumerate(rows) if text in row]
        assert places, "\n".join(["there is no " + text, *rows])
        return places[-1 if last else 0]

    async def _press(self, x: int, y: int, look: Callable[[], bool]) -> None:
        at = f"{x + 2};{y + 1}"  # SGR mouse reports count from one, and a word is surer hit inside
        await self.types(f"\x1b[<0;{at}M\x1b[<0;{at}m", look)

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


async def test_a_new_user_gets_from_the_first_run_to_an_answer_with_keys_alone(
    server: XmppServer, peers: Peers, tmp_path: Path
) -> None:
    user, contact = server.user("mary"), server.user("kitty")
    peer = await peers.login(server, contact)
    await peer.send_presence()
    with monitor([], {"HOME": str(tmp_path)}) as seen:
        await seen.until(lambda: seen.shows("Log in with an XMPP account"))
        await seen.types("\r", lambda: seen.shows("Address", "Connection settings"))
        await seen.types(f"{user.jid}\rnot the password", lambda: seen.shows(user.jid, "•" * 16))
        await seen.types("\t ", lambda: seen.shows("[x] Connection settings", "CA file"))
        where = f"\t{server.host}\t{server.starttls_port}\t\t{server.ca_file}"
        await seen.types(f"{where}\r", lambda: seen.shows("refused the name", user.jid))
        await seen.types(f"{user.password}\r", lambda: seen.shows(f"{user.jid} is connected"))
        await seen.types("\r", lambda: seen.shows("Nobody in your list yet"))
        # What comes before the chat is open is there when it is opened.
        await peer.send_message(user.jid, "Good evening")
        await seen.until(lambda: seen.shows("Not in your list", contact.jid[:12]))
        await seen.types(f"\x0e{contact.jid}\r", lambda: seen.shows("was asked"))
        asked = await peer.wait_for("presence", type="subscribe")
        assert asked.bare_sender == user.jid
        await seen.types("\x0b" + contact.jid.partition("@")[0], lambda: seen.shows("Enter", contact.jid))
        await seen.types("\r", lambda: seen.shows("Good evening"))
        await seen.types("How do you do?\r", lambda: seen.shows("How do you do?", "✓"))
        said = await peer.wait_for("message", body="How do you do?")
        await peer.send_message(said.sender, "Very well")
        await seen.until(lambda: seen.shows("Good evening", "How do you do?", "Very well"))
        assert await seen.leaves() == 0
    assert "Traceback" not in seen.terminal.output.decode(errors="replace")


async def test_a_new_user_needs_the_keys_only_to_write_the_rest_is_done_with_the_mouse(
    ejabberd: Ejabberd, peers: Peers, tmp_path: Path
) -> None:
    user, contact = ejabberd.user("mary"), ejabberd.user("kitty")
    peer = await peers.login(ejabberd, contact)
    await peer.send_presence()
    with monitor([], {"HOME": str(tmp_path)}) as seen:
        await seen.until(lambda: seen.shows("Log in with an XMPP account"))
        await seen.clicks("Log in with", lambda: seen.shows("Connection settings"))
        await seen.clicks("Connection settings", lambda: seen.shows("CA file"))
        await seen.fills("Address", user.jid)
        await seen.fills("Host", ejabberd.host)
        await seen.fills("Port", str(ejabberd.starttls_port))
        await seen.fills("Password", user.password)
        await seen.until(
            lambda: seen.shows(user.jid, ejabberd.host, str(ejabberd.starttls_port), "•" * len(user.password))
        )
        await seen.clicks("Connect", lambda: seen.shows("could not prove who it is", "SHA-256"), last=True)
        await seen.fills("To trust it", "trust")
        await seen.until(lambda: seen.shows("To trust it  trust"))
        await seen.clicks("Trust this", lambda: seen.shows(f"{user.jid} is connected"))
        await seen.clicks("Begin", lambda: seen.shows("Nobody in your list yet"))
        await peer.subscribe(user.jid)
        await seen.until(lambda: seen.shows("! 1 request"))
        await seen.clicks("! 1 request", lambda: seen.shows("A approve"))
        await seen.clicks("B add back", lambda: seen.shows("Approve and add back"))
        await seen.clicks("Approve and add", lambda: seen.shows("Nobody asks"), last=True)
        await peer.wait_for("presence", type="subscribed")
        await peer.wait_for("presence", type="subscribe")
        await peer.subscribed(user.jid)
        await seen.clicks("Close", lambda: seen.shows("Contacts") and not seen.shows("Nobody asks"))
        await seen.until(lambda: seen.shows("● kitty"))
        await seen.clicks("● kitty", lambda: seen.shows("No messages yet"))
        await seen.types("How do you do?\r", lambda: seen.shows("How do you do?", "✓"))
        said = await peer.wait_for("message", body="How do you do?")
        await peer.send_message(said.sender, "Very well")
        await seen.until(lambda: seen.shows("Very well"))
        await seen.clicks("Ctrl+P Commands", lambda: seen.shows("An action, a person, a chat"))
        await seen.types("\x1b", lambda: not seen.shows("An action, a person, a chat"))
        assert await seen.leaves() == 0
    assert "Traceback" not in seen.terminal.output.decode(errors="replace")


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
