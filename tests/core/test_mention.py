"""Who is called by name."""

from __future__ import annotations

import pytest

from tui_xmpp.core.mention import is_mention
from tui_xmpp.jid import BareJID

ELIZABETH = BareJID.parse("elizabeth@longbourn.lit")


@pytest.mark.parametrize(
    ("body", "is_one"),
    [
        ("Dear Elizabeth, come", True),
        ("@elizabeth: come", True),
        ("elizabethan manners", False),
        ("What think you of books?", False),
    ],
)
def test_a_mention_is_the_own_name_as_a_word(body: str, is_one: bool) -> None:
    assert is_mention(ELIZABETH, body) is is_one


def test_an_account_without_a_name_is_never_called() -> None:
    assert not is_mention(BareJID.parse("longbourn.lit"), "longbourn.lit")
