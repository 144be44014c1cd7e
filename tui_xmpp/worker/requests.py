"""Requests that wait for their one answer, matched on who was asked as well as on the id (S-04)."""

from __future__ import annotations

import asyncio

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.features.conditions import explain
from tui_xmpp.features.feature import RequestError
from tui_xmpp.jid import JID, FullJID
from tui_xmpp.values import dataclass
from tui_xmpp.worker.work import Work
from tui_xmpp.xmpp.stanza import Iq, IqType
from tui_xmpp.xmpp.stanza_errors import ErrorCondition, ErrorType, StanzaError

_UNSAID = StanzaError(ErrorCondition.UNDEFINED_CONDITION, ErrorType.CANCEL)


@dataclass(frozen=True, slots=True)
class _Pending:
    peers: frozenset[JID | None]
    asked: JID
    otherwise: str
    answer: asyncio.Future[Iq]
    timer: asyncio.TimerHandle


class Requests:
    """The table of one stream's open requests."""

    def __init__(self, own: FullJID, work: Work) -> None:
        self._own = own
        self._work = work
        self._pending: dict[str, _Pending] = {}

    def open(self, id_: str, to: JID | None, otherwise: str, deadline: float) -> asyncio.Future[Iq]:
        """Return what will hold the result, or raise ``RequestError`` when an error or nothing comes."""
        own = self._own
        peers: frozenset[JID | None] = frozenset({to})
        if to is None or to == own.bare:
            # The account answers for itself: without a name, by its bare address, or on old servers by ours.
            peers = frozenset({None, own.bare, own})
        asked = own.bare if to is None else to
        loop = asyncio.get_running_loop()
        timer = loop.call_later(deadline, self._expire, id_, deadline)
        self._work.begin()
        answer: asyncio.Future[Iq] = loop.create_future()
        self._pending[id_] = _Pending(peers, asked, otherwise, answer, timer)
        answer.add_done_callback(lambda _: self._close(id_))
        return answer

    @property
    def are_open(self) -> bool:
        """Tell whether someone waits for an answer."""
        return bool(self._pending)

    def settle(self, iq: Iq) -> bool:
        """Take a result or error; say whether someone waited for it. One nobody asked for is dropped (C-STZ-02)."""
        pending = self._pending.get(iq.id or "")
        if pending is None or iq.from_ not in pending.peers or pending.answer.done():
            return False
        if iq.type is IqType.RESULT:
            pending.answer.set_result(iq)
        else:
            error = iq.error or _UNSAID
            # What our own server refuses on behalf of the account is said of the server.
            sentence = explain(error, pending.asked, pending.otherwise)
            pending.answer.set_exception(RequestError(sentence, error))
        return True

    def fail(self, error: TuiXmppError) -> None:
        """Answer all of them with an error: the stream is gone."""
        for pending in list(self._pending.values()):
            if not pending.answer.done():
                pending.answer.set_exception(error)

    def _expire(self, id_: str, deadline: float) -> None:
        pending = self._pending[id_]
        if not pending.answer.done():
            sentence = f"{pending.asked} did not answer within {deadline:.0f} s. {pending.otherwise}".rstrip()
            pending.answer.set_exception(RequestError(sentence))

    def _close(self, id_: str) -> None:
        self._pending.pop(id_).timer.cancel()
        self._work.end()
