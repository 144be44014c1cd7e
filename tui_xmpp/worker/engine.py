"""All accounts' sessions, behind the one door: commands in, facts out."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Sequence
from random import Random
from typing import Protocol
from uuid import UUID

from tui_xmpp.clock import Clock, SystemClock
from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Message, OwnPresence, Severity
from tui_xmpp.core.settings import AccountSettings, Settings
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.features import FEATURES
from tui_xmpp.features.feature import Feature, FeatureError, Kept
from tui_xmpp.features.rfc6121_presence import broadcast
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.accounts import AccountState
from tui_xmpp.storage.archive import Archive
from tui_xmpp.storage.resumption import KeptSession
from tui_xmpp.worker.backoff import Backoff
from tui_xmpp.worker.client import Client, Remembered
from tui_xmpp.worker.context import AccountContext, random_id
from tui_xmpp.worker.dial import Dialer, NetDialer
from tui_xmpp.worker.dispatch import Dispatcher
from tui_xmpp.worker.handlers import Handler
from tui_xmpp.worker.history import History
from tui_xmpp.worker.journal import Journal
from tui_xmpp.worker.session import Session
from tui_xmpp.worker.surroundings import Passwords, Surroundings
from tui_xmpp.worker.tokens import KnownTokens, Tokens
from tui_xmpp.worker.work import Work
from tui_xmpp.xmpp.sasl import AuthenticationPin

_log = logging.getLogger(__name__)

CLOSING = 8.0
"""Seconds for all goodbyes together."""


_Kept = tuple[AccountState, tuple[e.ConversationSummarised, ...], tuple[Message, ...], KeptSession]
_NOTHING: _Kept = (AccountState(), (), (), KeptSession())


def _kept(archive: Archive, account: BareJID) -> _Kept:
    # The session of another instance that still runs is not for this one, nor what waits in its outbox.
    is_ours = not archive.is_read_only
    outbox, session = (archive.outbox(account), archive.session(account)) if is_ours else ((), KeptSession())
    return archive.account_state(account), archive.conversations(account), outbox, session


class SettingsFile(Protocol):
    """Where accounts are kept for the next run; blocking."""

    def save_settings(self, before: Settings, after: Settings) -> None: ...

    def save_account(self, settings: AccountSettings) -> None: ...

    def forget_account(self, account: BareJID) -> None: ...


class Watch(Protocol):
    """Tells when the machine slept or its network changed, until it is closed."""

    def close(self) -> None: ...


class SessionEngine:
    """Carry out commands over one session for each account; implements :class:`tui_xmpp.worker.client.Engine`.

    Everything from outside comes in here: how to dial, the archive (None: one in memory, nothing is kept), passwords
    (None: always asked), the settings file (None: nothing is written), time and chance, and what watches the machine
    and its network (None: only pings find out).
    """

    def __init__(
        self,
        client: Client,
        *,
        features: Sequence[Feature] = FEATURES,
        dial: Dialer | None = None,
        archive: Archive | None = None,
        passwords: Passwords | None = None,
        tokens: Tokens | None = None,
        settings_file: SettingsFile | None = None,
        clock: Clock | None = None,
        random: Random | None = None,
        backoff: Backoff | None = None,
        languages: Sequence[str] = (),
        make_id: Callable[[], str] = random_id,
        is_wire_logged: bool = False,
        watch_changes: Callable[[Callable[[], None]], Watch] | None = None,
    ) -> None:
        self._client = client
        self._clock = clock or SystemClock()
        self._work = Work()
        self._notice = archive.notice if archive else ""
        self._archive = archive or Archive.in_memory()
        self._journal = Journal(self._publish, self._archive, self._clock, self._work)
        self._settings_file = settings_file
        self._settings = client.settings
        self._features = tuple(features)
        self._writing = asyncio.Lock()
        self._changing: defaultdict[BareJID, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Held for an account while its session is made, made anew or taken away."""
        self._languages = languages
        self._make_id = make_id
        self._around = Surroundings(
            dial=dial or NetDialer(),
            journal=self._journal,
            dispatcher=Dispatcher(self._enabled_features()),
            clock=self._clock,
            random=random or Random(),  # noqa: S311 - spreads retries, guards nothing
            backoff=backoff or Backoff(),
            work=self._work,
            passwords=passwords,
            tokens=KnownTokens(tokens, client) if tokens is not None else None,
            is_wire_logged=is_wire_logged,
        )
        self._history = History(client.views, self._journal, self._clock, self._carry_out)
        self._sessions: dict[BareJID, Session] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False
        self._watch_changes = watch_changes
        self._watch: Watch | None = None
        self._settling = asyncio.Lock()
        client.restore(self._archive.remembered(), self._keep)

    # -- the door -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin with the accounts of the settings; what is kept of them is shown before they connect."""
        for settings in self._client.settings.accounts:
            self._spawn(self._add(settings))
        if not self._archive.is_index_whole:
            self._spawn(self._index())
        if self._watch_changes is not None:
            self._watch = self._watch_changes(self._doubt)

    def _doubt(self) -> None:
        for session in self._sessions.values():
            session.doubt()

    async def close(self) -> None:
        """Say goodbye on every account, keep everything, and return within a few seconds."""
        self._is_closing = True
        if self._watch is not None:
            self._watch.close()
        goodbyes = [asyncio.create_task(session.close()) for session in self._sessions.values()]
        if goodbyes:
            await asyncio.wait(goodbyes, timeout=CLOSING)
        tasks = [*goodbyes, *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._journal.close()
        self._archive.close()

    def perform(self, command: c.Command, finish: Callable[[str | None], None]) -> None:
        """Start a command and call ``finish`` exactly once: None when done, a sentence when it failed."""
        if self._is_closing:
            finish("The program is closing.")
            return
        self._spawn(self._answer(command, finish))

    def adopt(self, settings: Settings, finish: Callable[[str | None], None]) -> None:
        """Follow other settings at once and keep them in the file; ``finish`` is called as for a command."""
        before, self._settings = self._settings, settings
        if settings.privacy != before.privacy:
            self._around.dispatcher.use(self._enabled_features())
            for session in self._sessions.values():
                session.ctx.privacy = settings.privacy
                if session.ctx.is_online and session.ctx.own.show.is_available:
                    broadcast(session.ctx)  # what this client can do has changed (XEP-0115 §5.3)
        self._spawn(self._write(before, settings, finish))

    def _enabled_features(self) -> list[Feature]:
        return [feature for feature in self._features if feature.is_enabled(self._settings.privacy)]

    async def _write(self, before: Settings, after: Settings, finish: Callable[[str | None], None]) -> None:
        failure: str | None = "It was broken off: the program is closing."
        try:
            if (file := self._settings_file) is not None:
                async with self._writing:
                    await asyncio.to_thread(file.save_settings, before, after)
            failure = None
        except TuiXmppError as error:
            failure = f"{error} What you set holds until you leave."
        finally:
            finish(failure)

    async def settle(self) -> None:
        """Return when nothing is under way and the servers have nothing more to say to what was sent."""
        async with self._settling:  # the barriers of one are work to another
            while True:
                await self._idle()
                begun = self._work.begun
                pinged = [session.barrier() for session in self._sessions.values() if session.ctx.is_online]
                await asyncio.gather(*pinged)
                await self._idle()
                # A barrier is one request and the one read that brings its answer.
                if self._work.begun <= begun + 2 * len(pinged):
                    return

    async def _idle(self) -> None:
        while not self._work.is_idle:
            await self._work.idle()

    # -- commands -------------------------------------------------------------------------------------------------

    def _spawn(self, job: Coroutine[None, None, None]) -> None:
        self._work.begin()
        task = asyncio.get_running_loop().create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._work.end()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("the engine failed", exc_info=error)

    async def _answer(self, command: c.Command, finish: Callable[[str | None], None]) -> None:
        failure: str | None = "It was broken off: the program is closing."
        try:
            await self._carry_out(command)
            failure = None
        except TuiXmppError as error:
            failure = str(error)
        except Exception:
            _log.exception("a command failed")
            failure = "Something went wrong inside this program; the log says more."
        finally:
            session = self._sessions.get(command.account)
            if session is not None:
                session.ctx.flush()
            finish(failure)

    async def _carry_out(self, command: c.Command) -> None:
        match command:
            case c.AddAccount(settings=settings):
                return await self._add(settings)
            case c.SaveAccount(settings=settings):
                return await self._save(settings)
            case c.RemoveAccount():
                return await self._remove(command)
            case _:
                pass
        session = self._sessions.get(command.account)
        if session is None:
            raise FeatureError(f"{command.account} is not one of the accounts here.")
        return await self._handler(session, command)(command)

    def _handler(self, session: Session, command: c.Command) -> Handler:
        kind = type(command)
        if (handler := session.commands.get(kind) or self._history.commands.get(kind)) is not None:
            return handler
        route = self._around.dispatcher.commands.get(kind)
        if route is None:
            raise FeatureError("This program cannot do that yet.")
        if not route.works_offline and not session.ctx.is_online:
            raise FeatureError(f"{command.account} is not connected.")
        return lambda given: route.perform(session.ctx, given)

    def _publish(self, events: Iterable[e.Event]) -> None:
        """Let facts be known to the screen, then to the features that follow them."""
        events = list(events)
        self._client.publish(events)
        for event in events:
            for follow in self._around.dispatcher.followers.get(type(event), ()):
                session = self._sessions.get(event.account)
                if session is not None:
                    follow(session.ctx, event)

    # -- accounts -------------------------------------------------------------------------------------------------

    async def _add(self, settings: AccountSettings) -> None:
        self._client.settings = self._client.settings.with_account(settings)
        async with self._changing[settings.jid]:
            session = await self._session_with(settings)
            if self._notice:
                session.ctx.log(self._notice, Severity.WARNING)
                self._notice = ""
            if not self._is_closing:
                session.start()

    async def _session_with(self, settings: AccountSettings) -> Session:
        """Return a session of an account with these settings, which takes up what an earlier one knew."""
        account = settings.jid
        earlier = self._sessions.pop(account, None)
        if earlier is not None:
            await earlier.close()
            ctx = earlier.ctx
            ctx.settings = settings
            session = self._sessions[account] = Session(ctx, self._around)
            session.login.succeed(earlier.login)
        else:
            ctx = self._context(settings)
            session = self._sessions[account] = Session(ctx, self._around)
            ctx.show(e.AccountAdded(account, ctx.own))
            session.login.client_id = self._client_id(account)
            await self._restore(session)
        return session

    def _context(self, settings: AccountSettings) -> AccountContext:
        return AccountContext(
            settings,
            self._settings.privacy,
            own=OwnPresence(priority=settings.priority),
            dispatcher=self._around.dispatcher,
            journal=self._journal,
            views=self._client.views,
            clock=self._clock,
            work=self._work,
            languages=self._languages,
            make_id=self._make_id,
        )

    def _client_id(self, account: BareJID) -> str:
        """Return what names this account on this installation, made once."""
        kept = self._client.recall(f"client_id {account}")
        if isinstance(kept, str):
            return kept
        made = str(UUID(int=self._around.random.getrandbits(128), version=4))
        self._client.remember(f"client_id {account}", made)
        return made

    async def _restore(self, session: Session) -> None:
        """Show what earlier runs kept: the last screen before the first byte."""
        ctx = session.ctx
        account = ctx.account
        try:
            found = await self._journal.read(lambda archive: _kept(archive, account), _NOTHING)
        except TuiXmppError as error:
            ctx.log(str(error), Severity.ERROR)
            return
        state, conversations, outbox, last = found
        facts: list[e.Event] = [*conversations]
        if state.own is not None:
            ctx.own = state.own
            facts.append(e.OwnPresenceChanged(account, ctx.own))
        if state.roster:
            facts.append(e.RosterReplaced(account, state.roster, state.roster_version))
        if state.gaps:
            facts.append(e.GapsChanged(account, state.gaps))
        ctx.show(*facts)
        kept = Kept(
            state.roster,
            state.roster_version,
            outbox,
            placed=last.placed,
            archive_head=state.head,
            archive_gaps=state.gaps,
            capabilities=state.capabilities,
            is_kept=not self._archive.is_read_only,
        )
        for feature in ctx.features:
            if feature.on_restored is not None:
                feature.on_restored(ctx, kept)
        pin = AuthenticationPin.from_dict(state.pin) if state.pin else None
        session.restore(pin, state.certificate_sha256, last.opened)

    async def _index(self) -> None:
        """Let all that is stored be found by its words, a part at a time: whatever else is asked for goes between."""
        percent = 0
        while percent < 100:
            try:
                percent = await self._journal.read(Archive.index_part, 100)
            except TuiXmppError:
                _log.exception("the search index could not be written; it is gone on with at the next start")
                return
            self._client.publish([e.MessagesIndexed(view.account, percent) for view in self._client.views.accounts()])

    async def _save(self, settings: AccountSettings) -> None:
        if (file := self._settings_file) is None:
            raise FeatureError("There is no settings file to write to.")
        with self._work.under_way():
            async with self._writing:
                await asyncio.to_thread(file.save_account, settings)

    async def _remove(self, command: c.RemoveAccount) -> None:
        async with self._changing[command.account]:
            session = self._sessions.pop(command.account, None)
            if session is None:
                raise FeatureError(f"{command.account} is not one of the accounts here.")
            self._client.settings = self._client.settings.without_account(command.account)
            await session.close()
            session.ctx.show(e.AccountRemoved(command.account))
        if not command.is_forgotten:
            return
        if (file := self._settings_file) is not None:
            async with self._writing:
                await asyncio.to_thread(file.forget_account, command.account)
        await session.login.forget()

    # -- what the screen remembers --------------------------------------------------------------------------------

    def _keep(self, key: str, value: Remembered) -> None:
        self._journal.run(lambda archive: archive.remember(key, value))
