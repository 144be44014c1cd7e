"""What panes keep of conversations they no longer show."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from tui_xmpp.jid import BareJID
from tui_xmpp.values import dataclass
from tui_xmpp.worker.client import Client

if TYPE_CHECKING:
    from tui_xmpp.ui.widgets.message_window import Standpoint

MOST_PLACES: Final = 100
"""Chats of which it is kept where they were left; of more, those left first are forgotten."""
_NAME: Final = "places"


class Places:
    """Where each chat that was scrolled up was left; with a client that is kept from run to run."""

    def __init__(self, client: Client | None = None) -> None:
        self._client = client
        self._lines: list[str] = []  # one a chat, the one left last at the end: account, peer, row, key

    def of(self, account: BareJID, peer: BareJID) -> Standpoint | None:
        """Return where a chat was left, None where that was at its end."""
        return next((_place(line) for line in self._kept() if line.startswith(_chat(account, peer))), None)

    def leave(self, account: BareJID, peer: BareJID, place: Standpoint | None) -> None:
        """Keep where a chat is left; None: at its end."""
        if place == self.of(account, peer):
            return
        chat = _chat(account, peer)
        lines = [line for line in self._kept() if not line.startswith(chat)]
        if place is not None:
            lines.append(f"{chat}{place.row} {place.key}")
        self._lines = lines[-MOST_PLACES:]
        if self._client is not None:
            self._client.remember(_NAME, self._lines)

    def _kept(self) -> list[str]:
        kept = self._client.recall(_NAME) if self._client is not None else self._lines
        return kept if isinstance(kept, list) else []


def _chat(account: BareJID, peer: BareJID) -> str:
    return f"{account} {peer} "  # no address holds a space before its resource (RFC 7622 §3.3.1)


def _place(line: str) -> Standpoint | None:
    from tui_xmpp.ui.widgets.message_window import Standpoint

    _, _, row, key = line.split(" ", 3)
    return Standpoint(key, int(row)) if row.removeprefix("-").isdecimal() else None


@dataclass(slots=True)
class PaneMemory:
    """Drafts, sent texts and places; one for all panes, as a chat may come back in another one."""

    drafts: dict[tuple[BareJID, BareJID], str] = field(default_factory=dict)
    sent: dict[tuple[BareJID | None, BareJID | None], list[str]] = field(default_factory=dict)
    places: Places = field(default_factory=Places)
