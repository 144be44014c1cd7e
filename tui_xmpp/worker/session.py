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
    SessionOpened,
)
from tui_xmpp.core.model import Connection as ConnectionState
from tui_xmpp.core.model import Phase, Prompt, PromptKind, Severity, Show
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.features.feature import FeatureError, NotConnectedError
from tui_xmpp.features.rfc6121_presence import broadcast, presence_of
from tui_xmpp.features.xep0199_ping import Doubt, Ping
from tui_xmpp.features.xep0319_idle import OwnIdleness
from tui_xmpp.worker.context import AccountContext, random_id
from tui_xmpp.worker.continuity import DISK, Continuity
from tui_xmpp.worker.dispatch import Guard
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
from tui_xmpp.xmpp.stanza import Iq, IqType
from tui_xmpp.xmpp.stream_errors import Reaction

_log = logging.getLogger(__name__)

TURN: Final = 0.008
"""Seconds of stanzas handled before keys and other accounts get their turn."""
STABLE: Final = 30.0
"""Seconds a session lasts before its loss counts as a new one."""
STABLE_RESUMABLE: Final = 3.0
"""The same where the session goes on: coming back costs both sides little."""


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
        self.login = Login(ctx, around, self._progress, self._chores)
        self._reconnection = Reconnection(around)
        self._continuity = Continuity(ctx, around)
        self._is_wanted = False
        self._wake = asyncio.Event()
        self._is_rousing = False
        self._rest = asyncio.Event()
        self._rest.set()
        self._runner: asyncio.Task[None] | None = None
        self._attempt: asyncio.Task[StreamEndedError] | None = None
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
            self._continuity.restore(opened)

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
        await self._continuity.end()
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
                await self._continuity.end()
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
        delay = self._reconnection.after(ended, self._continuity.resumption, is_direct_tls=is_direct)
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
            link, begun = await self.login.enter(override, lambda: self._continuity.resumption, self._on_login_event)
            return await self._serve(link, begun)
        except TuiXmppError as error:
            if self._progress.now.phase in (Phase.AUTHENTICATING, Phase.BINDING):
                self._reconnection.break_off()
            return ended_by(error)
        except Exception:
            _log.exception("an attempt failed")
            return StreamEndedError("Something went wrong inside this program; the log says more.")
        finally:
            if link is not None:
                await link.close()

    def _on_login_event(self, event: Event) -> None:
        match event:
            case ResumptionFailed():
                self._continuity.fail(event)
            case _:
                self.login.learn(event)

    # -- the stream -----------------------------------------------------------------------------------------------

    async def _serve(self, link: Link, begun: Bound | Resumed) -> StreamEndedError:
        """Handle stanzas until the stream ends; return how it did."""
        ctx, around = self.ctx, self._around
        started = around.clock.monotonic()
        is_resumed = isinstance(begun, Resumed)
        self._continuity.handled.begin()
        around.work.end()  # being online is no work: what the stream brings counts by itself
        try:
            if isinstance(begun, Resumed):
                await self._continuity.resume(link, begun)
            else:
                await self._continuity.begin(link, begun)
            facts = replace(self._progress.now.facts, jid=begun.jid, is_resumed=is_resumed, since=around.clock.now())
            self._progress.online(facts)
            ctx.log(f"{ctx.account} is online{' again' if is_resumed else ''}.")
            while True:
                await self._handle(link)
                self._note_offers()
                ctx.flush()
                await around.journal.drain()
                await link.receive(is_urgent=ctx.requests is None or ctx.requests.are_open)
        except StreamEndedError as ended:
            if self._is_wanted:
                ctx.log(str(ended), Severity.WARNING)
            return ended
        finally:
            around.work.begin()
            await self._continuity.break_off(link, lambda: self._is_wanted)
            ctx.flush()
            stable = STABLE if self._continuity.resumption is None else STABLE_RESUMABLE
            if around.clock.monotonic() - started >= stable:
                self._reconnection.forgive()

    def _note_offers(self) -> None:
        """Tell what the server offers that the screen asks about; after a resumption it may offer it late."""
        facts, can_pre_approve = self._progress.now.facts, self.ctx.stream.has_subscription_pre_approval
        if can_pre_approve is not facts.can_pre_approve:
            self._progress.know(replace(facts, can_pre_approve=can_pre_approve))

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
                                count = self._continuity.handled.settle(link, count)
                                await asyncio.sleep(0)
                                turn_ends = now() + TURN
                        case Acknowledged(stanzas):
                            self._continuity.acknowledge(stanzas, link.connection.acknowledged_number)
                        case StreamManagementEnabled():
                            count = self._continuity.handled.settle(link, count)
                            self._continuity.keep(link)
                            self._continuity.make_room()
                        case StreamManagementRefused():
                            ctx.emit(SessionClosed(ctx.account))
                            self._continuity.make_room()
                        case _:
                            pass
            finally:
                self._continuity.handled.settle(link, count)

    def _tell_connection(self, connection: ConnectionState) -> None:
        self.ctx.emit(ConnectionChanged(self.ctx.account, connection))
