"""Every failed login has a sentence of its own."""

from __future__ import annotations

import pytest

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.xmpp.sasl import Remedy, SaslError, sentence_for

RFC_6120 = {
    "aborted": Remedy.USER,
    "account-disabled": Remedy.USER,
    "credentials-expired": Remedy.USER,
    "encryption-required": Remedy.USER,
    "incorrect-encoding": Remedy.NEXT_MECHANISM,
    "invalid-authzid": Remedy.USER,
    "invalid-mechanism": Remedy.NEXT_MECHANISM,
    "malformed-request": Remedy.NEXT_MECHANISM,
    "mechanism-too-weak": Remedy.NEXT_MECHANISM,
    "not-authorized": Remedy.USER,
    "temporary-auth-failure": Remedy.TIME,
}


def test_c_sasl_07_each_condition_has_its_own_sentence_and_remedy() -> None:
    sentences = {sentence_for(condition) for condition in RFC_6120}

    assert len(sentences) == len(RFC_6120)
    for condition, remedy in RFC_6120.items():
        error = SaslError(condition)
        assert isinstance(error, TuiXmppError)
        assert str(error) == sentence_for(condition)
        assert f"“{condition}”" not in str(error)
        assert ": " in str(error)
        assert error.remedy is remedy
        assert not error.can_lift_pin


def test_c_sasl_07_an_unknown_condition_is_quoted_only_when_harmless() -> None:
    assert "“bad-protocol”" in sentence_for("bad-protocol")
    for hostile in ("\x1b[31mred", "a" * 100, "", "[b]x[/b]", "línea", "a\n"):
        assert sentence_for(hostile) == sentence_for("")
    assert SaslError("bad-protocol").remedy is Remedy.USER


@pytest.mark.parametrize("condition", ["downgrade-detected", "server-signature-invalid", "binding-mismatch"])
def test_s_22_an_attack_is_not_tried_again(condition: str) -> None:
    assert SaslError(condition).remedy is Remedy.USER
    assert "do not log in from this network" in sentence_for(condition)
