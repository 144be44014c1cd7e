"""What the user does with what was said: find it, go to it."""

from __future__ import annotations

from datetime import datetime

from tui_xmpp.core import commands as c
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.desk import Desk


def search(desk: Desk, text: str) -> None:
    """Open the search, with a query or with the last one."""
    from tui_xmpp.ui.screens.search import SearchScreen

    desk.app.push_screen(SearchScreen(desk, desk.need_account(), f"{text} " if text else None))


def go_to(desk: Desk, account: BareJID, peer: BareJID, key: str) -> None:
    """Open a chat at a message and put the cursor on it."""
    desk.main.open_chat(account, peer)
    log = desk.main.conversation.log_lines
    log.seek(key)
    if not log.arrive():
        _jump(desk, c.JumpTo(account, peer, key), key)


def _jump(desk: Desk, command: c.JumpTo | c.JumpToDate, where: str | datetime) -> None:
    log = desk.main.conversation.log_lines

    def answered(failure: str | None) -> None:
        if failure is not None:
            log.seek(None)
            desk.complain(failure)
        elif desk.chat == (command.account, command.peer):
            log.seek(where)
            log.arrive()

    desk.submit(command, answered)
