"""An honest little XMPP server in this process, for the demo, the screenshots and the tests."""

from __future__ import annotations

from typing import Final

from tui_xmpp.jid import BareJID

DOMAIN: Final = "longbourn.lit"
ELIZABETH: Final = BareJID("elizabeth", DOMAIN)
"""Whose account the demo is."""
