"""Conversations as the screen opens, pages, reads and leaves them."""

from __future__ import annotations

from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Message
from tui_xmpp.core.views import Views
from tui_xmpp.jid import BareJID
from tui_xmpp.worker.handlers import Handler, takes
from tui_xmpp.worker.journal import Journal


class History:
    """Carry out the commands that concern what was said, whether or not the account is connected."""

    def __init__(self, views: Views, journal: Journal) -> None:
        self._views = views
        self._journal = journal
        self.commands: dict[type[c.Command], Handler] = dict(
            (
                takes(c.OpenConversation, self._open),
                takes(c.CloseConversation, self._close),
                takes(c.LoadOlder, self._load_older),
                takes(c.LoadLatest, self._open),
                takes(c.MarkRead, self._mark_read),
                takes(c.SaveDraft, self._save_draft),
            )
        )

    async def _open(self, command: c.OpenConversation | c.LoadLatest) -> None:
        await self._load(command.account, command.peer, None)

    async def _load_older(self, command: c.LoadOlder) -> None:
        conversation = self._views.conversation(command.account, command.peer)
        if not conversation.messages:
            await self._load(command.account, command.peer, None)
        elif conversation.has_older:
            await self._load(command.account, command.peer, conversation.messages[0])

    async def _load(self, account: BareJID, peer: BareJID, before: Message | None) -> None:
        nothing = e.HistoryLoaded(account, peer, (), is_latest=before is None, is_start=True)
        page = await self._journal.read(lambda archive: archive.page(account, peer, before), nothing)
        await self._record(page)

    async def _close(self, command: c.CloseConversation) -> None:
        await self._record(e.ConversationClosed(command.account, command.peer))

    async def _mark_read(self, command: c.MarkRead) -> None:
        if self._views.conversation(command.account, command.peer).unread:
            await self._record(e.ConversationRead(command.account, command.peer))

    async def _save_draft(self, command: c.SaveDraft) -> None:
        await self._record(e.DraftChanged(command.account, command.peer, command.text))

    async def _record(self, event: e.Event) -> None:
        done = self._journal.record([event])
        if done is not None:
            await done
