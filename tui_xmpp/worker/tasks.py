"""Jobs that run beside a session's loop, and end with what they belong to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

from tui_xmpp.core.model import Severity
from tui_xmpp.features.feature import NotConnectedError
from tui_xmpp.worker.context import AccountContext
from tui_xmpp.worker.work import Work

_log = logging.getLogger(__name__)


class Tasks:
    """Jobs that are stopped together; they count as ``work`` where there is one."""

    def __init__(self, ctx: AccountContext, work: Work | None) -> None:
        self._ctx = ctx
        self._work = work
        self._running: set[asyncio.Task[None]] = set()

    def start(self, job: Awaitable[None]) -> None:
        """Run a job; its failure is told to the user and harms nobody else."""
        task = asyncio.create_task(self._supervise(job))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        if self._work is not None:
            self._work.begin()
            task.add_done_callback(self._end)

    async def stop(self) -> None:
        """End all jobs, and return when they have ended."""
        stopped = list(self._running)
        for task in stopped:
            task.cancel()
        await asyncio.gather(*stopped, return_exceptions=True)

    def _end(self, task: asyncio.Task[None]) -> None:
        if self._work is not None:
            self._work.end()

    async def _supervise(self, job: Awaitable[None]) -> None:
        try:
            await job
        except NotConnectedError:
            return
        except Exception:
            _log.exception("a feature failed")
            self._ctx.log("A part of this program failed; the log says more.", Severity.ERROR)
