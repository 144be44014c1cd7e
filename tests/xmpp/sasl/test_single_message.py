"""PLAIN, EXTERNAL and ANONYMOUS, both sides; and which server mechanism answers to a name."""

from __future__ import annotations

from base64 import b64decode

import pytest

from tests.support.sasl import Accounts, log_in
from tui_xmpp.xmpp.sasl import (
    Challenge,
    ChannelBinding,
    ClientMechanism,
    Credentials,
    MechanismOffer,
    Password,
    SaslError,
    Success,
    choose,
    server_mechanism,
)
from tui_xmpp.xmpp.sasl.plain import PlainClient

TLS = ChannelBinding({}, "TLSv1.3")


def plain(username: str, password: str, authzid: str | None = None) -> ClientMechanism:
    credentials = Credentials(username, Password(password), authzid, is_plain_allowed=True)
    return choose(MechanismOffer(("PLAIN",)), credentials, TLS, None)


def test_c_plain_01_vectors_of_rfc_4616() -> None:
    assert plain("tim", "tanstaaftanstaaf").initial_response() == b"\0tim\0tanstaaftanstaaf"
    assert plain("Kurt", "xipj3plmq", "Ursel").initial_response() == b"Ursel\0Kurt\0xipj3plmq"
    assert plain("juliet", "r0m30myr0m30").initial_response() == b64decode("AGp1bGlldAByMG0zMG15cjBtMzA=")
    assert plain("ю", "пароль").initial_response() == "\0ю\0пароль".encode()


@pytest.mark.parametrize(
    ("username", "password", "authzid", "condition"),
    [
        ("a\0b", "x", None, "username-unusable"),
        ("", "x", None, "username-unusable"),
        ("a", "x", "b\0c", "username-unusable"),
        ("a", "x\0y", None, "password-unusable"),
        ("a", "", None, "password-unusable"),
    ],
)
def test_c_plain_01_no_nul_and_nothing_empty(username: str, password: str, authzid: str | None, condition: str) -> None:
    with pytest.raises(SaslError) as caught:
        plain(username, password, authzid).initial_response()

    assert caught.value.condition == condition


def test_c_plain_01_no_password_is_not_an_empty_one() -> None:
    with pytest.raises(SaslError) as caught:
        PlainClient(Credentials("juliet")).initial_response()
    assert caught.value.condition == "password-missing"


def test_c_plain_01_both_sides() -> None:
    store = Accounts({"juliet": "r0m30"})

    assert log_in(plain("juliet", "r0m30", "x@y"), server_mechanism("PLAIN", store, TLS)) == Success(
        "juliet", "x@y", None
    )
    assert log_in(plain("juliet", "r0m30"), server_mechanism("PLAIN", store, TLS)) == Success("juliet", None, None)
    with pytest.raises(SaslError, match="type the password again"):
        log_in(plain("juliet", "wrong"), server_mechanism("PLAIN", store, TLS))


@pytest.mark.parametrize("message", [b"", b"a\0b", b"\0a\0", b"\0\0x", b"\0a\0b\0c", b"\0\xff\0b"])
def test_c_plain_01_server_refuses_malformed(message: bytes) -> None:
    with pytest.raises(SaslError) as caught:
        server_mechanism("PLAIN", Accounts({"a": "b", "": "x"}), TLS).step(message)

    assert caught.value.condition == "malformed-request"


def test_c_ext_01_both_sides() -> None:
    client = choose(MechanismOffer(("EXTERNAL",)), Credentials("juliet", has_client_certificate=True), TLS, None)
    server = server_mechanism("EXTERNAL", Accounts(), TLS, certified_username="juliet")

    assert log_in(client, server) == Success("juliet", None, None)
    assert server.step(b"juliet@capulet.example") == Success("juliet", "juliet@capulet.example", None)
    with pytest.raises(SaslError) as caught:
        log_in(client, server_mechanism("EXTERNAL", Accounts(), TLS))
    assert caught.value.condition == "not-authorized"
    with pytest.raises(SaslError, match="did not understand"):
        server.step(b"\xff")


def test_c_ext_01_no_nul_in_an_address() -> None:
    credentials = Credentials("juliet", authzid="a\0b", has_client_certificate=True)

    with pytest.raises(SaslError) as caught:
        choose(MechanismOffer(("EXTERNAL",)), credentials, TLS, None).initial_response()
    assert caught.value.condition == "username-unusable"


def test_c_anon_01_the_server_makes_the_name_up() -> None:
    client = choose(MechanismOffer(("ANONYMOUS",)), Credentials("", is_anonymous=True), TLS, None)
    server = server_mechanism("ANONYMOUS", Accounts(), TLS, nonce=lambda: "guest-1")

    assert log_in(client, server) == Success("guest-1", None, None)
    assert server.step(b"sirhc@example.com") == Success("guest-1", None, None)


@pytest.mark.parametrize("name", ["PLAIN", "EXTERNAL", "ANONYMOUS"])
def test_one_message_mechanisms_answer_no_questions(name: str) -> None:
    credentials = Credentials(
        "a",
        Password("b"),
        has_client_certificate=name == "EXTERNAL",
        is_anonymous=name == "ANONYMOUS",
        is_plain_allowed=True,
    )
    client = choose(MechanismOffer((name,)), credentials, TLS, None)

    assert client.name == name
    for call in (client.challenge, client.key_derived):
        with pytest.raises(SaslError) as caught:
            call(b"")
        assert caught.value.condition == "unexpected-challenge"
    assert server_mechanism(name, Accounts(), TLS).step(None) == Challenge(b"")


def test_server_has_only_what_it_offered() -> None:
    offer = MechanismOffer(("SCRAM-SHA-1",))
    for name in ("PLAIN", "DIGEST-MD5", ""):
        with pytest.raises(SaslError) as caught:
            server_mechanism(name, Accounts(), TLS, offer=offer)
        assert caught.value.condition == "invalid-mechanism"
    with pytest.raises(SaslError) as caught:
        server_mechanism("DIGEST-MD5", Accounts(), TLS)
    assert caught.value.condition == "invalid-mechanism"
    assert server_mechanism("SCRAM-SHA-1", Accounts(), TLS, offer=offer).name == "SCRAM-SHA-1"
