"""Which mechanism is chosen, and what is refused rather than chosen."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.xmpp.sasl import (
    AuthenticationPin,
    ChannelBinding,
    ClientMechanism,
    Credentials,
    KeyDerivation,
    MechanismOffer,
    Password,
    SaslError,
    choose,
)
from tui_xmpp.xmpp.sasl.scram import HASHES, downgrade_hash

PENCIL = Credentials("user", Password("pencil"))
TLS_ONLY = ChannelBinding({}, "TLSv1.3")
END_POINT = ChannelBinding({"tls-server-end-point": b"e"}, "TLSv1.3")
BOTH = ChannelBinding({"tls-server-end-point": b"e", "tls-exporter": b"x"}, "TLSv1.3")
ALL = ("PLAIN", "X-OAUTH2", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "DIGEST-MD5", "SCRAM-SHA-512-PLUS", "EXTERNAL")
SCRAM_1 = ("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS")
TYPES = ("tls-server-end-point", "tls-exporter")
PINNED = AuthenticationPin("scram", is_channel_bound=True)


def flag_of(mechanism: ClientMechanism) -> str:
    first = mechanism.initial_response()
    assert first is not None
    return first.partition(b",")[0].decode()


def refusal(
    offer: MechanismOffer,
    credentials: Credentials = PENCIL,
    binding: ChannelBinding | None = TLS_ONLY,
    pin: AuthenticationPin | None = None,
    refused: tuple[str, ...] = (),
) -> SaslError:
    with pytest.raises(SaslError) as caught:
        choose(offer, credentials, binding, pin, refused=refused)
    return caught.value


# --- C-SASL-01: our order, whatever the server's ---


@pytest.mark.parametrize("names", list(itertools.permutations(["SCRAM-SHA-1", "SCRAM-SHA-512", "SCRAM-SHA-256"])))
def test_c_sasl_01_own_order_not_the_servers(names: tuple[str, ...]) -> None:
    assert choose(MechanismOffer(names), PENCIL, None, None).name == "SCRAM-SHA-512"


def test_c_sasl_01_each_next_best_after_refusals() -> None:
    offer = MechanismOffer((*HASHES, "PLAIN"))
    tried: list[str] = []
    while len(tried) < 3:
        tried.append(choose(offer, PENCIL, None, None, refused=tried).name)

    assert tried == ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1"]


def test_c_sasl_01_bound_before_a_longer_hash() -> None:
    offer = MechanismOffer(("SCRAM-SHA-512", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256"), TYPES)

    assert choose(offer, PENCIL, BOTH, None).name == "SCRAM-SHA-1-PLUS"


@pytest.mark.parametrize("name", ["DIGEST-MD5", "CRAM-MD5", "LOGIN", "X-OAUTH2", "NTLM", "OAUTHBEARER", "scram-sha-1"])
def test_c_sasl_01_never_these(name: str) -> None:
    assert refusal(MechanismOffer((name,))).condition == "no-acceptable-mechanism"


def test_c_ext_01_external_first_with_a_certificate_and_empty_by_default() -> None:
    offer = MechanismOffer(ALL, TYPES)
    plain = choose(offer, Credentials("user", has_client_certificate=True), BOTH, None)
    named = choose(offer, Credentials("user", authzid="a@b", has_client_certificate=True), BOTH, AuthenticationPin())

    assert (plain.name, plain.initial_response()) == ("EXTERNAL", b"")
    assert named.initial_response() == b"a@b"
    plain.success(None)


def test_c_ext_01_without_a_certificate_external_is_passed_over() -> None:
    assert choose(MechanismOffer(ALL, TYPES), PENCIL, BOTH, None).name == "SCRAM-SHA-512-PLUS"


def test_c_ext_01_a_refused_certificate_falls_back_to_the_password_or_says_so() -> None:
    offer = MechanismOffer(("EXTERNAL", "SCRAM-SHA-1"))
    with_both = Credentials("user", Password("pencil"), has_client_certificate=True)

    assert choose(offer, with_both, TLS_ONLY, None, refused=["EXTERNAL"]).name == "SCRAM-SHA-1"
    alone = Credentials("user", has_client_certificate=True)
    assert refusal(offer, alone, refused=("EXTERNAL",)).condition == "certificate-not-accepted"


def test_c_anon_01_only_when_asked_for_and_without_a_trace() -> None:
    offer = MechanismOffer(("ANONYMOUS", "SCRAM-SHA-1"))
    guest = choose(offer, Credentials("", is_anonymous=True), TLS_ONLY, None)

    assert (guest.name, guest.initial_response()) == ("ANONYMOUS", b"")
    assert choose(offer, PENCIL, TLS_ONLY, None).name == "SCRAM-SHA-1"
    assert refusal(MechanismOffer(("ANONYMOUS",))).condition == "no-acceptable-mechanism"
    asked = Credentials("user", Password("pencil"), is_anonymous=True)
    assert refusal(MechanismOffer(("SCRAM-SHA-1",)), asked).condition == "anonymous-not-offered"


def test_a_missing_password_is_asked_for() -> None:
    assert refusal(MechanismOffer(ALL), Credentials("user")).condition == "password-missing"


# --- C-SASL-03 and S-22: PLAIN ---

OPEN = Credentials("user", Password("pencil"), is_plain_allowed=True)


def test_c_sasl_03_plain_only_when_allowed_and_inside_tls() -> None:
    offer = MechanismOffer(("PLAIN",))

    assert choose(offer, OPEN, TLS_ONLY, None).name == "PLAIN"
    assert refusal(offer, OPEN, None).condition == "plain-without-tls"
    assert refusal(offer, PENCIL, TLS_ONLY).condition == "plain-not-allowed"


def test_c_sasl_03_plain_never_before_scram() -> None:
    assert choose(MechanismOffer(("PLAIN", "SCRAM-SHA-1")), OPEN, TLS_ONLY, None).name == "SCRAM-SHA-1"


@pytest.mark.parametrize(
    "pin", [AuthenticationPin("scram"), AuthenticationPin("external"), AuthenticationPin(None, True)]
)
def test_c_sasl_03_s_22_plain_is_refused_once_something_better_worked(pin: AuthenticationPin) -> None:
    error = refusal(MechanismOffer(("PLAIN",)), OPEN, TLS_ONLY, pin)

    assert error.condition == "plain-after-stronger"
    assert error.can_lift_pin
    assert choose(MechanismOffer(("PLAIN",)), OPEN, TLS_ONLY, AuthenticationPin()).name == "PLAIN"


def test_c_sasl_07_a_refused_scram_is_not_followed_by_plain() -> None:
    offer = MechanismOffer(("PLAIN", "SCRAM-SHA-1"))

    assert refusal(offer, OPEN, refused=("SCRAM-SHA-1",)).condition == "no-acceptable-mechanism"


@given(
    st.lists(st.sampled_from([*HASHES, "PLAIN", "EXTERNAL", "ANONYMOUS", "LOGIN"]), max_size=6).map(tuple),
    st.sampled_from([None, (), ("tls-exporter",), ("tls-server-end-point",), ("tls-unique",), ("tls-foo",), TYPES]),
    st.sampled_from([None, TLS_ONLY, END_POINT, BOTH]),
    st.booleans(),
    st.booleans(),
)
def test_s_22_a_pin_is_never_stepped_under(
    names: tuple[str, ...],
    types: tuple[str, ...] | None,
    binding: ChannelBinding | None,
    is_bound: bool,
    is_sasl2: bool,
) -> None:
    pin = AuthenticationPin("scram", is_bound)
    try:
        mechanism = choose(MechanismOffer(names, types, is_sasl2), OPEN, binding, pin)
    except SaslError:
        return
    assert mechanism.family == "scram"
    assert mechanism.binding_type is not None or not is_bound
    assert mechanism.name.endswith("-PLUS") == (mechanism.binding_type is not None)
    assert pin.pin_after(mechanism) == AuthenticationPin("scram", is_bound or mechanism.binding_type is not None)


# --- C-CB-01: the flag table of XEP-0440 ---


def test_c_cb_01_no_binding_of_our_own_says_n() -> None:
    for binding in (None, TLS_ONLY):
        mechanism = choose(MechanismOffer(SCRAM_1, TYPES), PENCIL, binding, None)
        assert (mechanism.name, flag_of(mechanism), mechanism.binding_type) == ("SCRAM-SHA-1", "n", None)


@pytest.mark.parametrize("is_sasl2", [False, True])
@pytest.mark.parametrize("others", [(), ("GS2-KRB5-PLUS",)], ids=["alone", "beside-another-family's"])
def test_c_cb_01_a_server_without_any_binding_gets_y(is_sasl2: bool, others: tuple[str, ...]) -> None:
    mechanism = choose(MechanismOffer(("SCRAM-SHA-1", *others), None, is_sasl2), PENCIL, BOTH, None)

    assert (mechanism.name, flag_of(mechanism)) == ("SCRAM-SHA-1", "y")


def test_c_cb_01_sasl2_with_plus_and_no_types_aborts() -> None:
    assert refusal(MechanismOffer(SCRAM_1, None, True), PENCIL, BOTH).condition == "binding-announcement-tampered"


@pytest.mark.parametrize("is_sasl2", [False, True])
def test_c_cb_01_types_and_no_plus_aborts(is_sasl2: bool) -> None:
    offer = MechanismOffer(("SCRAM-SHA-1", "SCRAM-SHA-512"), TYPES, is_sasl2)

    assert refusal(offer, PENCIL, BOTH).condition == "binding-announcement-tampered"


def test_c_cb_01_sasl1_with_plus_and_no_types_tries_then_goes_without() -> None:
    offer = MechanismOffer(SCRAM_1)
    tried = choose(offer, PENCIL, END_POINT, None)

    assert (tried.name, flag_of(tried)) == ("SCRAM-SHA-1-PLUS", "p=tls-server-end-point")
    assert flag_of(choose(offer, PENCIL, END_POINT, None, refused=["SCRAM-SHA-512"])) == "p=tls-server-end-point"
    without = choose(offer, PENCIL, END_POINT, None, refused=[tried.name])
    assert (without.name, flag_of(without)) == ("SCRAM-SHA-1", "n")
    assert refusal(offer, PENCIL, END_POINT, PINNED, (tried.name,)).condition == "binding-disappeared"


def test_c_cb_01_an_announced_type_that_is_refused_is_not_given_up() -> None:
    offer = MechanismOffer(SCRAM_1, TYPES)

    error = refusal(offer, PENCIL, BOTH, refused=("SCRAM-SHA-1-PLUS",))
    assert error.condition == "no-acceptable-mechanism"


NO_COMMON = MechanismOffer(SCRAM_1, ("tls-exporter", "tls-unique"))


def server_first(offer: MechanismOffer | None, nonce: str = "client") -> bytes:
    proof = f",h={downgrade_hash('sha-1', offer)}" if offer else ""
    return f"r={nonce}server,s=c2FsdA==,i=4096{proof}".encode()


def test_c_cb_01_no_common_type_and_no_end_point_aborts_unless_the_list_is_proved() -> None:
    proved = choose(NO_COMMON, PENCIL, END_POINT, None, lambda: "client")
    assert (proved.name, flag_of(proved)) == ("SCRAM-SHA-1", "n")
    assert isinstance(proved.challenge(server_first(NO_COMMON)), KeyDerivation)

    unproved = choose(NO_COMMON, PENCIL, END_POINT, None, lambda: "client")
    with pytest.raises(SaslError) as caught:
        unproved.challenge(server_first(None))
    assert caught.value.condition == "no-common-binding"

    changed = choose(NO_COMMON, PENCIL, END_POINT, None, lambda: "client")
    with pytest.raises(SaslError) as caught:
        changed.challenge(server_first(MechanismOffer(SCRAM_1, TYPES)))
    assert caught.value.condition == "downgrade-detected"


def test_c_cb_01_an_end_point_we_cannot_compute_needs_no_proof() -> None:
    # Ed25519 certificates have no tls-server-end-point (C-CB-05).
    offer = MechanismOffer(SCRAM_1, ("tls-server-end-point",))
    mechanism = choose(offer, PENCIL, ChannelBinding({"tls-exporter": b"x"}, "TLSv1.3"), None, lambda: "client")

    assert flag_of(mechanism) == "n"
    assert isinstance(mechanism.challenge(server_first(None)), KeyDerivation)


# --- C-CB-02 and C-CB-04: which type ---

EVERY = {"tls-exporter": b"x", "tls-unique": b"u", "tls-server-end-point": b"e"}


@pytest.mark.parametrize(
    ("ours", "version", "theirs", "chosen"),
    [
        (EVERY, "TLSv1.3", TYPES, "tls-exporter"),
        (EVERY, "TLSv1.3", ("tls-unique", "tls-server-end-point"), "tls-server-end-point"),
        (EVERY, "TLSv1.2", ("tls-unique", "tls-server-end-point"), "tls-unique"),
        (EVERY, "TLSv1.2", ("tls-unique", *TYPES), "tls-exporter"),
        (EVERY, None, ("tls-unique", "tls-server-end-point"), "tls-server-end-point"),
        (END_POINT.bindings, "TLSv1.3", TYPES, "tls-server-end-point"),
        ({"tls-exporter": b"", "tls-server-end-point": b"e"}, "TLSv1.3", TYPES, "tls-server-end-point"),
        (EVERY, "TLSv1.3", None, "tls-exporter"),
        (EVERY, "TLSv1.2", None, "tls-unique"),
        (END_POINT.bindings, "TLSv1.2", None, "tls-server-end-point"),
    ],
)
def test_c_cb_02_04_strongest_defined_type(
    ours: dict[str, bytes], version: str | None, theirs: tuple[str, ...] | None, chosen: str
) -> None:
    mechanism = choose(MechanismOffer(SCRAM_1, theirs), PENCIL, ChannelBinding(ours, version), None)

    assert mechanism.binding_type == chosen
    assert flag_of(mechanism) == f"p={chosen}"


def test_c_cb_04_tls_unique_alone_is_nothing_in_tls_1_3() -> None:
    only_unique = ChannelBinding({"tls-unique": b"u"}, "TLSv1.3")

    assert flag_of(choose(MechanismOffer(SCRAM_1), PENCIL, only_unique, None)) == "n"


# --- S-22: the pin on channel binding ---


@pytest.mark.parametrize(
    ("offer", "binding"),
    [
        (MechanismOffer(("SCRAM-SHA-512", "SCRAM-SHA-1")), BOTH),
        (MechanismOffer(SCRAM_1, TYPES), TLS_ONLY),
        (MechanismOffer(SCRAM_1, TYPES), None),
        (NO_COMMON, END_POINT),
    ],
)
def test_s_22_binding_that_disappears_is_an_error_the_user_can_lift(
    offer: MechanismOffer, binding: ChannelBinding | None
) -> None:
    error = refusal(offer, PENCIL, binding, PINNED)

    assert error.condition == "binding-disappeared"
    assert error.can_lift_pin
    assert "someone may be in between" in str(error)
    assert choose(offer, PENCIL, binding, AuthenticationPin()).family == "scram"


def test_s_22_another_hash_or_type_is_no_downgrade() -> None:
    mechanism = choose(MechanismOffer(("SCRAM-SHA-1-PLUS",), ("tls-server-end-point",)), PENCIL, BOTH, PINNED)

    assert mechanism.name == "SCRAM-SHA-1-PLUS"


def test_a_pin_grows_and_never_shrinks() -> None:
    external = choose(MechanismOffer(("EXTERNAL",)), Credentials("u", has_client_certificate=True), BOTH, None)
    plain = choose(MechanismOffer(("PLAIN",)), OPEN, TLS_ONLY, None)
    guest = choose(MechanismOffer(("ANONYMOUS",)), Credentials("", is_anonymous=True), TLS_ONLY, None)
    bound = choose(MechanismOffer(SCRAM_1, TYPES), PENCIL, BOTH, None)
    unbound = choose(MechanismOffer(("SCRAM-SHA-1",)), PENCIL, None, None)

    assert AuthenticationPin().pin_after(plain) == AuthenticationPin()
    assert AuthenticationPin().pin_after(guest) == AuthenticationPin()
    assert AuthenticationPin().pin_after(bound) == PINNED
    assert AuthenticationPin().pin_after(external) == AuthenticationPin("external")
    assert PINNED.pin_after(plain) == PINNED
    assert PINNED.pin_after(unbound) == PINNED


def test_c_cb_01_a_wrong_guess_is_kept_until_a_binding_works() -> None:
    unbound = choose(MechanismOffer(("SCRAM-SHA-1",)), PENCIL, None, None)
    bound = choose(MechanismOffer(SCRAM_1, TYPES), PENCIL, BOTH, None)
    wrong = AuthenticationPin("scram", wrong_guess="tls-unique TLSv1.2 65")

    assert AuthenticationPin().pin_after(unbound, wrong.wrong_guess) == wrong
    assert wrong.pin_after(unbound) == wrong
    assert wrong.pin_after(bound) == PINNED


def test_a_pin_is_plain_json_both_ways_and_reads_anything() -> None:
    for pin in (AuthenticationPin(), AuthenticationPin("scram", wrong_guess="tls-unique TLSv1.2 65"), PINNED):
        assert AuthenticationPin.from_dict(json.loads(json.dumps(pin.to_dict()))) == pin
    assert AuthenticationPin.from_dict({}) == AuthenticationPin()
    assert AuthenticationPin.from_dict({"family": ["x"], "is_channel_bound": "yes"}) == AuthenticationPin()
    assert AuthenticationPin.from_dict({"family": "plain", "wrong_guess": 7}) == AuthenticationPin()
