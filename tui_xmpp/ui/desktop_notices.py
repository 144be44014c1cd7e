"""Notifications by way of the desktop, where there is one and the optional support for it is installed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop_notifier import DesktopNotifier

DEADLINE = 3.0
"""Seconds a desktop has to take a notification."""

_log = logging.getLogger(__name__)


def has_desktop(environment: Mapping[str, str], platform: str) -> bool:
    """Say whether a desktop is before the user, and not at the other end of an SSH connection."""
    if environment.get("SSH_CONNECTION") or find_spec("desktop_notifier") is None:
        return False
    return platform in ("darwin", "win32") or bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


class Desktop:
    """The desktop's notification service, looked for when it is first needed."""

    def __init__(self) -> None:
        self._notifier: DesktopNotifier | None = None

    async def notify(self, title: str, text: str) -> bool:
        """Show a notification; say whether the desktop took it in time."""
        try:
            async with asyncio.timeout(DEADLINE):
                if self._notifier is None:
                    from desktop_notifier import DesktopNotifier

                    self._notifier = DesktopNotifier(app_name="tui_xmpp")
                await self._notifier.send(title=title, message=text)
        except Exception:  # the services differ by system, and none of their faults is worth more than a log line
            _log.warning("the desktop took no notification", exc_info=True)
            return False
        return True
