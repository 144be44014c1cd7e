"""One account's way in: what it proves itself with, what its server has to prove, and what is wanted of it at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from tui_xmpp.core.commands import ProvidePassword
from tui_xmpp.core.events import AuthenticationPinned, PromptRaised, PromptSettled
from tui_xmpp.core.model import Phase, Prompt, PromptKind, Severity
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.features.xep0352_csi import Activity
from tui_xmpp.net.connect import Connected
from tui_xmpp.net.resolve import Override, TlsMode
from tui_xmpp.net.steps import NetError
from tui_xmpp.net.tls import CertificateRefusedError, Refusal, TlsFacts, TlsPolicy
from tui_xmpp.worker.context import AccountContext
from tui_xmpp.worker.dial import Target
from tui_xmpp.worker.link import Link, StreamEndedError
from tui_xmpp.worker.progress import Progress
from tui_xmpp.worker.surroundings import Surroundings
from tui_xmpp.worker.tasks import Tasks
from tui_xmpp.worker.wirelog import WireLog
from tui_xmpp.xmpp.config import InitiatorConfig, Sasl2Wish
from tui_xmpp.xmpp.config import TlsMode as StreamTlsMode
from tui_xmpp.xmpp.connection import Connection
from tui_xmpp.xmpp.events import Authenticated, Bound, Event, Resumed, TokenReceived, TokenRefused
from tui_xmpp.xmpp.inline import UserAgent
from tui_xmpp.xmpp.sasl import AuthenticationPin, Credentials, FastToken, KeyDerivation, Password
from tui_xmpp.xmpp.stream_errors import Reaction
from tui_xmpp.xmpp.stream_management import ResumptionState, StreamManagementWish

_log = logging.getLogger(__name__)

LOGIN: Final = 60.0
"""Seconds from an open transport to a bound session."""


class Login:
    """What is known of an account and its server for logging in, kept from one attempt to the next.

    ``client_id`` is a UUID that names this account on this installation, and nothing else (C-SASL2-02).
    """

    def __init__(self, ctx: AccountContext, around: Surroundings, progress: Progress, chores: Tasks) -> None:
        self._ctx = ctx
        self._around = around
        self._progress = progress
        self._chores = chores
        self._settings = ctx.settings
        self._policy = self._make_policy("")
        self._pin: AuthenticationPin | None = None
        self._password: str | None = None
        self._is_password_for_keeping = False
        self._token: FastToken | None = None
        self._is_token_sought = False
        self._keys: dict[KeyDerivation, bytes] = {}
        self._wire = WireLog(str(ctx.account)) if around.is_wire_logged else None
        self.client_id: str | None = None

    # -- what is known --------------------------------------------------------------------------------------------

    def restore(self, pin: AuthenticationPin | None, certificate_sha256: str) -> None:
        """Take up what earlier runs learned of the server."""
        self._pin = pin
        self.pin_certificate(certificate_sha256)

    def succeed(self, earlier: Login) -> None:
        """Take up what was known with the account's earlier settings."""
        self._pin, self._password, self._token = earlier._pin, earlier._password, earlier._token
        self.client_id = earlier.client_id
        self.pin_certificate(next(iter(earlier._policy.pins), ""))

    def take_password(self, command: ProvidePassword) -> bool:
        """Use a password from now on; return whether it is the one that was used before."""
        is_known = command.password == self._password
        self._password = command.password
        self._is_password_for_keeping = command.is_remembered
        self._keys.clear()
        return is_known

    def ask_password(self, reason: str) -> None:
        """Forget the password and ask the user for it."""
        self._password = None
        self._keys.clear()
        prompt = Prompt(self._ctx.account, PromptKind.PASSWORD, reason)
        self._ctx.emit(PromptRaised(self._ctx.account, prompt))

    def pin_certificate(self, sha256: str) -> None:
        """Trust the certificate with this fingerprint and no other; "" trusts certificate authorities."""
        self._policy = self._make_policy(sha256)

    def forget_tls_session(self) -> None:
        """Let the next TLS handshake be a full one."""
        self.pin_certificate(next(iter(self._policy.pins), ""))

    def allow_weaker(self) -> None:
        """Forget how safely the server has logged the account in before."""
        self._pin = None

    def learn(self, event: Event) -> None:
        """Take note of what a login under way has brought."""
        match event:
            case Authenticated():
                self._authenticated(event)
            case TokenReceived(token):
                self._token = token
                self._chores.start(self._keep_token(token))
            case TokenRefused():
                self._token = None
                self._chores.start(self._keep_token(None))
            case _:
                pass

    def _authenticated(self, event: Authenticated) -> None:
        binding = event.channel_binding or ""
        self._progress.know(replace(self._progress.now.facts, mechanism=event.mechanism, channel_binding=binding))
        self._progress.step(Phase.BINDING, "Starting the session")
        self._chores.start(self.keep_password())
        for kind in PromptKind:
            self._ctx.emit(PromptSettled(self._ctx.account, kind))
        if event.pin is not None and event.pin != self._pin:
            self._pin = event.pin
            self._ctx.emit(AuthenticationPinned(self._ctx.account, event.pin.to_dict()))

    async def keep_password(self) -> None:
        """Keep a password the user wants kept, now that the server has taken it."""
        passwords, password = self._around.passwords, self._password
        if not self._is_password_for_keeping or passwords is None or password is None:
            return
        self._is_password_for_keeping = False
        try:
            await passwords.keep_password(self._ctx.account, password)
        except TuiXmppError as error:
            self._ctx.log(f"The password was not kept. {error}", Severity.WARNING)

    async def forget(self) -> None:
        """Take what proves the account out of where it is kept; who cannot be asked for it has nothing."""
        self._password = self._token = None
        try:
            if self._around.passwords is not None:
                await self._around.passwords.forget_password(self._ctx.account)
            if self._around.tokens is not None:
                await self._around.tokens.forget_token(self._ctx.account)
        except TuiXmppError as error:
            _log.info("nothing could be forgotten: %s", error)

    async def _keep_token(self, token: FastToken | None) -> None:
        """Keep what the server gave, or forget what it takes no more; without a keyring it lives as long as we do."""
        tokens = self._around.tokens
        if tokens is None:
            return
        try:
            await (
                tokens.forget_token(self._ctx.account) if token is None else tokens.keep_token(self._ctx.account, token)
            )
        except TuiXmppError as error:
            _log.info("the token was not kept: %s", error)

    def _make_policy(self, pin: str) -> TlsPolicy:
        settings = self._settings
        return TlsPolicy(
            settings.jid.domain_ascii,
            ca_file=_path(settings.ca_file),
            pins=frozenset((pin,)) if pin else frozenset(),
            client_certificate=_path(settings.client_certificate),
        )

    # -- an attempt -----------------------------------------------------------------------------------------------

    async def enter(
        self,
        override: Override | None,
        resumption: Callable[[], ResumptionState | None],
        on_event: Callable[[Event], None],
    ) -> tuple[Link, Bound | Resumed]:
        """Dial, at ``override`` instead of where the domain says, and log in, at one of its hosts after the other.

        ``resumption`` is asked at each host for the session to go on with: what ``on_event`` was told may end it.
        Raises ``StreamEndedError``, ``NetError`` or another ``TuiXmppError`` as what to do next.
        """
        credentials = await self._credentials()
        settings = self._settings
        tls = None if settings.tls == "auto" else TlsMode(settings.tls)
        if override is None and settings.host is not None:
            override = Override(settings.host, settings.port)
        elif override is None and settings.port is not None:
            override = Override(settings.jid.domain_ascii, settings.port)
        target = Target(self._policy, override, tls, on_step=self._progress.on_step)
        while True:
            connected = await self._around.dial(target)
            try:
                return await self._negotiate(connected, credentials, resumption, on_event)
            except (NetError, StreamEndedError) as error:
                if not connected.untried or not _may_differ_elsewhere(error):
                    raise
                target = replace(target, endpoints=connected.untried)

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
            raise StreamEndedError(f"Type the password of {self._ctx.account}.", Reaction.ASK_CREDENTIALS)
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
            self._token = await tokens.get_token(self._ctx.account)
        return self._token

    async def _negotiate(
        self,
        connected: Connected,
        credentials: Credentials,
        resumption: Callable[[], ResumptionState | None],
        on_event: Callable[[Event], None],
    ) -> tuple[Link, Bound | Resumed]:
        progress, settings = self._progress, self._settings
        progress.connected(connected)
        endpoint = connected.endpoint
        where = f"{endpoint.host}:{endpoint.port}"
        config = InitiatorConfig(
            domain=settings.jid.domain,
            account=None if settings.is_anonymous else settings.jid,
            resource=settings.resource,
            lang=self._ctx.languages[0] if self._ctx.languages else "en",
            tls_mode=StreamTlsMode.DIRECT if endpoint.is_direct_tls else StreamTlsMode.STARTTLS,
            stream_management=StreamManagementWish(),
            sasl2=self._instant_login(),
            resumption=resumption(),
            clock=self._around.clock,
        )
        link = Link(Connection(config), connected, self._wire)
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
                    on_event=on_event,
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
        is_inactive = not self._ctx.state(Activity).is_active
        agent = UserAgent(self.client_id, "tui-xmpp")
        # A token is asked for where there is a place to keep it.
        wants_token = self._around.tokens is not None and self._token is None
        tag = self._settings.resource or "tui-xmpp"
        return Sasl2Wish(agent, tag, is_inactive=is_inactive, wants_token=wants_token)

    def _check(self, bound: Bound) -> None:
        if bound.is_other_account and not self._settings.is_anonymous:
            sentence = f"The server logged you in as {bound.jid.bare}, not as {self._ctx.account}."
            raise StreamEndedError(f"{sentence} Correct the account's address.", Reaction.STOP)


def _may_differ_elsewhere(error: NetError | StreamEndedError) -> bool:
    """Tell whether another of the domain's hosts may do what this one did not."""
    if isinstance(error, StreamEndedError):
        return not error.is_login_refused and error.reaction in (Reaction.RECONNECT, Reaction.RECONNECT_SLOWLY)
    return not (isinstance(error, CertificateRefusedError) and error.refusal is Refusal.PIN_CHANGED)


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None
