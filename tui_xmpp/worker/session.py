"""One account's life: connect, log in, serve the stream, say goodbye, come back."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final

from tui_xmpp.core.commands import (
    AllowWeakerLogin,
    Command,
    Connect,
    Disconnect,
    PinCertificate,
    ProvidePassword,
    SetPresence,
    UnpinCertificate,
)
from tui_xmpp.core.events import (
    AuthenticationPinned,
    CertificatePinned,
    ConnectionChanged,
    OwnPresenceChanged,
    PromptRaised,
    PromptSettled,
    SessionClosed,
    SessionEnded,
    SessionOpened,
    StanzasAcknowledged,
)
from tui_xmpp.core.model import Connection as ConnectionState
from tui_xmpp.core.model import Phase, Prompt, PromptKind, Severity, Show
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.features.feature import Feature, FeatureError, NotConnectedError
from tui_xmpp.features.rfc6121_presence import broadcast, presence_of
from tui_xmpp.features.xep0199_ping import Doubt, Ping
from tui_xmpp.features.xep0280_carbons import Carbons
from tui_xmpp.features.xep0313_archive import Archiving
from tui_xmpp.features.xep0319_idle import OwnIdleness
from tui_xmpp.values import dataclass
from tui_xmpp.worker.context import AccountContext, random_id
from tui_xmpp.worker.dispatch import Guard
from tui_xmpp.worker.handled import Handled
from tui_xmpp.worker.handlers import Handler, takes
from tui_xmpp.worker.link import GOODBYE, Link, StreamEndedError, ended_by
from tui_xmpp.worker.login import Login
from tui_xmpp.worker.progress import Progress, certificate_of
from tui_xmpp.worker.reconnection import Reconnection
from tui_xmpp.worker.surroundings import Surroundings
from tui_xmpp.worker.tasks import Tasks
from tui_xmpp.xmpp.events import (
    Acknowledged,
    Bound,
    Event,
    Resumed,
    ResumptionFailed,
    StanzaReceived,
    StreamManagementEnabled,
    StreamManagementRefused,
)
from tui_xmpp.xmpp.sasl import AuthenticationPin
from tui_xmpp.xmpp.stanza import Iq, IqType, Message, Stanza
from tui_xmpp.xmpp.stream_errors import Reaction, parse_host_port, write_host_port
from tui_xmpp.xmpp.stream_management import ResumptionState, UnackedStanza

_log = logging.getLogger(__name__)

TURN: Final = 0.008
"""Seconds of stanzas handled before keys and other accounts get their turn."""
STABLE: Final = 30.0
"""Seconds a session lasts before its loss counts as a new one."""
STABLE_RESUMABLE: Final = 3.0
"""The same where the session goes on: coming back costs both sides little."""
DISK: Final = 5.0
"""Seconds to wait after a cut for the disk to take what came before it."""


@dataclass(frozen=True, slots=True)
class _Lost:
    """A session that could not be gone on with: the server's count of our stanzas, and what it may not have taken."""

    h: int | None
    unacked: tuple[UnackedStanza, ...]


class Session:
    """Keep one account connected while the user wants it to be.

    The loop in :meth:`_run` alternates between an attempt (from dialling to the end of the stream) and a rest (offline,
    stopped, waiting for the next try), from which a command or time wakes it.
    """

    def __init__(self, ctx: AccountContext, around: Surroundings) -> None:
        self.ctx = ctx
        self._around = around
        self._progress = Progress(self._tell_connection)
        self._chores = Tasks(ctx, around.work)
        self._tasks = Tasks(ctx, around.work)
        self._watchers = Tasks(ctx, None)  # as long as a stream lasts, which is no work
        self.login = Login(ctx, around, self._progress, self._chores)
        self._reconnection = Reconnection(around)
        self._handled = Handled(ctx)
        self._is_wanted = False
        self._wake = asyncio.Event()
        self._is_rousing = False
        self._rest = asyncio.Event()
        self._rest.set()
        self._runner: asyncio.Task[None] | None = None
        self._attempt: asyncio.Task[StreamEndedError] | None = None
        self._resumption: ResumptionState | None = None
        self._is_restarted = False
        self._lost: _Lost | None = None
        self._guard = Guard()
        self.commands: dict[type[Command], Handler] = dict(
            (
                takes(Connect, self._connect),
                takes(Disconnect, self._disconnect),
                takes(ProvidePassword, self._take_password),
                takes(PinCertificate, self._pin_certificate),
                takes(UnpinCertificate, self._unpin_certificate),
                takes(AllowWeakerLogin, self._allow_weaker_login),
                takes(SetPresence, self._set_presence),
            )
        )

    # -- what the engine does -------------------------------------------------------------------------------------

    def restore(self, pin: AuthenticationPin | None, certificate_sha256: str, opened: SessionOpened | None) -> None:
        """Take up what earlier runs learned of the server, and the session the last one died in."""
        self.login.restore(pin, certificate_sha256)
        if opened is not None:
            location = parse_host_port(opened.location) if opened.location else None
            self._resumption = ResumptionState(opened.id, opened.jid, opened.handled, None, location=location)
            self._is_restarted = True

    def start(self) -> None:
        """Begin; connects at once if the user wants to be seen."""
        self._is_wanted = self.ctx.settings.is_enabled and self.ctx.own.show.is_available
        self._runner = asyncio.create_task(self._run(), name=f"session {self.ctx.account}")

    async def close(self) -> None:
        """Say goodbye if there is someone to say it to, and end."""
        await self._leave()
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        self._be_awake()
        await self._end_session()
        await self._chores.stop()
        self.ctx.flush()

    def doubt(self) -> None:
        """Take it that the machine slept or its network is another: look at once whether, or where, it goes on."""
        if self.ctx.is_online:
            self.ctx.state(Doubt).arisen.set()
        elif self._attempt is not None and self.ctx.link is None:
            self._attempt.cancel()  # what it waits for may be out of reach; the next one begins at once
        elif self._is_wanted:
            self._reconnection.hurry()
            self._rouse()

    async def barrier(self) -> None:
        """Return when the server has answered a question put now, so all it sent before has been handled."""
        if self.ctx.is_online:
            with suppress(FeatureError):
                await self.ctx.request(Iq(id=random_id(), type=IqType.GET).with_payloads(Ping()))

    # -- commands -------------------------------------------------------------------------------------------------

    async def _connect(self, command: Connect) -> None:
        self._reconnection.go_home()
        self._want()

    async def _disconnect(self, command: Disconnect) -> None:
        await self._leave()
        await self._around.journal.kept(DISK)  # whoever is told that it is done sees it

    async def _take_password(self, command: ProvidePassword) -> None:
        is_proved = self.login.take_password(command) and self.ctx.is_online
        self.ctx.emit(PromptSettled(self.ctx.account, PromptKind.PASSWORD))
        self._want()
        if is_proved:
            await self.login.keep_password()

    async def _pin_certificate(self, command: PinCertificate) -> None:
        self.login.pin_certificate(command.sha256.lower())
        await self.ctx.record(
            CertificatePinned(self.ctx.account, command.sha256.lower()),
            PromptSettled(self.ctx.account, PromptKind.CERTIFICATE),
        )
        self._want()

    async def _unpin_certificate(self, command: UnpinCertificate) -> None:
        self.login.pin_certificate("")
        await self.ctx.record(CertificatePinned(self.ctx.account, ""))

    async def _allow_weaker_login(self, command: AllowWeakerLogin) -> None:
        self.login.allow_weaker()
        await self.ctx.record(AuthenticationPinned(self.ctx.account, {}))
        self._want()

    async def _set_presence(self, command: SetPresence) -> None:
        ctx = self.ctx
        is_idle = command.is_automatic and command.idle_seconds > 0
        ctx.state(OwnIdleness).since = ctx.clock.now() - timedelta(seconds=command.idle_seconds) if is_idle else None
        ctx.own = command.presence
        if command.is_automatic:
            ctx.show(OwnPresenceChanged(ctx.account, ctx.own))
        else:
            await ctx.record(OwnPresenceChanged(ctx.account, ctx.own))
        if not ctx.own.show.is_available:
            await self._leave()
            await self._around.journal.kept(DISK)
        elif ctx.is_online:
            broadcast(ctx)
        elif not command.is_automatic:
            self._want()

    def _want(self) -> None:
        """Be connected, now."""
        if self.ctx.own.show is Show.OFFLINE:
            self.ctx.own = replace(self.ctx.own, show=Show.ONLINE)
            self.ctx.emit(OwnPresenceChanged(self.ctx.account, self.ctx.own))
        if self._attempt is None or not self._is_wanted:
            self._is_wanted = True
            self._reconnection.forgive()
            self._rouse()

    def _rouse(self) -> None:
        """Wake the loop from its rest, or keep it from resting next; until it is awake that counts as work."""
        if self._attempt is None and not self._is_rousing:
            self._is_rousing = True
            self._around.work.begin()
        self._wake.set()

    def _be_awake(self) -> None:
        self._wake.clear()
        if self._is_rousing:
            self._is_rousing = False
            self._around.work.end()

    async def _leave(self) -> None:
        """Be offline: politely where a stream is up, within a few seconds in any case (C-PRE-08, C-STR-11)."""
        self._is_wanted = False
        self._rest.clear()
        self._rouse()
        attempt, link = self._attempt, self.ctx.link
        if attempt is not None and link is not None:
            self._progress.leave()
            with suppress(NotConnectedError):
                self.ctx.send(presence_of(replace(self.ctx.own, show=Show.OFFLINE)))
            link.connection.close()
            self.ctx.flush()
            await asyncio.wait([attempt], timeout=GOODBYE)
        if attempt is not None and not attempt.done():
            attempt.cancel()
        if self._runner is not None and not self._runner.done():
            await self._rest.wait()

    # -- the loop -------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        reason = ""
        while True:
            self._be_awake()
            if not self._is_wanted:
                await self._end_session()
                self._progress.rest(Phase.STOPPED if reason else Phase.OFFLINE, reason)
                await self._sleep(None)
                reason = ""
                continue
            ended = await self._try()
            if ended is None:
                continue  # the user left
            delay = self._react(ended)
            if delay is None:
                self._is_wanted, reason = False, str(ended)
                continue
            if delay > 0:
                retry_at = self._around.clock.now() + timedelta(seconds=delay)
                self._progress.rest(Phase.WAITING, str(ended), retry_at)
                await self._sleep(delay)

    async def _try(self) -> StreamEndedError | None:
        """Make one attempt and return how it ended, None when the user ended it."""
        self._rest.clear()
        with self._around.work.under_way():
            attempt = self._attempt = asyncio.create_task(self._live())
            try:
                ended = await asyncio.shield(attempt)
            except asyncio.CancelledError:
                if not attempt.cancelled():
                    attempt.cancel()
                    await asyncio.gather(attempt, return_exceptions=True)
                    raise  # the whole session is being ended
                return None
            except Exception:
                _log.exception("an attempt did not end well")
                ended = StreamEndedError("Something went wrong inside this program; the log says more.")
            finally:
                self._attempt = None
        return ended if self._is_wanted else None

    async def _sleep(self, seconds: float | None) -> None:
        self.ctx.flush()
        self._rest.set()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._rest.clear()

    def _react(self, ended: StreamEndedError) -> float | None:
        """Return the seconds to wait before the next try, None to stop until the user acts (C-STR-19, C-REC-01)."""
        if ended.certificate is not None:
            # Asked now that the attempt is over: an answer, however quick, finds nothing that it could be lost in.
            prompt = Prompt(self.ctx.account, PromptKind.CERTIFICATE, str(ended), certificate_of(ended.certificate))
            self.ctx.emit(PromptRaised(self.ctx.account, prompt))
        if ended.reaction is Reaction.ASK_CREDENTIALS:
            self.login.ask_password(str(ended))
        is_direct = self._progress.now.facts.is_direct_tls
        delay = self._reconnection.after(ended, self._resumption, is_direct_tls=is_direct)
        if ended.reaction is Reaction.RECONNECT_NOW and delay == 0.0:
            self.login.forget_tls_session()
        return delay

    # -- one attempt ----------------------------------------------------------------------------------------------

    async def _live(self) -> StreamEndedError:
        """Dial, log in, serve the stream; return how it ended."""
        self._progress.begin()
        link: Link | None = None
        try:
            override = self._reconnection.override
            link, begun = await self.login.enter(override, lambda: self._resumption, self._on_login_event)
            return await self._serve(link, begun)
        except TuiXmppError as error:
            return ended_by(error)
        except Exception:
            _log.exception("an attempt failed")
            return StreamEndedError("Something went wrong inside this program; the log says more.")
        finally:
            if link is not None:
                await link.close()

    def _on_login_event(self, event: Event) -> None:
        match event:
            case ResumptionFailed(h=h, acknowledged=acknowledged, unacked=unacked):
                self._resumption = None
                self._lost = _Lost(h, unacked)
                self._acknowledge(acknowledged, None)
            case _:
                self.login.learn(event)

    # -- the stream -----------------------------------------------------------------------------------------------

    async def _serve(self, link: Link, begun: Bound | Resumed) -> StreamEndedError:
        """Handle stanzas until the stream ends; return how it did."""
        ctx, around = self.ctx, self._around
        started = around.clock.monotonic()
        is_resumed = isinstance(begun, Resumed)
        self._handled.begin()
        around.work.end()  # being online is no work: what the stream brings counts by itself
        try:
            if isinstance(begun, Resumed):
                await self._resume(link, begun)
            else:
                await self._begin_session(link, begun)
            facts = replace(self._progress.now.facts, jid=begun.jid, is_resumed=is_resumed, since=around.clock.now())
            self._progress.online(facts)
            ctx.log(f"{ctx.account} is online{' again' if is_resumed else ''}.")
            while True:
                await self._handle(link)
                ctx.flush()
                await around.journal.drain()
                await link.receive(is_urgent=ctx.requests is None or ctx.requests.are_open)
        except StreamEndedError as ended:
            if self._is_wanted:
                ctx.log(str(ended), Severity.WARNING)
            return ended
        finally:
            around.work.begin()
            await self._break_off(link)
            ctx.flush()
            stable = STABLE if self._resumption is None else STABLE_RESUMABLE
            if around.clock.monotonic() - started >= stable:
                self._reconnection.forgive()

    async def _handle(self, link: Link) -> None:
        """Handle what one read brought; give others a turn every few milliseconds."""
        ctx, handle = self.ctx, self._around.dispatcher.handle
        requests, guard = ctx.requests, self._guard
        now = asyncio.get_running_loop().time
        count = 0
        if requests is None:
            return
        work = self._around.work
        with work.under_way(is_news=False):
            turn_ends = now() + TURN
            try:
                for event in link.events():
                    match event:
                        case StanzaReceived(stanza):
                            count += 1
                            work.note()
                            # Whoever asked goes on with the answer before the next stanza is looked at.
                            if handle(ctx, stanza, requests, guard) or now() >= turn_ends:
                                count = self._handled.settle(link, count)
                                await asyncio.sleep(0)
                                turn_ends = now() + TURN
                        case Acknowledged(stanzas):
                            self._acknowledge(stanzas, link.connection.acknowledged_number)
                        case StreamManagementEnabled():
                            count = self._handled.settle(link, count)
                            self._open_session(link)
                            self._make_room()
                        case StreamManagementRefused():
                            ctx.emit(SessionClosed(ctx.account))
                            self._make_room()
                        case _:
                            pass
            finally:
                self._handled.settle(link, count)

    # -- the session, which may outlive its stream (XEP-0198) ---------------------------------------------------------

    async def _begin_session(self, link: Link, bound: Bound) -> None:
        """Begin anew; what the last session may have lost goes out first (X-198-04)."""
        ctx = self.ctx
        await self._end_session()
        lost, self._lost, self._is_restarted = self._lost or _Lost(None, ()), None, False
        ctx.attach(link, bound.jid)
        ctx.emit(SessionClosed(ctx.account))
        for feature in ctx.features:
            if feature.on_lost is not None:
                feature.on_lost(ctx, lost.h, lost.unacked)
        if bound.inline is not None and bound.inline.has_carbons:
            ctx.state(Carbons).are_on = True
            ctx.state(Archiving).announced = bound.inline.archive
        self._start_features()

    async def _resume(self, link: Link, resumed: Resumed) -> None:
        """Go on where the last stream broke; the server sends what came meanwhile."""
        ctx = self.ctx
        is_restarted, self._is_restarted = self._is_restarted, False
        if is_restarted:
            ctx.attach(link, resumed.jid)
        else:
            ctx.resume(link)
        self._acknowledge(resumed.acknowledged, resumed.h)
        for feature in ctx.features:
            if feature.on_resumed is not None:
                feature.on_resumed(ctx, resumed.h)
        if is_restarted:
            # Whom this program saw before it died is forgotten: the server tells it anew to whoever comes anew.
            ctx.send(presence_of(replace(ctx.own, show=Show.OFFLINE)))
            self._start_features()
        else:
            self._watch(ctx.features)

    async def _break_off(self, link: Link) -> None:
        """Keep of a stream that is gone what the next one needs to go on."""
        ctx = self.ctx
        await self._watchers.stop()
        kept = ctx.flush()
        if kept is not None or self._handled.is_behind:
            # What came is acknowledged on the next stream once it is on disk, so that it is not sent again.
            await self._around.journal.kept(DISK)
        connection = link.connection
        self._resumption = connection.resumption_state() if self._is_wanted else None
        if self._resumption is not None:
            ctx.suspend()
            return
        if link.is_left:
            # The server has read all before our closing tag, and answered that (C-STR-11).
            self._acknowledge(tuple([one.stanza for one in connection.unacked]), None)
            ctx.emit(SessionClosed(ctx.account))
        elif connection.unacked:
            self._lost = _Lost(None, connection.unacked)
        await self._end_session()

    async def _end_session(self) -> None:
        """Give the session up: who waits is told, nobody's presence is known any more."""
        ctx = self.ctx
        state, self._resumption = self._resumption, None
        if state is not None and state.unacked and self._lost is None:
            self._lost = _Lost(None, state.unacked)
        if ctx.requests is None:
            return
        ctx.detach()
        await self._tasks.stop()
        ctx.emit(SessionEnded(ctx.account))

    def _open_session(self, link: Link) -> None:
        """Keep what the next run needs to go on with this session."""
        state = link.connection.resumption_state()
        if state is not None:
            location = None if state.location is None else write_host_port(state.location)
            self.ctx.emit(SessionOpened(self.ctx.account, state.id, state.jid, state.handled, location))

    def _acknowledge(self, stanzas: tuple[Stanza, ...], number: int | None) -> None:
        """Tell that the server has these stanzas, in this session all up to ``number``."""
        ctx = self.ctx
        if not stanzas:
            return
        for feature in ctx.features:
            if feature.on_acknowledged is not None:
                feature.on_acknowledged(ctx, stanzas)
        if any(isinstance(stanza, Message) for stanza in stanzas):
            self._around.work.note()
            if number is not None:
                ctx.emit(StanzasAcknowledged(ctx.account, number))

    def _make_room(self) -> None:
        """Tell that messages may go out, now that it is agreed whether they are acknowledged."""
        for feature in self.ctx.features:
            if feature.on_acknowledged is not None:
                feature.on_acknowledged(self.ctx, ())

    # -- what features do on their own ----------------------------------------------------------------------------

    def _start_features(self) -> None:
        for feature in self.ctx.features:
            if feature.on_online is not None:
                self._tasks.start(feature.on_online(self.ctx))
        self._watch(self.ctx.features)

    def _watch(self, features: tuple[Feature, ...]) -> None:
        for feature in features:
            if feature.in_background is not None:
                self._watchers.start(feature.in_background(self.ctx))

    # -- small things ---------------------------------------------------------------------------------------------

    def _tell_connection(self, connection: ConnectionState) -> None:
        self.ctx.emit(ConnectionChanged(self.ctx.account, connection))
