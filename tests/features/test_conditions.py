from __future__ import annotations

import pytest

from tui_xmpp.features.conditions import MEANINGS, explain, failure_of
from tui_xmpp.jid import parse_jid
from tui_xmpp.xmpp.element import parse_element
from tui_xmpp.xmpp.stanza_errors import ErrorCondition, ErrorType, StanzaError, decode_stanza_error

ROMEO = parse_jid("romeo@montague.example/orchard")


@pytest.mark.parametrize("condition", list(ErrorCondition))
def test_c_stz_08_every_condition_is_one_sentence_that_names_who_and_what(condition: ErrorCondition) -> None:
    sentence = explain(StanzaError(condition, ErrorType.CANCEL), ROMEO, "Nothing was sent.")
    assert sentence.endswith(f"({condition.value}). Nothing was sent.")
    assert "montague.example" in sentence
    assert "orchard" not in sentence
    assert "{" not in sentence
    assert sentence.count(". ") == 1


def test_c_stz_08_the_table_is_whole() -> None:
    assert set(MEANINGS) == set(ErrorCondition)
    assert len(set(MEANINGS.values())) == len(MEANINGS)


def test_failure_keeps_the_peers_own_words_apart() -> None:
    error = StanzaError(ErrorCondition.GONE, ErrorType.CANCEL, text="Moved to Mantua")
    failure = failure_of(error, ROMEO)
    assert (failure.condition, failure.text) == ("gone", "Moved to Mantua")
    assert "Mantua" not in failure.sentence


def test_x_191_that_the_user_has_blocked_them_is_the_reason() -> None:
    error = decode_stanza_error(
        parse_element(
            "<error xmlns='jabber:client' type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
            "<blocked xmlns='urn:xmpp:blocking:errors'/></error>"
        )
    )
    assert explain(error, ROMEO).startswith("You have blocked romeo@montague.example: ")
