"""What panes keep of conversations they no longer show."""

from __future__ import annotations

from dataclasses import field

from tui_xmpp.jid import BareJID
from tui_xmpp.ui.widgets.message_window import Standpoint
from tui_xmpp.values import dataclass


@dataclass(slots=True)
class PaneMemory:
    """Drafts, sent texts and places of this run; one for all panes, as a chat may come back in another one."""

    drafts: dict[tuple[BareJID, BareJID], str] = field(default_factory=dict)
    sent: dict[tuple[BareJID | None, BareJID | None], list[str]] = field(default_factory=dict)
    places: dict[tuple[BareJID, BareJID], Standpoint] = field(default_factory=dict)
