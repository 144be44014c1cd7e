"""From the command to a screen: first paint, memory, and the roster, beside an empty Textual app."""

from __future__ import annotations

from tests.bench.figures import Row, at_most, median, times_limit
from tests.bench.stage import ONLINE, QUIET, Stage, contact_name, leave, start_empty

FEW, MANY = 50, 2000


def empty_paint() -> tuple[float, float]:
    """Return the empty app's first paint, ms, and its resident memory, MiB."""
    with start_empty() as terminal:
        painted = terminal.wait_for("EMPTY") - terminal.started
        terminal.quiet(QUIET)
        return painted * 1000, terminal.resident


def start(stage: Stage, runs: int) -> list[Row]:
    """Measure first paint, memory and the time to a shown roster, with and without the cache."""
    people = {count: stage.person(count) for count in (FEW, MANY)}
    paints: list[float] = []
    empty_sizes: list[float] = []
    first: dict[int, list[float]] = {FEW: [], MANY: []}
    cached: dict[int, list[float]] = {FEW: [], MANY: []}
    sizes: dict[int, list[float]] = {FEW: [], MANY: []}
    for count, person in people.items():
        with person.online():
            pass  # everything compiled and in the disk's cache
        for _ in range(runs):
            painted, size = empty_paint()
            paints.append(painted)
            empty_sizes.append(size)
            person.forget()
            with person.start() as terminal:
                # The last row of the window, so that the whole of it is there.
                first[count].append((terminal.wait_for(contact_name(30)) - terminal.started) * 1000)
                terminal.quiet(QUIET)
                leave(terminal)
            with person.start() as terminal:
                cached[count].append((terminal.wait_for(contact_name(30)) - terminal.started) * 1000)
                terminal.wait_for(ONLINE)
                terminal.quiet(QUIET)
                sizes[count].append(terminal.resident)
                leave(terminal)
    with people[FEW].start(has_extras=True) as terminal:
        terminal.wait_for(ONLINE)
        terminal.quiet(QUIET)
        with_extras = terminal.resident
        leave(terminal)
    paint, empty_size = median(paints), median(empty_sizes)
    return [
        Row("first paint with the cached roster of 50, ms", median(cached[FEW]), paint, times_limit(1.25)),
        Row("start to roster shown, 50 contacts, no cache, ms", median(first[FEW]), paint, at_most(286)),
        Row("start to roster shown, 2,000 contacts, cached, ms", median(cached[MANY]), paint, at_most(300)),
        Row("start to roster shown, 2,000 contacts, no cache, ms", median(first[MANY]), paint, at_most(1000)),
        Row("resident memory, 50 contacts, MiB", median(sizes[FEW]), empty_size, at_most(48), is_of_speed=False),
        Row("the same with the extra channel-binding, MiB", with_extras, empty_size, is_of_speed=False),
        Row("resident memory, 2,000 contacts, MiB", median(sizes[MANY]), empty_size, at_most(55), is_of_speed=False),
    ]
