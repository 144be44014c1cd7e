"""What the screen costs: bytes to the terminal, a resize, and going from one long conversation to another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

from tests.bench.figures import Row, at_most, median
from tests.bench.keys import BACKSPACE, KEY, open_chat
from tests.bench.stage import Person, Stage, start_empty
from tests.support.terminal import Terminal
from tui_xmpp.core.events import ArchivePageReceived
from tui_xmpp.core.model import ArchiveEntry, Direction, Message
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.archive import Archive

COUNTED = 20
ON_SCREEN = 500
LONG = 100_000
PAGE = 1000
SETTLED = 0.15
"""Seconds without output after which all that a key or message brings has been written."""
LAST_CHAT = "\x1bl"  # Alt+L


def screen(stage: Stage, runs: int) -> list[Row]:
    """Measure bytes for a key and a message, a resize with 500 messages, and the way between two long chats."""
    with start_empty() as terminal:
        terminal.wait_for("EMPTY")
        terminal.quiet(SETTLED)
        empty_bytes = median([bytes_of_key(terminal) for _ in range(COUNTED)])
    person = stage.person(50)
    key_bytes: list[float] = []
    message_bytes: list[float] = []
    resizes: list[float] = []
    resize_cpus: list[float] = []
    with person.online() as terminal:
        open_chat(stage, terminal)
        key_bytes += [bytes_of_key(terminal) for _ in range(COUNTED)]
        start = len(terminal.output)
        stage.cast.say_all(person.jid, (spoken(number) for number in range(ON_SCREEN)))
        terminal.wait_for(spoken(ON_SCREEN - 1)[:9], start=start)
        terminal.quiet(SETTLED)
        for number in range(ON_SCREEN, ON_SCREEN + COUNTED):
            start = len(terminal.output)
            stage.cast.say(person.jid, spoken(number))
            terminal.wait_for(spoken(number)[:9], start=start)
            terminal.quiet(SETTLED)
            message_bytes.append(len(terminal.output) - start)
        for _ in range(runs):
            for columns, rows in ((90, 30), (120, 40)):
                start, before, began = len(terminal.output), terminal.cpu, time.perf_counter()
                terminal.resize(columns, rows)
                resizes.append((terminal.wait_for(spoken(number)[:9], start=start) - began) * 1000)
                terminal.quiet(SETTLED)
                resize_cpus.append((terminal.cpu - before) * 1000)
    switches = switch(stage, runs)
    return [
        Row("bytes to the terminal for a key", median(key_bytes), empty_bytes, at_most(500), is_of_speed=False),
        Row("bytes to the terminal for a message", median(message_bytes), None, at_most(6000), is_of_speed=False),
        Row(f"resize with {ON_SCREEN} messages, ms", median(resizes), None, at_most(50)),
        Row(f"resize with {ON_SCREEN} messages, processor, ms", median(resize_cpus), None, at_most(50)),
        Row(f"from one chat of {LONG:,} messages to another, ms", median(switches), None, at_most(50)),
    ]


def spoken(number: int) -> str:
    return f"said{number:05} and a few more words, as people write them to each other all day long"


def bytes_of_key(terminal: Terminal) -> float:
    """Type one letter and take it back; return the bytes written for one of both."""
    start = len(terminal.output)
    terminal.send(KEY)
    terminal.wait_for(KEY, start=start)
    terminal.quiet(SETTLED)
    terminal.send(BACKSPACE)
    terminal.quiet(SETTLED)
    return (len(terminal.output) - start) / 2


def switch(stage: Stage, runs: int) -> list[float]:
    """Return the ms it takes to go to the last chat, both of 100,000 messages."""
    person = stage.person(50)
    fill(person, [BareJID.parse(stage.cast.contact(number)) for number in (0, 1)])
    spent: list[float] = []
    with person.online() as terminal:
        for number in (0, 1):
            start = len(terminal.output)
            terminal.send(f"/chat {stage.cast.contact(number)}\r")
            terminal.wait_for(last_of(number), start=start)
            terminal.quiet(SETTLED)
        for run in range(2 * runs):
            start, began = len(terminal.output), time.perf_counter()
            terminal.send(LAST_CHAT)
            spent.append((terminal.wait_for(last_of(run % 2), start=start) - began) * 1000)
            terminal.quiet(SETTLED)
    return spent


def last_of(chat: int) -> str:
    return f"chat{chat}-{LONG - 1:06}"


def fill(person: Person, peers: list[BareJID]) -> None:
    """Put long conversations into the archive of someone who has not started the program yet."""
    account = BareJID.parse(person.jid)
    person.data.mkdir(exist_ok=True)
    with closing(Archive.open(person.data / "archive.sqlite")) as archive:
        for chat, peer in enumerate(peers):
            after = None
            for page in pages(account, peer, chat):
                archive.write([ArchivePageReceived(account, page, after, True, False, peer, False)])
                after = page[-1].archive_id


def pages(account: BareJID, peer: BareJID, chat: int) -> Iterator[tuple[ArchiveEntry, ...]]:
    """Yield the server's archive of a conversation, a page at a time."""
    first = datetime.now(UTC) - timedelta(seconds=60 * LONG)
    for start in range(0, LONG, PAGE):
        yield tuple(
            ArchiveEntry(
                f"{chat}-{number}",
                stamp := first + timedelta(seconds=59 * number),
                Message(
                    key=f"{chat}-{number}",
                    account=account,
                    peer=peer,
                    direction=Direction.INCOMING,
                    author=peer,
                    stamp=stamp,
                    body=f"chat{chat}-{number:06} and a few more words, as people write them",
                    archive_id=f"{chat}-{number}",
                ),
            )
            for number in range(start, start + PAGE)
        )
