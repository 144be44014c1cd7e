"""The program as a job of the shell: asked to end, sent aside, brought back."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from tui_xmpp.ui.app import TuiXmppApp


def heed_signals(app: TuiXmppApp) -> None:
    """Leave politely when the system asks the program to end, or when its terminal is gone.

    Both signals may come, one right after the other: the second hastens nothing.
    """
    if isinstance(app._driver, LinuxDriver):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, app.end)


def has_shell() -> bool:
    """Say whether a shell that keeps jobs started the program, so that somebody can bring it back."""
    parent = os.getppid()
    try:
        return os.getsid(parent) == os.getsid(0) and os.getpgid(parent) != os.getpgid(0)
    except OSError:
        return False
