"""Whether somebody is called by name."""

from __future__ import annotations

import re

from tui_xmpp.jid import BareJID


def is_mention(account: BareJID, body: str) -> bool:
    """Say whether a message calls the user of an account by name, as a word of its own."""
    return account.local is not None and is_named(account.local, body)


def is_named(name: str, body: str) -> bool:
    """Say whether a name stands in a text as a word of its own."""
    # Most texts do not hold the name at all: that is told faster.
    return name.casefold() in body.casefold() and (
        re.search(rf"(?<!\w){re.escape(name)}(?!\w)", body, re.I) is not None
    )
