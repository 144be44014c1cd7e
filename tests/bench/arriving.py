"""What arrives: one message, five thousand at once, and a presence from each of two thousand contacts."""

from __future__ import annotations

import random
import threading
import time

from tests.bench.figures import Row, at_most, median, percentile
from tests.bench.keys import open_chat, strokes
from tests.bench.relay import Relay
from tests.bench.stage import ONLINE, QUIET, Stage, contact_name, leave
from tests.support.terminal import Terminal

ECHOES = 100
WAITING = 5000
MANY = 2000


def echo(stage: Stage, runs: int) -> list[Row]:
    """Measure from a contact's sending to the message on the screen."""
    other = stage.person(0)
    least: list[float] = []
    ours: list[float] = []
    for _ in range(max(1, runs // 2)):
        with stage.receiver(other.account) as receiver:
            receiver.come_online()
            stage.cast.settle()
            for number in range(ECHOES):
                time.sleep(random.uniform(0.03, 0.08))
                began = time.perf_counter()
                stage.cast.say(other.jid, f"echo{number:05}.")
                least.append((receiver.wait_for(f"echo{number:05}.") - began) * 1000)
        person = stage.person(50)  # a new one: the server keeps what was said to the one before
        with person.online() as terminal:
            open_chat(stage, terminal)
            for number in range(ECHOES):
                rest(terminal, random.uniform(0.03, 0.08))
                start, began = len(terminal.output), time.perf_counter()
                stage.cast.say(person.jid, f"echo{number:05}.")
                ours.append((terminal.wait_for(f"echo{number:05}.", start=start) - began) * 1000)
    return [
        Row("echo: contact sends to visible, median, ms", median(ours), median(least), at_most(5)),
        Row(
            "echo: contact sends to visible, 95 of 100, ms",
            percentile(ours, 0.95),
            percentile(least, 0.95),
            at_most(10),
        ),
    ]


def rest(terminal: Terminal, seconds: float) -> None:
    """Read on for so long."""
    until = time.perf_counter() + seconds
    while (left := until - time.perf_counter()) > 0:
        terminal.pump(left)


def waiting_body(number: int) -> str:
    """Return the text of a message that waits; none is part of another."""
    return f"waiting-{number:05} and a few more words, as people write them"


def backlog(stage: Stage, runs: int) -> list[Row]:
    """Measure 5,000 messages that waited on the server until the last is shown in an open conversation.

    Time counts from their beginning to arrive: what the server needs to read its disk is not the client's.
    """
    person = stage.person(50)
    least: list[float] = []
    walls: list[float] = []
    cpus: list[float] = []
    began = threading.Event()
    flood: list[tuple[float, float]] = []
    program: list[Terminal] = []

    def note() -> None:
        flood.append((time.perf_counter(), program[-1].cpu if program else 0.0))
        began.set()

    with Relay(stage.server.starttls_port, note) as relay:
        through_relay = person.through(relay.port)
        with through_relay.online() as terminal:
            open_chat(stage, terminal)
            start = len(terminal.output)
            terminal.send("/offline\r")
            terminal.wait_for("not connected", start=start)
            terminal.quiet(QUIET)
        through_relay.keep()
        put_back = stage.keep_waiting(person, waiting_body, WAITING)
        last = waiting_body(WAITING - 1)[:13]
        for run in range(runs):
            if run:
                put_back()
            with stage.receiver(person.account) as receiver:
                receiver.come_online()
                first = receiver.wait_for(waiting_body(0)[:13])
                least.append(receiver.wait_for(last) - first)
            put_back()
            through_relay.restore()
            began.clear()
            with through_relay.start() as terminal:
                terminal.wait_for(contact_name(30))
                terminal.quiet(QUIET)
                program.append(terminal)
                open_chat(stage, terminal)
                start = len(terminal.output)
                terminal.send("/online\r")
                terminal.wait_for(ONLINE, start=start)
                shown = terminal.wait_for(last, start=start)
                used = terminal.cpu
                assert began.wait(5)
                walls.append(shown - flood[-1][0])
                cpus.append(used - flood[-1][1])
                terminal.quiet(QUIET)
                leave(terminal)
    return [
        Row("5,000 waiting messages, all shown, s", median(walls), median(least), at_most(1.0)),
        Row("5,000 waiting messages, processor, s", median(cpus), None, at_most(0.9)),
    ]


def presences(stage: Stage, runs: int) -> list[Row]:
    """Measure a presence from each of 2,000 contacts until all are shown, and the longest wait of a key meanwhile."""
    person = stage.person(MANY)
    shown: list[float] = []
    waits: list[float] = []
    everyone = f"{MANY} online"
    for _ in range(runs):
        with person.online() as terminal:
            stage.cast.wait_for_probes(MANY)
            start, began = len(terminal.output), time.perf_counter()
            stage.cast.appear(person.jid, range(MANY))
            shown.append((terminal.wait_for(everyone, start=start) - began) * 1000)
        with person.online() as terminal:
            stage.cast.wait_for_probes(MANY)
            open_chat(stage, terminal)
            start = len(terminal.output)
            sender = threading.Thread(target=stage.cast.appear, args=(person.jid, range(MANY)))
            sender.start()
            waits.append(max(strokes(terminal, 10, rest=0.01)))
            sender.join()
            terminal.wait_for(everyone, start=start)
    return [
        Row("presence of each of 2,000 contacts, all shown, ms", median(shown), None, at_most(1000)),
        Row("longest wait of a key meanwhile, ms", median(waits)),
    ]
