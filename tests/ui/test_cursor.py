"""The terminal's own cursor, which input methods and screen readers follow, in a real terminal."""

from __future__ import annotations

from rich.cells import set_cell_size

from tests.servers.test_terminal import monitor


async def test_it_stands_where_one_writes_and_for_who_listens_on_whatever_has_the_focus() -> None:
    with monitor(["--demo"], {}) as seen:
        await seen.until(lambda: seen.shows("Family", "Darcy", "choose someone and write"))
        assert seen.cursor is None, "a list has a cursor of its own to look at"

        def stands_behind(text: str) -> bool:
            rows, cursor = seen.rows, seen.cursor
            return cursor is not None and set_cell_size(rows[cursor[1]], cursor[0]).endswith(text)

        await seen.types("/chat jane@longbourn.lit\r", lambda: seen.shows("as elizabeth@longbourn.lit"))
        await seen.types("日本 hop", lambda: stands_behind("hop"))
        await seen.types("\x1b[D", lambda: stands_behind("ho"))
        await seen.types("\x15/set linear on\r", lambda: seen.shows("ui.linear: on."))

        def stands_on(text: str) -> bool:
            rows, cursor = seen.rows, seen.cursor
            return cursor is not None and rows[cursor[1]][cursor[0] :].startswith(text)

        seen.terminal.send("\x1b[1;3D")  # Alt+Left, to the list
        await seen.until(lambda: stands_on("Jane, "))
        await seen.types("\x1b[A", lambda: stands_on("Family, "))
        await seen.types("\x10", lambda: seen.shows("An action, a person, a chat"))  # Ctrl+P
        await seen.types("\x1b[B", lambda: stands_on("Tour"))
        await seen.types("la", lambda: stands_behind("la"))
