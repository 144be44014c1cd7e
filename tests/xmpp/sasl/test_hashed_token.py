"""HT-*: the vectors of the token mechanisms, what a server accepts, and when a token is used (XEP-0484)."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.sasl import log_in
from tui_xmpp.xmpp.sasl import (
    AuthenticationPin,
    ChannelBinding,
    Credentials,
    FastToken,
    HashedTokenServer,
    MechanismOffer,
    MemoryTokens,
    Password,
    SaslError,
    Success,
    choose,
    choose_token_mechanism,
    read_expiry,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET = "secret-token:fast-abcdef0123456789"
BOUND = ChannelBinding({"tls-exporter": bytes(range(32)), "tls-server-end-point": b"hash"}, "TLSv1.3")
UNBOUND = ChannelBinding({}, "TLSv1.3")
NAMES = ("HT-SHA-256-EXPR", "HT-SHA-256-ENDP", "HT-SHA-256-NONE")
OFFER = MechanismOffer(("SCRAM-SHA-256", "PLAIN"), None, is_sasl2=True, token_mechanisms=NAMES)
SCRAM_PLUS = MechanismOffer(("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"), ("tls-exporter",), True, NAMES)


def token(mechanism: str = "HT-SHA-256-EXPR") -> FastToken:
    return FastToken(Password(SECRET), mechanism, NOW + timedelta(days=1))


def holder(mechanism: str = "HT-SHA-256-EXPR", password: str | None = "r0m30myr0m30") -> Credentials:
    kept = None if password is None else Password(password)
    return Credentials("juliet", kept, token=token(mechanism), is_plain_allowed=True)


@pytest.mark.parametrize(
    ("mechanism", "initiator", "responder"),
    [
        (
            "HT-SHA-256-NONE",
            "anVsaWV0AORgG5OX55CteGMjsCNksmtfoW4cQr5rE8s3uqf066dn",
            "mL3UW1vFkv863Ki94j/KLpHeFYr7YrOOCn0svj4CdXM=",
        ),
        (
            "HT-SHA-256-EXPR",
            "anVsaWV0ADF7Z9A7zaCacgbAoQKtv/gq9/P80laK8A+xashN6/ta",
            "j4W3vNNvLx9vP3+YJ9YhWj4Y0IXjyArHuxqhrNPf5+k=",
        ),
    ],
)
def test_c_fast_02_vectors(mechanism: str, initiator: str, responder: str) -> None:
    client = choose(OFFER, holder(mechanism, None), BOUND, None)
    assert client.name == mechanism
    assert b64encode(client.initial_response() or b"").decode() == initiator
    client.success(b64decode(responder))


@pytest.mark.parametrize(
    ("hash_name", "length"),
    [("SHA-256", 32), ("SHA-384", 48), ("SHA-512", 64), ("SHA3-256", 32), ("SHA3-512", 64)],
)
@pytest.mark.parametrize("binding", ["EXPR", "ENDP", "NONE"])
def test_c_fast_02_each_hash_and_binding_between_both_sides(hash_name: str, length: int, binding: str) -> None:
    name = f"HT-{hash_name}-{binding}"
    tokens = MemoryTokens(lambda: NOW)
    given = tokens.issue("juliet", "install", name)
    server = HashedTokenServer(name, tokens, "install", BOUND, lambda: NOW)
    credentials = Credentials("juliet", None, token=given)
    client = choose(MechanismOffer((), None, True, (name,)), credentials, BOUND, None)
    success = log_in(client, server)
    assert success.authcid == "juliet"
    assert len(success.additional or b"") == length
    assert server.token is given


def test_c_fast_02_tls_unique_belongs_to_tls_1_2() -> None:
    old = ChannelBinding({"tls-unique": b"finished"}, "TLSv1.2")
    offer = MechanismOffer((), None, True, ("HT-SHA-256-UNIQ",))
    assert choose(offer, holder("HT-SHA-256-UNIQ", None), old, None).binding_type == "tls-unique"
    new = ChannelBinding({"tls-unique": b"finished"}, "TLSv1.3")
    with pytest.raises(SaslError):
        choose(offer, holder("HT-SHA-256-UNIQ", None), new, None)


@pytest.mark.parametrize(
    ("additional", "condition"),
    [
        (None, "server-signature-missing"),
        (b"", "server-signature-missing"),
        (b"x" * 32, "server-signature-invalid"),
        (b64decode("mL3UW1vFkv863Ki94j/KLpHeFYr7YrOOCn0svj4CdXM="), "server-signature-invalid"),
    ],
)
def test_s_30_a_server_that_does_not_know_the_token_is_not_believed(additional: bytes | None, condition: str) -> None:
    client = choose(OFFER, holder(), BOUND, None)
    with pytest.raises(SaslError) as raised:
        client.success(additional)
    assert raised.value.condition == condition


def test_a_challenge_has_no_place_in_one_round_trip() -> None:
    client = choose(OFFER, holder(), BOUND, None)
    for call in (client.challenge, client.key_derived):
        with pytest.raises(SaslError) as raised:
            call(b"")
        assert raised.value.condition == "unexpected-challenge"


@pytest.mark.parametrize("username", ["", "a\0b"])
def test_no_nul_in_a_name_and_nothing_empty(username: str) -> None:
    client = choose(OFFER, Credentials(username, None, token=token()), BOUND, None)
    with pytest.raises(SaslError) as raised:
        client.initial_response()
    assert raised.value.condition == "username-unusable"


def test_s_30_a_token_is_never_shown() -> None:
    assert SECRET not in repr(token()) + str(token()) + repr(holder())


def test_a_token_survives_the_keyring() -> None:
    kept = FastToken(Password(SECRET), "HT-SHA-256-EXPR", NOW, 7)
    read = FastToken.from_dict(kept.to_dict())
    assert read is not None
    assert (read.value.reveal(), read.mechanism, read.expiry, read.count) == (SECRET, "HT-SHA-256-EXPR", NOW, 7)
    unsaid = FastToken(Password(SECRET), "HT-SHA-256-EXPR")
    assert FastToken.from_dict(unsaid.to_dict()) is not None
    assert FastToken.from_dict({"mechanism": "HT-SHA-256-EXPR"}) is None
    assert FastToken.from_dict({"token": SECRET}) is None
    odd = FastToken.from_dict({"token": "x", "mechanism": "y", "expiry": "soon", "count": "9"})
    assert odd is not None
    assert (odd.expiry, odd.count) == (None, None)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T12:00:00Z", NOW),
        (" 2026-03-01T13:00:00+01:00 ", NOW),
        ("2026-03-01T12:00:00", None),
        ("never", None),
        (1772366400, None),
        (None, None),
    ],
)
def test_c_fast_03_an_expiry_that_names_no_moment_is_unsaid(text: object, moment: datetime | None) -> None:
    assert read_expiry(text) == moment


def test_c_fast_03_expiry_and_count() -> None:
    kept = FastToken(Password(SECRET), "HT-SHA-256-EXPR", NOW)
    assert kept.is_expired(NOW)
    assert not kept.is_expired(NOW - timedelta(seconds=1))
    assert not FastToken(Password(SECRET), "HT-SHA-256-EXPR").is_expired(NOW)
    assert [kept.counted().count, kept.counted().counted().count] == [1, 2]


# --- which way to log in (C-SASL-01) ---


@pytest.mark.parametrize(
    ("offer", "credentials", "binding", "expected"),
    [
        (SCRAM_PLUS, holder("HT-SHA-256-EXPR"), BOUND, "HT-SHA-256-EXPR"),
        (SCRAM_PLUS, holder("HT-SHA-256-ENDP"), BOUND, "HT-SHA-256-ENDP"),
        (SCRAM_PLUS, holder("HT-SHA-256-NONE"), BOUND, "SCRAM-SHA-256-PLUS"),
        (OFFER, holder("HT-SHA-256-NONE"), UNBOUND, "SCRAM-SHA-256"),
        (OFFER, holder("HT-SHA-256-EXPR"), UNBOUND, "SCRAM-SHA-256"),
        (MechanismOffer(("PLAIN",), None, True, NAMES), holder("HT-SHA-256-NONE"), UNBOUND, "HT-SHA-256-NONE"),
        (OFFER, holder("HT-SHA-256-NONE", None), UNBOUND, "HT-SHA-256-NONE"),
        (MechanismOffer(("SCRAM-SHA-256",), None, True), holder(), BOUND, "SCRAM-SHA-256"),
        (OFFER, holder("HT2-SHA-256-EXPR"), BOUND, "SCRAM-SHA-256"),
        (
            MechanismOffer(("SCRAM-SHA-256",), None, True, ("HT2-SHA-256-EXPR",)),
            holder("HT2-SHA-256-EXPR"),
            BOUND,
            "SCRAM-SHA-256",
        ),
    ],
)
def test_c_sasl_01_where_a_token_stands_in_the_order(
    offer: MechanismOffer, credentials: Credentials, binding: ChannelBinding, expected: str
) -> None:
    assert choose(offer, credentials, binding, None).name == expected


def test_c_sasl_01_a_certificate_comes_before_a_token() -> None:
    offer = MechanismOffer(("EXTERNAL",), None, True, NAMES)
    credentials = Credentials("juliet", None, has_client_certificate=True, token=token())
    assert choose(offer, credentials, BOUND, None).name == "EXTERNAL"


def test_s_22_a_token_without_binding_is_no_step_down_from_a_bound_login() -> None:
    pin = AuthenticationPin("scram", is_channel_bound=True)
    with pytest.raises(SaslError) as raised:
        choose(OFFER, holder("HT-SHA-256-NONE", None), BOUND, pin)
    assert raised.value.condition == "password-missing"
    assert choose_token_mechanism(MechanismOffer((), None, True, ("HT-SHA-256-NONE",)), BOUND, pin) is None
    assert choose_token_mechanism(MechanismOffer((), None, True, NAMES), BOUND, pin) == "HT-SHA-256-EXPR"
    unbound = MechanismOffer((), None, True, ("HT-SHA-256-NONE",))
    assert choose_token_mechanism(unbound, BOUND, AuthenticationPin("scram")) == "HT-SHA-256-NONE"


def test_s_30_no_token_without_tls() -> None:
    with pytest.raises(SaslError):
        choose(OFFER, holder("HT-SHA-256-NONE", None), None, None)


def test_a_login_by_token_pins_nothing_about_passwords() -> None:
    client = choose(OFFER, holder(), BOUND, None)
    assert AuthenticationPin().pin_after(client) == AuthenticationPin()


@pytest.mark.parametrize(
    ("offered", "binding", "expected"),
    [
        (NAMES, BOUND, "HT-SHA-256-EXPR"),
        (NAMES, UNBOUND, "HT-SHA-256-NONE"),
        (NAMES, ChannelBinding({"tls-server-end-point": b"x"}, "TLSv1.2"), "HT-SHA-256-ENDP"),
        (("HT-SHA-512-ENDP", "HT-SHA-256-EXPR"), BOUND, "HT-SHA-256-EXPR"),
        (("HT-SHA-256-EXPR", "HT-SHA-512-EXPR"), BOUND, "HT-SHA-512-EXPR"),
        (("HT2-SHA-256-EXPR", "HT-MD5-EXPR", "HT-SHA-256-ODD", "X"), BOUND, None),
        ((), BOUND, None),
    ],
)
def test_c_fast_01_the_token_to_ask_for_is_bound_if_that_can_be(
    offered: tuple[str, ...], binding: ChannelBinding, expected: str | None
) -> None:
    assert choose_token_mechanism(MechanismOffer((), None, True, offered), binding, None) == expected


# --- the server's books (XEP-0484 §3.5, §5.1) ---


class Shop:
    """A server's tokens, with a time that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW
        self.tokens = MemoryTokens(lambda: self.now)

    def examine(self, given: FastToken, mechanism: str | None = None, client_id: str = "install") -> Success:
        name = mechanism or given.mechanism
        server = HashedTokenServer(name, self.tokens, client_id, BOUND, lambda: self.now)
        credentials = Credentials("juliet", None, token=FastToken(given.value, name))
        data = choose(MechanismOffer((), None, True, (name,)), credentials, BOUND, None).initial_response()
        success = server.step(data)
        assert isinstance(success, Success)
        assert server.token is not None
        self.is_due = self.tokens.used("juliet", client_id, server.token)
        return success


def test_c_fast_03_the_old_token_works_until_the_new_one_was_used() -> None:
    shop = Shop()
    old = shop.tokens.issue("juliet", "install", "HT-SHA-256-EXPR")
    shop.examine(old)
    new = shop.tokens.issue("juliet", "install", "HT-SHA-256-EXPR")
    shop.examine(old)
    shop.examine(new)
    with pytest.raises(SaslError, match="name or the password"):
        shop.examine(old)
    shop.examine(new)


def test_c_fast_03_an_expired_token_says_so() -> None:
    shop = Shop()
    given = shop.tokens.issue("juliet", "install", "HT-SHA-256-EXPR")
    shop.now += timedelta(days=21)
    with pytest.raises(SaslError) as raised:
        shop.examine(given)
    assert raised.value.condition == "credentials-expired"


def test_c_fast_03_a_token_is_due_for_another_after_a_day() -> None:
    shop = Shop()
    given = shop.tokens.issue("juliet", "install", "HT-SHA-256-EXPR")
    shop.examine(given)
    assert not shop.is_due
    shop.now += timedelta(days=1)
    shop.examine(given)
    assert not shop.is_due
    shop.now += timedelta(seconds=1)
    shop.examine(given)
    assert shop.is_due


def test_s_30_a_token_is_bound_to_its_mechanism_its_client_and_its_account() -> None:
    shop = Shop()
    given = shop.tokens.issue("juliet", "install", "HT-SHA-256-EXPR")
    with pytest.raises(SaslError):
        shop.examine(given, "HT-SHA-256-NONE")
    with pytest.raises(SaslError):
        shop.examine(given, client_id="another")
    stolen = shop.tokens.issue("romeo", "install", "HT-SHA-256-EXPR")
    with pytest.raises(SaslError):
        shop.examine(stolen)
    shop.examine(given)


@pytest.mark.parametrize("binding", [None, UNBOUND])
def test_s_30_a_bound_token_is_worth_nothing_where_there_is_nothing_to_bind_to(binding: ChannelBinding | None) -> None:
    tokens = MemoryTokens(lambda: NOW)
    given = tokens.issue("juliet", "install", "HT-SHA-256-EXPR")
    server = HashedTokenServer("HT-SHA-256-EXPR", tokens, "install", binding, lambda: NOW)
    unbound = hmac.digest(given.value.reveal().encode(), b"Initiator", "sha256")
    with pytest.raises(SaslError) as raised:
        server.step(b"juliet\0" + unbound)
    assert raised.value.condition == "malformed-request"


def test_c_fast_02_a_server_knows_no_other_mechanism() -> None:
    with pytest.raises(SaslError) as raised:
        HashedTokenServer("HT-MD5-EXPR", MemoryTokens(lambda: NOW), "install", BOUND, lambda: NOW)
    assert raised.value.condition == "invalid-mechanism"


def test_c_fast_04_an_invalidated_token_is_gone() -> None:
    shop = Shop()
    given = shop.tokens.issue("juliet", "install", "HT-SHA-256-EXPR")
    shop.tokens.invalidate("juliet", "install", given)
    with pytest.raises(SaslError):
        shop.examine(given)


@pytest.mark.parametrize("data", [None, b"", b"juliet", b"\0proof", b"juliet\0", b"\xff\0proof"])
def test_a_malformed_proof_is_a_malformed_request(data: bytes | None) -> None:
    server = HashedTokenServer("HT-SHA-256-NONE", MemoryTokens(lambda: NOW), "install", None, lambda: NOW)
    with pytest.raises(SaslError) as raised:
        server.step(data)
    assert raised.value.condition == "malformed-request"
