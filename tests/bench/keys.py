"""What a key costs from the keyboard to the screen, at rest and while messages pour in; what doing nothing costs."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.figures import Row, at_most, median, percentile
from tests.bench.stage import Person, Stage, start_empty
from tests.support.terminal import Terminal

STROKES = 60
KEY, BACKSPACE = "Q", "\x7f"
RATE = 200
FLOOD_SECONDS = 6.0
IDLE_SECONDS = 10.0


def open_chat(stage: Stage, terminal: Terminal, contact: int = 0) -> None:
    """Open a conversation as a user does, and wait for the cursor in its composer."""
    terminal.send(f"/chat {stage.cast.contact(contact)}\r")
    terminal.wait_for("No messages yet")
    terminal.quiet(0.3)


def stroke(terminal: Terminal, rest: float) -> float:
    """Type one letter, wait until it is on the screen, take it back; return the ms it took."""
    start = len(terminal.output)
    began = time.perf_counter()
    terminal.send(KEY)
    shown = terminal.wait_for(KEY, start=start)
    terminal.send(BACKSPACE)
    # Never in step with the frames of the screen.
    ends = shown + rest * random.uniform(0.7, 1.3)
    while (left := ends - time.perf_counter()) > 0:
        terminal.pump(left)
    return (shown - began) * 1000


def strokes(terminal: Terminal, count: int = STROKES, rest: float = 0.04) -> list[float]:
    """Return the ms of many keys."""
    return [stroke(terminal, rest) for _ in range(count)]


@contextmanager
def flood(stage: Stage, person: Person, rate: float) -> Iterator[None]:
    """Send ``rate`` messages a second for as long as the block runs. No message has the letter that is typed."""
    over = threading.Event()

    def pour() -> None:
        began, count = time.perf_counter(), 0
        while not over.wait(max(0.0, began + count / rate - time.perf_counter())):
            stage.cast.say(person.jid, f"flood {count:06} and some more words to fill a line of text", sender=0)
            count += 1

    sender = threading.Thread(target=pour, daemon=True)
    sender.start()
    try:
        yield
    finally:
        over.set()
        sender.join()


def press(stage: Stage, runs: int) -> list[Row]:
    """Measure key to screen at rest and in a flood, the flood's processor time, and the cost of doing nothing."""
    empty: list[float] = []
    resting: list[float] = []
    flooded: list[float] = []
    shares: list[float] = []
    idles: list[float] = []
    empty_idles: list[float] = []
    for run in range(runs):
        with start_empty() as terminal:
            terminal.wait_for("EMPTY")
            terminal.quiet(0.3)
            empty += strokes(terminal)
            if run == 0:
                empty_idles.append(_cpu_of_rest(terminal))
        person = stage.person(50)  # a new one: the server's archive keeps what was said to the last
        with person.online() as terminal:
            open_chat(stage, terminal)
            resting += strokes(terminal)
            if run == 0:
                time.sleep(1.0)
                idles.append(_cpu_of_rest(terminal))
            with flood(stage, person, RATE):
                until = time.perf_counter() + 1.0
                while time.perf_counter() < until:
                    terminal.pump(0.05)
                shares.append(_cpu_share(terminal, FLOOD_SECONDS / 2))
                flooded += strokes(terminal, rest=0.03)
            terminal.quiet(0.5)
    limit50, limit95 = median(empty), percentile(empty, 0.95)
    return [
        Row("key to screen at rest, median, ms", median(resting), limit50, at_most(3.5)),
        Row("key to screen at rest, 95 of 100, ms", percentile(resting, 0.95), limit95, at_most(8)),
        Row(f"key to screen at {RATE} messages/s, median, ms", median(flooded), limit50, at_most(4)),
        Row(f"key to screen at {RATE} messages/s, 95 of 100, ms", percentile(flooded, 0.95), limit95, at_most(9)),
        Row(f"processor at {RATE} messages/s, % of a core", median(shares), None, at_most(10)),
        Row("processor in 10 s of rest, ms", median(idles), median(empty_idles), at_most(5)),
    ]


def _cpu_of_rest(terminal: Terminal) -> float:
    before = terminal.cpu
    terminal.pump(0)
    until = time.perf_counter() + IDLE_SECONDS
    while (left := until - time.perf_counter()) > 0:
        terminal.pump(left)
    return (terminal.cpu - before) * 1000


def _cpu_share(terminal: Terminal, seconds: float) -> float:
    before, began = terminal.cpu, time.perf_counter()
    while time.perf_counter() < began + seconds:
        terminal.pump(0.05)
    return (terminal.cpu - before) / (time.perf_counter() - began) * 100
