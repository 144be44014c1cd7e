"""The verbs about the screen itself: its panes, what opens over them, and leaving it."""

from __future__ import annotations

from tui_xmpp.ui.desk import Desk


def open_help(desk: Desk, text: str) -> None:
    """Show keys and commands, or those that a word finds."""
    from tui_xmpp.ui.screens.help import HelpScreen

    desk.app.push_screen(HelpScreen(desk, text.lstrip("/")))


def tour(desk: Desk, text: str) -> None:
    """Show around, or end that."""
    desk.main.toggle_tour()


def palette(desk: Desk, text: str) -> None:
    """Find any action, person or chat by a few letters."""
    from tui_xmpp.ui.palette import PaletteScreen

    desk.app.push_screen(PaletteScreen(desk))


def go_to(desk: Desk, text: str) -> None:
    """Find a chat, person or account by a few letters."""
    from tui_xmpp.ui.palette import PaletteScreen

    desk.app.push_screen(PaletteScreen(desk, is_for_people=True))


def problems(desk: Desk, text: str) -> None:
    """Show what was wrong at the start."""
    from tui_xmpp.ui.screens.problems import ProblemsScreen

    desk.app.push_screen(ProblemsScreen(desk))


def had_problems(desk: Desk) -> bool:
    """Say whether something was wrong at the start."""
    return bool(desk.app.notices)


def toggle_roster(desk: Desk, text: str) -> None:
    """Hide or show the list of people."""
    desk.main.toggle_roster()


def toggle_status(desk: Desk, text: str) -> None:
    """Open or close the status pane."""
    desk.main.toggle_status()


def narrow(desk: Desk, text: str) -> None:
    """Make the list narrower, or go a pane left."""
    desk.main.move_sideways(-1)


def widen(desk: Desk, text: str) -> None:
    """Make the list wider, or go a pane right."""
    desk.main.move_sideways(1)


def next_pane(desk: Desk, text: str) -> None:
    """Go to the next pane."""
    desk.main.focus_next_pane()


def step_aside(desk: Desk, text: str) -> None:
    """Go to the shell."""
    desk.app.step_aside()


def leave(desk: Desk, text: str) -> None:
    """Say goodbye on all accounts and leave."""
    desk.app.leave()
