"""Tell the server that stanzas were taken, but not before what they brought is on disk (XEP-0198 §4)."""

from __future__ import annotations

import asyncio

from tui_xmpp.core.events import SessionClosed
from tui_xmpp.worker.context import AccountContext
from tui_xmpp.worker.link import Link


class Handled:
    """What of a stream's stanzas waits for the disk before it may be acknowledged."""

    def __init__(self, ctx: AccountContext) -> None:
        self._ctx = ctx
        self._marks = 0
        self._is_kept = True

    @property
    def is_behind(self) -> bool:
        """Whether stanzas still wait for the disk."""
        return self._marks > 0

    def begin(self) -> None:
        """Start anew, with a stream."""
        self._marks, self._is_kept = 0, True

    def settle(self, link: Link, count: int) -> int:
        """Let out what stanzas brought and acknowledge them once it is on disk; return how many are left: none."""
        ctx = self._ctx
        if not count:
            return 0
        done = ctx.flush_handled(count) if link.connection.is_managed else ctx.flush()
        if done is None and not self._marks:
            link.connection.mark_handled(count)
            ctx.flush()
            return 0
        self._marks += 1

        def mark(done: asyncio.Future[bool] | None = None) -> None:
            self._marks -= 1
            if done is not None and not done.result() and self._is_kept:
                self._is_kept = False  # neither this nor what follows may be acknowledged on this stream
                ctx.emit(SessionClosed(ctx.account))
            if self._is_kept:
                link.connection.mark_handled(count)
                ctx.flush()

        if done is None:
            asyncio.get_running_loop().call_soon(mark)  # after those before it
        else:
            done.add_done_callback(mark)
        return 0
