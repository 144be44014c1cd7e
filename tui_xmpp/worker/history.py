"""Conversations as the screen opens, pages, reads and leaves them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from tui_xmpp.clock import Clock
from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Found, LogEntry, Message, Phase
from tui_xmpp.core.search import QueryError, parse_query
from tui_xmpp.core.views import Views
from tui_xmpp.features.feature import FeatureError
from tui_xmpp.jid import BareJID
from tui_xmpp.worker.handlers import Handler, takes
from tui_xmpp.worker.journal import Journal


class History:
    """Carry out the commands that concern what was said, whether or not the account is connected.

    ``perform`` carries out the commands of others: what is not stored here is asked of the server's archive.
    """

    def __init__(
        self, views: Views, journal: Journal, clock: Clock, perform: Callable[[c.Command], Awaitable[None]]
    ) -> None:
        self._views = views
        self._journal = journal
        self._clock = clock
        self._perform = perform
        self.commands: dict[type[c.Command], Handler] = dict(
            (
                takes(c.OpenConversation, self._open),
                takes(c.CloseConversation, self._close),
                takes(c.LoadOlder, self._load_older),
                takes(c.LoadNewer, self._load_newer),
                takes(c.LoadLatest, self._load_latest),
                takes(c.JumpTo, self._jump_to),
                takes(c.JumpToDate, self._jump_to_date),
                takes(c.SearchMessages, self._search),
                takes(c.ExportConversation, self._export),
                takes(c.PurgeConversation, self._purge),
                takes(c.ReadLastMessages, self._read_last),
                takes(c.MarkRead, self._mark_read),
                takes(c.MarkUnread, self._mark_unread),
                takes(c.SaveDraft, self._save_draft),
            )
        )

    async def _open(self, command: c.OpenConversation) -> None:
        account, peer, at = command.account, command.peer, command.at
        page = await self._older(account, peer, None)
        if at is not None and all(message.key != at for message in page.messages):
            around = await self._journal.read(lambda archive: archive.window(account, peer, at), None)
            page = around if around is not None else page
        self._journal.tell(page)

    async def _load_latest(self, command: c.LoadLatest) -> None:
        self._journal.tell(await self._older(command.account, command.peer, None))

    async def _load_older(self, command: c.LoadOlder) -> None:
        conversation = self._views.conversation(command.account, command.peer)
        if conversation.has_older or not conversation.messages:
            first = conversation.messages[0] if conversation.messages else None
            await self._load_before(command.account, command.peer, first)

    async def _load_before(self, account: BareJID, peer: BareJID, first: Message | None) -> None:
        page = await self._older(account, peer, first)
        if not page.messages and not page.is_start and self._is_online(account):
            # All that is stored is shown: the server has more.
            before = await self._journal.read(lambda archive: archive.oldest_archived(account, peer), None)
            await self._perform(c.FetchOlder(account, peer, before))
            page = await self._older(account, peer, first)
        self._journal.tell(page)

    async def _older(self, account: BareJID, peer: BareJID, before: Message | None) -> e.HistoryLoaded:
        nothing = e.HistoryLoaded(account, peer, (), is_latest=before is None, is_start=True)
        return await self._journal.read(lambda archive: archive.page(account, peer, before), nothing)

    def _is_online(self, account: BareJID) -> bool:
        view = self._views.account(account)
        return view is not None and view.connection.phase is Phase.ONLINE

    async def _load_newer(self, command: c.LoadNewer) -> None:
        account, peer = command.account, command.peer
        conversation = self._views.conversation(account, peer)
        if not conversation.has_newer or not conversation.messages:
            return
        last = conversation.messages[-1]
        nothing = e.HistoryLoaded(account, peer, (), is_latest=True, is_start=False, is_newer=True)
        self._journal.tell(await self._journal.read(lambda archive: archive.newer_page(account, peer, last), nothing))

    async def _jump_to(self, command: c.JumpTo) -> None:
        await self._jump(command.account, command.peer, command.key, "This message is not stored here any more.")

    async def _jump_to_date(self, command: c.JumpToDate) -> None:
        await self._jump(command.account, command.peer, command.moment, "Nothing of this conversation is stored here.")

    async def _jump(self, account: BareJID, peer: BareJID, where: str | datetime, otherwise: str) -> None:
        window = await self._journal.read(lambda archive: archive.window(account, peer, where), None)
        if window is None or not window.messages:
            raise FeatureError(otherwise)
        self._journal.tell(window)

    async def _search(self, command: c.SearchMessages) -> None:
        accounts = [command.account]
        if command.is_in_all_accounts:
            accounts = [view.account for view in self._views.accounts()]
        account, text, more = command.account, command.query, command.more
        try:
            query = parse_query(text, self._clock.now())
        except QueryError as error:
            self._journal.tell(e.SearchFound(account, text, (), None, failure=str(error)))
            raise
        found: tuple[Found, ...] = ()
        following: tuple[int, int] | None = None
        if not query.is_empty:
            found, following = await self._journal.read(
                lambda archive: archive.search(query, accounts, more), (found, following)
            )
        self._journal.tell(e.SearchFound(account, text, found, following, is_continued=more is not None))

    async def _export(self, command: c.ExportConversation) -> None:
        account, peer, path = command.account, command.peer, command.path
        from tui_xmpp.storage.export import export

        count = await self._journal.read(lambda archive: export(archive, account, peer, path), 0)
        text = f"{count} message{'s' * (count != 1)} of the chat with {peer} written to {path}"
        await self._record(e.Logged(account, LogEntry(self._clock.now(), text, account=account, peer=peer)))

    async def _purge(self, command: c.PurgeConversation) -> None:
        await self._record(e.ConversationPurged(command.account, command.peer))

    async def _close(self, command: c.CloseConversation) -> None:
        self._journal.tell(e.ConversationClosed(command.account, command.peer))

    async def _read_last(self, command: c.ReadLastMessages) -> None:
        account = command.account
        nothing: tuple[Message, ...] = ()
        found = await self._journal.read(lambda archive: archive.last_messages(account), nothing)
        self._journal.tell(e.LastMessagesRead(account, found))

    async def _mark_read(self, command: c.MarkRead) -> None:
        if self._views.conversation(command.account, command.peer).unread:
            await self._record(e.ConversationRead(command.account, command.peer, is_told=command.is_told))

    async def _mark_unread(self, command: c.MarkUnread) -> None:
        await self._record(e.ConversationMarkedUnread(command.account, command.peer, command.key))

    async def _save_draft(self, command: c.SaveDraft) -> None:
        await self._record(e.DraftChanged(command.account, command.peer, command.text))

    async def _record(self, event: e.Event) -> None:
        done = self._journal.record([event])
        if done is not None:
            await done
