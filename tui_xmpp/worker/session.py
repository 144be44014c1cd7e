"""One account's life: connect, log in, serve the stream, say goodbye, come back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final, Protocol

from tui_xmpp.clock import Clock
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
from tui_xmpp.core.settings import AccountSettings
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.features.feature import Feature, FeatureError, NotConnectedError
from tui_xmpp.features.rfc6121_presence import broadcast, presence_of
from tui_xmpp.features.xep0199_ping import Doubt, Ping
from tui_xmpp.features.xep0280_carbons import Carbons
from tui_xmpp.features.xep0313_archive import Archiving
from tui_xmpp.features.xep0319_idle import OwnIdleness
from tui_xmpp.features.xep0352_csi import Activity
from tui_xmpp.jid import BareJID
from tui_xmpp.net.connect import Connected
from tui_xmpp.net.resolve import Override, TlsMode
from tui_xmpp.net.steps import NetError
from tui_xmpp.net.tls import CertificateRefusedError, Refusal, TlsFacts, TlsPolicy
from tui_xmpp.values import dataclass
from tui_xmpp.worker.backoff import Backoff
from tui_xmpp.worker.context import AccountContext, random_id
from tui_xmpp.worker.dial import Dialer, Target
from tui_xmpp.worker.dispatch import Dispatcher, Guard
from tui_xmpp.worker.handlers import Handler, takes
from tui_xmpp.worker.journal import Journal
from tui_xmpp.worker.link import GOODBYE, Link, StreamEndedError, ended_by
from tui_xmpp.worker.progress import Progress, certificate_of
from tui_xmpp.worker.tokens import Tokens
from tui_xmpp.worker.wirelog import WireLog
from tui_xmpp.worker.work import Work
from tui_xmpp.xmpp import connection as xmpp
from tui_xmpp.xmpp.config import Sasl2Wish
from tui_xmpp.xmpp.events import (
    Acknowledged,
    Authenticated,
    Bound,
    Event,
    Resumed,
    ResumptionFailed,
    StanzaReceived,
    StreamManagementEnabled,
    StreamManagementRefused,
    TokenReceived,
    TokenRefused,
)
from tui_xmpp.xmpp.inline import UserAgent
from tui_xmpp.xmpp.sasl import AuthenticationPin, Credentials, FastToken, KeyDerivation, Password
from tui_xmpp.xmpp.stanza import Iq, IqType, Message, Stanza
from tui_xmpp.xmpp.stream_errors import HostPort, Reaction, parse_host_port, write_host_port
from tui_xmpp.xmpp.stream_management import ResumptionState, StreamManagementWish, UnackedStanza

_log = logging.getLogger(__name__)

TURN: Final = 0.008
"""Seconds of stanzas handled before keys and other accounts get their turn."""
LOGIN: Final = 60.0
"""Seconds from an open transport to a bound session."""
STABLE: Final = 30.0
"""Seconds a session lasts before its loss counts as a new one."""
STABLE_RESUMABLE: Final = 3.0
"""The same where the session goes on: coming back costs both sides little."""
DISK: Final = 5.0
"""Seconds to wait after a cut for the disk to take what came before it."""
MOST_HOPS: Final = 5
MOST_SLOW_TRIES: Final = 3


class Passwords(Protocol):
    """Where passwords are kept."""

    async def get_password(self, settings: AccountSettings) -> str | None: ...

    async def keep_password(self, account: BareJID, password: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all sessions of a run share."""

    dial: Dialer
    journal: Journal
    dispatcher: Dispatcher
    clock: Clock
    random: Random
    backoff: Backoff
    work: Work
    passwords: Passwords | None = None
    tokens: Tokens | None = None
    is_wire_logged: bool = False


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
        self._settings = ctx.settings
        self._policy = self._make_policy("")
        self._pin: AuthenticationPin | None = None
        self._password: str | None = None
        self._token: FastToken | None = None
        self._is_token_sought = False
        self.client_id: str | None = None
        """A UUID that names this account on this installation, and nothing else (C-SASL2-02)."""
        self._is_password_for_keeping = False
        self._keys: dict[KeyDerivation, bytes] = {}
        self._override: Override | None = None
        self._hops = 0
        self._slow_tries = 0
        self._lost_at: float | None = None
        self._is_wanted = False
        self._wake = asyncio.Event()
        self._is_rousing = False
        self._rest = asyncio.Event()
        self._rest.set()
        self._runner: asyncio.Task[None] | None = None
        self._attempt: asyncio.Task[StreamEndedError] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._watchers: set[asyncio.Task[None]] = set()
        self._chores: set[asyncio.Task[None]] = set()
        self._resumption: ResumptionState | None = None
        self._is_restarted = False
        self._lost: _Lost | None = None
        self._marks = 0
        self._is_kept = True
        self._guard = Guard()
        self._wire = WireLog(str(ctx.account)) if around.is_wire_logged else None
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
        self._pin = pin
        self._policy = self._make_policy(certificate_sha256)
        if opened is not None:
            location = parse_host_port(opened.location) if opened.location else None
            self._resumption = ResumptionState(opened.id, opened.jid, opened.handled, None, location=location)
            self._is_restarted = True

    def succeed(self, earlier: Session) -> None:
        """Take up what the session with the account's earlier settings knew."""
        self._pin, self._password, self._token = earlier._pin, earlier._password, earlier._token
        self.client_id = earlier.client_id
        self._policy = self._make_policy(next(iter(earlier._policy.pins), ""))

    def start(self) -> None:
        """Begin; connects at once if the user wants to be seen."""
        self._is_wanted = self._settings.is_enabled and self.ctx.own.show.is_available
        self._runner = asyncio.create_task(self._run(), name=f"session {self.ctx.account}")

    async def close(self) -> None:
        """Say goodbye if there is someone to say it to, and end."""
        await self._leave()
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        self._be_awake()
        await self._end_session()
        await self._stop(self._chores)
        self.ctx.flush()

    def doubt(self) -> None:
        """Take it that the machine slept or its network is another: look at once whether, or where, it goes on."""
        if self.ctx.is_online:
            self.ctx.state(Doubt).arisen.set()
        elif self._attempt is not None and self.ctx.link is None:
            self._attempt.cancel()  # what it waits for may be out of reach; the next one begins at once
        elif self._is_wanted:
            self._lost_at = None
            self._rouse()

    async def barrier(self) -> None:
        """Return when the server has answered a question put now, so all it sent before has been handled."""
        if self.ctx.is_online:
            with suppress(FeatureError):
                await self.ctx.request(Iq(id=random_id(), type=IqType.GET).with_payloads(Ping()))

    # -- commands -------------------------------------------------------------------------------------------------

    async def _connect(self, command: Connect) -> None:
        self._override, self._hops = None, 0
        self._want()

    async def _disconnect(self, command: Disconnect) -> None:
        await self._leave()
        await self._around.journal.kept(DISK)  # whoever is told that it is done sees it

    async def _take_password(self, command: ProvidePassword) -> None:
        is_proved = self.ctx.is_online and command.password == self._password
        self._password = command.password
        self._is_password_for_keeping = command.is_remembered
        self._keys.clear()
        self.ctx.emit(PromptSettled(self.ctx.account, PromptKind.PASSWORD))
        self._want()
        if is_proved:
            await self._keep_password()

    async def _pin_certificate(self, command: PinCertificate) -> None:
        self._policy = self._make_policy(command.sha256.lower())
        await self.ctx.record(
            CertificatePinned(self.ctx.account, command.sha256.lower()),
            PromptSettled(self.ctx.account, PromptKind.CERTIFICATE),
        )
        self._want()

    async def _unpin_certificate(self, command: UnpinCertificate) -> None:
        self._policy = self._make_policy("")
        await self.ctx.record(CertificatePinned(self.ctx.account, ""))

    async def _allow_weaker_login(self, command: AllowWeakerLogin) -> None:
        self._pin = None
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
            self._lost_at, self._slow_tries = None, 0
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
        around, reaction = self._around, ended.reaction
        if ended.certificate is not None:
            # Asked now that the attempt is over: an answer, however quick, finds nothing that it could be lost in.
            prompt = Prompt(self.ctx.account, PromptKind.CERTIFICATE, str(ended), certificate_of(ended.certificate))
            self.ctx.emit(PromptRaised(self.ctx.account, prompt))
        if reaction is Reaction.ASK_CREDENTIALS:
            self._ask_password(str(ended))
            return None
        if reaction in (Reaction.STOP, Reaction.CONFLICT):
            return None
        if reaction is Reaction.REDIRECT and ended.other_host is not None and self._hops < MOST_HOPS:
            self._hops += 1
            is_direct = self._progress.now.facts.is_direct_tls
            tls = TlsMode.DIRECT if is_direct else None  # never less protection than before (S-24)
            self._override = Override(ended.other_host.host, ended.other_host.port, tls)
            return 0.0
        self._override, self._hops = None, 0
        now = around.clock.monotonic()
        is_new_loss = self._lost_at is None
        lost_for = now - self._lost_at if self._lost_at is not None else 0.0
        self._lost_at = self._lost_at if self._lost_at is not None else now
        if reaction is Reaction.RECONNECT_NOW and is_new_loss:
            self._policy = self._make_policy(next(iter(self._policy.pins), ""))  # without the old TLS session
            return 0.0
        if reaction is Reaction.RECONNECT and is_new_loss and self._resumption is not None and not ended.is_shutdown:
            self._override = self._preferred(self._resumption.location)
            return 0.0  # the session is still there: nobody else comes back with us (C-REC-01)
        is_slow = reaction is Reaction.RECONNECT_SLOWLY
        self._slow_tries = self._slow_tries + 1 if is_slow else 0
        if self._slow_tries > MOST_SLOW_TRIES:
            return None
        return around.backoff.delay(
            lost_for, around.random, is_slow=is_slow, is_shutdown=ended.is_shutdown and is_new_loss
        )

    @staticmethod
    def _preferred(location: HostPort | None) -> Override | None:
        """Return where the server wants to be asked for the session (C-REC-02); its identity stays the domain's."""
        return None if location is None else Override(location.host, location.port)

    # -- one attempt ----------------------------------------------------------------------------------------------

    async def _live(self) -> StreamEndedError:
        """Dial, log in, serve the stream; return how it ended."""
        self._progress.begin()
        link: Link | None = None
        try:
            link, begun = await self._log_in(await self._credentials())
            return await self._serve(link, begun)
        except TuiXmppError as error:
            return ended_by(error)
        except Exception:
            _log.exception("an attempt failed")
            return StreamEndedError("Something went wrong inside this program; the log says more.")
        finally:
            if link is not None:
                await link.close()

    async def _credentials(self) -> Credentials:
        settings = self._settings
        has_certificate = settings.client_certificate is not None
        if settings.is_anonymous:
            return Credentials("", is_anonymous=True)
        if self._password is None and self._around.passwords is not None:
            try:
                self._password = await self._around.passwords.get_password(settings)
            except TuiXmppError as error:
                raise StreamEndedError(f"{error} Type the password.", Reaction.ASK_CREDENTIALS) from error
        if self._password is None and not has_certificate:
            raise StreamEndedError(f"Type the password of {self.ctx.account}.", Reaction.ASK_CREDENTIALS)
        return Credentials(
            settings.jid.local or "",
            Password(self._password) if self._password is not None else None,
            has_client_certificate=has_certificate,
            is_plain_allowed=settings.is_plain_allowed,
            token=await self._token_to_use(),
        )

    async def _token_to_use(self) -> FastToken | None:
        tokens = self._around.tokens
        if self._token is None and tokens is not None and not self._is_token_sought:
            self._is_token_sought = True
            self._token = await tokens.get_token(self.ctx.account)
        return self._token

    async def _keep_token(self, token: FastToken | None) -> None:
        """Keep what the server gave, or forget what it takes no more; without a keyring it lives as long as we do."""
        tokens = self._around.tokens
        if tokens is None:
            return
        try:
            await (
                tokens.forget_token(self.ctx.account) if token is None else tokens.keep_token(self.ctx.account, token)
            )
        except TuiXmppError as error:
            _log.info("the token was not kept: %s", error)

    async def _log_in(self, credentials: Credentials) -> tuple[Link, Bound | Resumed]:
        settings = self._settings
        tls = None if settings.tls == "auto" else TlsMode(settings.tls)
        override = self._override
        if override is None and settings.host is not None:
            override = Override(settings.host, settings.port)
        elif override is None and settings.port is not None:
            override = Override(settings.jid.domain_ascii, settings.port)
        target = Target(self._policy, override, tls, on_step=self._progress.on_step)
        while True:
            connected = await self._around.dial(target)
            try:
                return await self._negotiate(connected, credentials)
            except (NetError, StreamEndedError) as error:
                if not connected.untried or not _may_differ_elsewhere(error):
                    raise
                target = replace(target, endpoints=connected.untried)

    async def _negotiate(self, connected: Connected, credentials: Credentials) -> tuple[Link, Bound | Resumed]:
        progress, settings = self._progress, self._settings
        progress.connected(connected)
        endpoint = connected.endpoint
        where = f"{endpoint.host}:{endpoint.port}"
        config = xmpp.InitiatorConfig(
            domain=settings.jid.domain,
            account=None if settings.is_anonymous else settings.jid,
            resource=settings.resource,
            lang=self.ctx.languages[0] if self.ctx.languages else "en",
            tls_mode=xmpp.TlsMode.DIRECT if endpoint.is_direct_tls else xmpp.TlsMode.STARTTLS,
            stream_management=StreamManagementWish(),
            sasl2=self._instant_login(),
            resumption=self._resumption,
            clock=self._around.clock,
        )
        link = Link(xmpp.Connection(config), connected, self._wire)
        progress.step(Phase.SECURING, f"Opening the stream at {where}")

        def on_secured(tls: TlsFacts) -> None:
            progress.secured(tls)
            progress.step(Phase.AUTHENTICATING, f"Logging in at {where}")

        try:
            async with asyncio.timeout(LOGIN):
                begun = await link.log_in(
                    self._policy,
                    credentials,
                    self._pin,
                    self._keys,
                    on_securing=lambda: progress.step(Phase.SECURING, f"Encrypting {where}"),
                    on_secured=on_secured,
                    on_event=self._on_login_event,
                )
            if isinstance(begun, Bound):
                self._check(begun)
        except TimeoutError as error:
            link.transport.abort()
            raise StreamEndedError(f"The login at {where} was not finished within {LOGIN:.0f} s.") from error
        except BaseException as error:
            await link.close()
            if isinstance(error, StreamEndedError) and not error.is_login_refused:
                error.sentence = f"{where}: {error.sentence}"
            raise
        return link, begun

    def _instant_login(self) -> Sasl2Wish | None:
        """Return what is wanted together with the login; a guest, or who has no lasting name, wants nothing."""
        if self._settings.is_anonymous or self.client_id is None:
            return None
        is_inactive = not self.ctx.state(Activity).is_active
        agent = UserAgent(self.client_id, "tui-xmpp")
        # A token is asked for where there is a place to keep it.
        wants_token = self._around.tokens is not None and self._token is None
        tag = self._settings.resource or "tui-xmpp"
        return Sasl2Wish(agent, tag, is_inactive=is_inactive, wants_token=wants_token)

    def _on_login_event(self, event: Event) -> None:
        match event:
            case Authenticated():
                self._authenticated(event)
            case TokenReceived(token):
                self._token = token
                self._start(self._keep_token(token), self._chores)
            case TokenRefused():
                self._token = None
                self._start(self._keep_token(None), self._chores)
            case ResumptionFailed(h=h, acknowledged=acknowledged, unacked=unacked):
                self._resumption = None
                self._lost = _Lost(h, unacked)
                self._acknowledge(acknowledged, None)
            case _:
                pass

    def _authenticated(self, event: Authenticated) -> None:
        binding = event.channel_binding or ""
        self._progress.know(replace(self._progress.now.facts, mechanism=event.mechanism, channel_binding=binding))
        self._progress.step(Phase.BINDING, "Starting the session")
        self._start(self._keep_password(), self._chores)
        for kind in PromptKind:
            self.ctx.emit(PromptSettled(self.ctx.account, kind))
        if event.pin is not None and event.pin != self._pin:
            self._pin = event.pin
            self.ctx.emit(AuthenticationPinned(self.ctx.account, event.pin.to_dict()))

    async def _keep_password(self) -> None:
        """Keep a password the user wants kept, now that the server has taken it."""
        passwords, password = self._around.passwords, self._password
        if not self._is_password_for_keeping or passwords is None or password is None:
            return
        self._is_password_for_keeping = False
        try:
            await passwords.keep_password(self.ctx.account, password)
        except TuiXmppError as error:
            self.ctx.log(f"The password was not kept. {error}", Severity.WARNING)

    def _check(self, bound: Bound) -> None:
        if bound.is_other_account and not self._settings.is_anonymous:
            sentence = f"The server logged you in as {bound.jid.bare}, not as {self.ctx.account}."
            raise StreamEndedError(f"{sentence} Correct the account's address.", Reaction.STOP)

    # -- the stream -----------------------------------------------------------------------------------------------

    async def _serve(self, link: Link, begun: Bound | Resumed) -> StreamEndedError:
        """Handle stanzas until the stream ends; return how it did."""
        ctx, around = self.ctx, self._around
        started = around.clock.monotonic()
        is_resumed = isinstance(begun, Resumed)
        self._marks, self._is_kept = 0, True
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
                self._lost_at, self._slow_tries = None, 0

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
                                count = self._settle(link, count)
                                await asyncio.sleep(0)
                                turn_ends = now() + TURN
                        case Acknowledged(stanzas):
                            self._acknowledge(stanzas, link.connection.acknowledged_number)
                        case StreamManagementEnabled():
                            count = self._settle(link, count)
                            self._open_session(link)
                            self._make_room()
                        case StreamManagementRefused():
                            ctx.emit(SessionClosed(ctx.account))
                            self._make_room()
                        case _:
                            pass
            finally:
                self._settle(link, count)

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
        await self._stop(self._watchers)
        kept = ctx.flush()
        if kept is not None or self._marks:
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
        await self._stop(self._tasks)
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

    def _settle(self, link: Link, count: int) -> int:
        """Let out what stanzas brought and acknowledge them once it is on disk; return how many are left: none."""
        ctx = self.ctx
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

    # -- what features do on their own ----------------------------------------------------------------------------

    def _start_features(self) -> None:
        for feature in self.ctx.features:
            if feature.on_online is not None:
                self._start(feature.on_online(self.ctx), self._tasks)
        self._watch(self.ctx.features)

    def _watch(self, features: tuple[Feature, ...]) -> None:
        for feature in features:
            if feature.in_background is not None:
                self._start(feature.in_background(self.ctx), self._watchers)

    def _start(self, job: Awaitable[None], tasks: set[asyncio.Task[None]]) -> None:
        """Run a job as one of ``tasks``; watching for as long as a stream lasts is no work."""
        task = asyncio.create_task(self._supervise(job))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        if tasks is not self._watchers:
            self._around.work.begin()
            task.add_done_callback(lambda _: self._around.work.end())

    async def _supervise(self, job: Awaitable[None]) -> None:
        try:
            await job
        except NotConnectedError:
            return
        except Exception:
            _log.exception("a feature failed")
            self.ctx.log("A part of this program failed; the log says more.", Severity.ERROR)

    async def _stop(self, tasks: set[asyncio.Task[None]]) -> None:
        stopped = list(tasks)
        for task in stopped:
            task.cancel()
        await asyncio.gather(*stopped, return_exceptions=True)

    # -- small things ---------------------------------------------------------------------------------------------

    def _ask_password(self, reason: str) -> None:
        self._password = None
        self._keys.clear()
        prompt = Prompt(self.ctx.account, PromptKind.PASSWORD, reason)
        self.ctx.emit(PromptRaised(self.ctx.account, prompt))

    def _tell_connection(self, connection: ConnectionState) -> None:
        self.ctx.emit(ConnectionChanged(self.ctx.account, connection))

    def _make_policy(self, pin: str) -> TlsPolicy:
        settings = self._settings
        return TlsPolicy(
            settings.jid.domain_ascii,
            ca_file=_path(settings.ca_file),
            pins=frozenset((pin,)) if pin else frozenset(),
            client_certificate=_path(settings.client_certificate),
        )


def _may_differ_elsewhere(error: NetError | StreamEndedError) -> bool:
    """Tell whether another of the domain's hosts may do what this one did not."""
    if isinstance(error, StreamEndedError):
        return not error.is_login_refused and error.reaction in (Reaction.RECONNECT, Reaction.RECONNECT_SLOWLY)
    return not (isinstance(error, CertificateRefusedError) and error.refusal is Refusal.PIN_CHANGED)


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None
