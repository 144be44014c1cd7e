"""SCRAM by the published vectors, and against servers that cheat."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sasl import Accounts, log_in
from tui_xmpp.xmpp.sasl import (
    AuthenticationPin,
    Challenge,
    ChannelBinding,
    Credentials,
    KeyDerivation,
    MechanismOffer,
    Password,
    SaslError,
    StoredKeys,
    Success,
    choose,
    server_mechanism,
)
from tui_xmpp.xmpp.sasl.scram import HASHES, ScramClient, ScramPlan, ScramServer, downgrade_hash, fresh_nonce
from tui_xmpp.xmpp.sasl.scram_keys import ScramKeys


@dataclass(frozen=True)
class Vector:
    """One published exchange."""

    mechanism: str
    username: str
    password: str
    client_nonce: str
    server_nonce: str
    salt: str
    proof: str
    signature: str
    gs2: str = "n,,"
    binding: bytes = b""

    @property
    def nonce(self) -> str:
        return self.client_nonce + self.server_nonce

    @property
    def client_first(self) -> bytes:
        return f"{self.gs2}n={self.username},r={self.client_nonce}".encode()

    @property
    def server_first(self) -> bytes:
        return f"r={self.nonce},s={self.salt},i=4096".encode()

    @property
    def client_final(self) -> bytes:
        header = b64encode(self.gs2.encode() + self.binding).decode()
        return f"c={header},r={self.nonce},p={self.proof}".encode()

    @property
    def server_final(self) -> bytes:
        return f"v={self.signature}".encode()

    @property
    def channel_binding(self) -> ChannelBinding | None:
        return ChannelBinding({"tls-exporter": self.binding}, "TLSv1.3") if self.binding else None

    @property
    def plan(self) -> ScramPlan:
        return ScramPlan(
            self.mechanism,
            MechanismOffer((self.mechanism,)),
            self.channel_binding,
            "tls-exporter" if self.binding else None,
            is_binding_possible=self.gs2.startswith("y"),
        )

    def client(self) -> ScramClient:
        return ScramClient(self.plan, Credentials(self.username), lambda: self.client_nonce)


RFC_5802 = Vector(
    "SCRAM-SHA-1",
    "user",
    "pencil",
    "fyko+d2lbbFgONRv9qkxdawL",
    "3rfcNHYJY1ZVvWVs7j",
    "QSXCR+Q6sek8bf92",
    "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
)
RFC_6120 = Vector(
    "SCRAM-SHA-1",
    "juliet",
    "r0m30myr0m30",
    "oMsTAAwAAAAMAAAANP0TAAAAAABPU0AA",
    "e124695b-69a9-4de6-9c30-b51b3808c59e",
    "NjhkYTM0MDgtNGY0Zi00NjdmLTkxMmUtNDlmNTNmNDNkMDMz",
    "UA57tM/SvpATBkH2FXs0WDXvJYw=",
    "pNNDFVEQxuXxCoSEiW8GEZ+1RSo=",
)


def rfc_7677(mechanism: str, proof: str, signature: str, gs2: str = "n,,", binding: bytes = b"") -> Vector:
    """The inputs of RFC 7677 §3 with another hash or GS2 header."""
    return Vector(
        mechanism,
        "user",
        "pencil",
        "rOprNGfwEbeRWgbNEkqO",
        "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        "W22ZaJ0SNY7soEsUEjb6gQ==",
        proof,
        signature,
        gs2,
        binding,
    )


VECTORS = [
    pytest.param(RFC_5802, id="RFC 5802 §5"),
    pytest.param(RFC_6120, id="RFC 6120 §9.1.2"),
    pytest.param(
        rfc_7677(
            "SCRAM-SHA-256",
            "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        ),
        id="RFC 7677 §3",
    ),
    pytest.param(
        rfc_7677(
            "SCRAM-SHA-512",
            "gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
            "ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==",
        ),
        id="SHA-512",
    ),
    pytest.param(
        rfc_7677(
            "SCRAM-SHA-256-PLUS",
            "QAd7eifevIt6X/f2Cv9W4HLXcFLw7OayX8dQ2scckyI=",
            "8dbpxwe4DaC4ESpY8u6aAvFeP2ks9+LClF/ADCxyWOE=",
            "p=tls-exporter,,",
            bytes(range(8)),
        ),
        id="SHA-256-PLUS, 8 octets",
    ),
    pytest.param(
        rfc_7677(
            "SCRAM-SHA-256-PLUS",
            "QC6CS20quADQRb3mT99YUH+n3VJxUvzuK0K0E1Vrs2M=",
            "2GiAgapEppLVlUXbxUDksL3VgYHzuqiK5tR4mhJGgvs=",
            "p=tls-exporter,,",
            bytes(range(32)),
        ),
        id="SHA-256-PLUS, 32 octets",
    ),
    pytest.param(
        rfc_7677(
            "SCRAM-SHA-256",
            "FoqiHTtQEDE8lz1CdaEe3tK4mS+iMDTl77SPyDS53DY=",
            "dI4KpiQJwBr1+V+K6U1dA6l6I4I9DUNXWND4pcpRU3U=",
            "y,,",
        ),
        id="SHA-256, flag y",
    ),
    pytest.param(
        rfc_7677(
            "SCRAM-SHA-512-PLUS",
            "jVaGV/PIJ7hgkpxV9a1jdpzyYkHQH9gW6fn3DbAL2oEA+5w4CCSJjoq8G37bn2FsGaVEMsk4kiHRqMUoN/aiiA==",
            "bTvxua5nsJsvSd2bk+1WbSe84MBgjkACQPOqiN7MhTBLYxVX2QUqwET2NLcZEv2CfexR6NbAMluKltOEs5vLYw==",
            "p=tls-exporter,,",
            bytes(range(32)),
        ),
        id="SHA-512-PLUS",
    ),
]


@pytest.mark.parametrize("vector", VECTORS)
def test_c_sasl_02_client_speaks_the_vector(vector: Vector) -> None:
    client = vector.client()

    assert client.initial_response() == vector.client_first
    derivation = client.challenge(vector.server_first)
    assert derivation == KeyDerivation(HASHES[vector.mechanism], b64decode(vector.salt), 4096)
    assert isinstance(derivation, KeyDerivation)
    assert client.key_derived(derivation.derive(vector.password)) == vector.client_final
    client.success(vector.server_final)


@pytest.mark.parametrize("vector", VECTORS)
def test_c_sasl_02_server_speaks_the_vector(vector: Vector) -> None:
    store = Accounts({vector.username: vector.password}, b64decode(vector.salt))
    server = ScramServer(vector.mechanism, store, vector.channel_binding, None, lambda: vector.server_nonce)
    assert server.step(vector.client_first) == Challenge(vector.server_first)
    assert server.step(vector.client_final) == Success(vector.username, None, vector.server_final)


@pytest.mark.parametrize(
    ("hash_name", "salt", "password", "salted"),
    [
        ("sha-1", "QSXCR+Q6sek8bf92", "pencil", "HZbuOlKbWl+eR8AfIposuKbhX30="),
        ("sha-256", "W22ZaJ0SNY7soEsUEjb6gQ==", "pencil", "xKSVEDI6tPlSysH6mUQZOeeOp01r6B3fcJbodRPcYV0="),
        (
            "sha-512",
            "W22ZaJ0SNY7soEsUEjb6gQ==",
            "pencil",
            "8W7+G+Z/HQlQLr1e2SYv3f+6Wjd6tPC2h+XtW6D1Boa4pK4WZHbairO5UdL6kji2OZj0VGG8M6RkgUlJzsljHQ==",
        ),
    ],
)
def test_salted_password_vectors(hash_name: str, salt: str, password: str, salted: str) -> None:
    assert KeyDerivation(hash_name, b64decode(salt), 4096).derive(password) == b64decode(salted)


@pytest.mark.parametrize(
    ("iterations", "key"),
    [
        (1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"),
        (2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
        (4096, "4b007901b765489abead49d926f721d065a429c1"),
    ],
)
def test_pbkdf2_of_rfc_6070(iterations: int, key: str) -> None:
    assert KeyDerivation("sha-1", b"salt", iterations).derive("password").hex() == key


# --- XEP-0474 and XEP-0515 ---

FAKE_BINDING = b"THIS IS FAKE CB DATA"
OFFER_474 = MechanismOffer(("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"), ("tls-server-end-point", "tls-exporter"), is_sasl2=True)
NONCE_474 = "12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6"
SERVER_NONCE_474 = "a09117a6-ac50-4f2f-93f1-93799c2bddf6"
SERVER_FIRST_474 = (
    f"r={NONCE_474}{SERVER_NONCE_474},s=QSXCR+Q6sek8bf92,i=4096,h=G6k/rBLDqgOhRRaCuuatSDFkJ08="
).encode()


def binding_474(tls_version: str | None) -> ChannelBinding:
    return ChannelBinding({"tls-exporter": FAKE_BINDING}, tls_version)


def client_474(offer: MechanismOffer = OFFER_474, tls_version: str | None = "TLSv1.3") -> ScramClient:
    client = choose(offer, Credentials("user", Password("pencil")), binding_474(tls_version), None, lambda: NONCE_474)
    assert isinstance(client, ScramClient)
    return client


def server_474(tls_version: str | None) -> ScramServer:
    store = Accounts({"user": "pencil"}, b64decode("QSXCR+Q6sek8bf92"))
    return ScramServer("SCRAM-SHA-1-PLUS", store, binding_474(tls_version), OFFER_474, lambda: SERVER_NONCE_474)


def test_c_474_01_the_published_exchange_with_its_extension() -> None:
    client, server = client_474(), server_474(None)

    assert client.initial_response() == f"p=tls-exporter,,n=user,r={NONCE_474}".encode()
    assert server.step(client.initial_response()) == Challenge(SERVER_FIRST_474)
    client_final = (
        f"c=cD10bHMtZXhwb3J0ZXIsLFRISVMgSVMgRkFLRSBDQiBEQVRB,r={NONCE_474}{SERVER_NONCE_474},"
        "x=19C6532F-1CF4-4A27-A18D-DC9CEA41BBB3,p=M/SIDjT+dfcxUh89jZEypRvFxB4="
    ).encode()
    assert server.step(client_final) == Success("user", None, b"v=MQrMPvv7yv4x4Cq4W4Ih25EqS2c=")


def test_c_515_01_the_published_exchange() -> None:
    client, server = client_474(), server_474("TLSv1.3")

    assert server.step(client.initial_response()) == Challenge(SERVER_FIRST_474 + b",t=0304")
    derivation = client.challenge(SERVER_FIRST_474 + b",t=0304")
    assert isinstance(derivation, KeyDerivation)
    client_final = client.key_derived(derivation.derive("pencil"))
    assert client_final.endswith(b",p=KHUfN8dSy1K95crT4D5y1ItLJfs=")
    assert server.step(client_final) == Success("user", None, b"v=3w34ZIMVRkx2f2Ozb3/ecRPVdv4=")
    client.success(b"v=3w34ZIMVRkx2f2Ozb3/ecRPVdv4=")


def test_c_474_01_hash_sorts_by_octets_and_tells_lists_apart() -> None:
    assert downgrade_hash("sha-1", OFFER_474) == "G6k/rBLDqgOhRRaCuuatSDFkJ08="
    alone = MechanismOffer(("b", "a", "B"))
    assert downgrade_hash("sha-256", alone) == b64encode(hashlib.sha256(b"B\x1ea\x1eb").digest()).decode()
    announced = MechanismOffer(("b", "a", "B"), ())
    assert downgrade_hash("sha-256", announced) == b64encode(hashlib.sha256(b"B\x1ea\x1eb\x1f").digest()).decode()


@pytest.mark.parametrize(
    "seen",
    [
        MechanismOffer(("SCRAM-SHA-1-PLUS",), ("tls-server-end-point", "tls-exporter")),
        MechanismOffer(("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "PLAIN"), ("tls-server-end-point", "tls-exporter")),
        MechanismOffer(("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"), ("tls-exporter",)),
        MechanismOffer(("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"), None),
    ],
)
def test_s_22_a_list_changed_on_the_way_aborts(seen: MechanismOffer) -> None:
    with pytest.raises(SaslError) as caught:
        client_474(seen).challenge(SERVER_FIRST_474)

    assert caught.value.condition == "downgrade-detected"


@pytest.mark.parametrize(
    ("ours", "theirs"), [("TLSv1.2", "0304"), ("TLSv1.3", "0303"), (None, "0304"), ("TLSv1.3", "0x304")]
)
def test_c_515_01_another_tls_version_aborts(ours: str | None, theirs: str) -> None:
    with pytest.raises(SaslError) as caught:
        client_474(tls_version=ours).challenge(SERVER_FIRST_474 + b",t=" + theirs.encode())

    assert caught.value.condition == "tls-downgrade-detected"


def test_s_22_a_man_in_the_middle_of_the_list_is_found_by_both_sides() -> None:
    real = MechanismOffer(("SCRAM-SHA-256", "SCRAM-SHA-1"))
    seen = MechanismOffer(("SCRAM-SHA-1",))
    client = choose(seen, Credentials("user", Password("pencil")), None, None)
    server = server_mechanism("SCRAM-SHA-1", Accounts({"user": "pencil"}), None, offer=real)

    with pytest.raises(SaslError) as caught:
        log_in(client, server, "pencil")
    assert caught.value.condition == "downgrade-detected"


def test_s_22_a_hash_forged_to_match_fails_the_proof() -> None:
    real, seen = MechanismOffer(("SCRAM-SHA-256", "SCRAM-SHA-1")), MechanismOffer(("SCRAM-SHA-1",))
    client = choose(seen, Credentials("user", Password("pencil")), None, None)
    server = server_mechanism("SCRAM-SHA-1", Accounts({"user": "pencil"}), None, offer=real)
    first = server.step(client.initial_response())
    assert isinstance(first, Challenge)
    forged = first.data.replace(downgrade_hash("sha-1", real).encode(), downgrade_hash("sha-1", seen).encode())
    derivation = client.challenge(forged)
    assert isinstance(derivation, KeyDerivation)

    with pytest.raises(SaslError, match="refused the name or the password"):
        server.step(client.key_derived(derivation.derive("pencil")))


# --- C-SCRAM and S-23: servers that cheat ---

NONCE = RFC_5802.nonce
SALT = RFC_5802.salt


@pytest.mark.parametrize(
    ("server_first", "condition"),
    [
        (f"r=other{NONCE},s={SALT},i=4096", "nonce-not-extended"),
        (f"r={RFC_5802.client_nonce},s={SALT},i=4096", "nonce-not-extended"),
        (f"r={RFC_5802.client_nonce[:-1]}Xmore,s={SALT},i=4096", "nonce-not-extended"),
        (f"r={NONCE} ,s={SALT},i=4096", "nonce-not-extended"),
        (f"r={NONCE}é,s={SALT},i=4096", "nonce-not-extended"),
        (f"r={NONCE},s={SALT},i=1", "iteration-count-too-low"),
        (f"r={NONCE},s={SALT},i=4095", "iteration-count-too-low"),
        (f"r={NONCE},s={SALT},i=10000001", "iteration-count-too-high"),
        (f"r={NONCE},s={SALT},i=4294967295", "iteration-count-too-high"),
        (f"r={NONCE},s={SALT},i={'9' * 5000}", "iteration-count-too-high"),
        (f"r={NONCE},s={SALT},i=0", "malformed-challenge"),
        (f"r={NONCE},s={SALT},i=-4096", "malformed-challenge"),
        (f"r={NONCE},s={SALT},i=04096", "malformed-challenge"),
        (f"r={NONCE},s={SALT},i=４０９６", "malformed-challenge"),
        (f"r={NONCE},s={SALT},i=4_096", "malformed-challenge"),
        (f"r={NONCE},s={SALT},i=", "malformed-challenge"),
        (f"r={NONCE},s=,i=4096", "salt-unusable"),
        (f"r={NONCE},s={b64encode(bytes(1025)).decode()},i=4096", "salt-unusable"),
        (f"r={NONCE},s=QSX CR+Q6,i=4096", "malformed-challenge"),
        (f"r={NONCE},s=QSXCR+Q6sek8bf9,i=4096", "malformed-challenge"),
        (f"r={NONCE},s=QR==,i=4096", "malformed-challenge"),
        (f"s={SALT},r={NONCE},i=4096", "malformed-challenge"),
        (f"r={NONCE},s={SALT}", "malformed-challenge"),
        (f"r={NONCE},s={SALT},i=4096,i=5000", "malformed-challenge"),
        (f"r={NONCE},s={SALT},i=4096,", "malformed-challenge"),
        (f"r={NONCE},s={SALT},i=4096,1=x", "malformed-challenge"),
        (f"m=ext,r={NONCE},s={SALT},i=4096", "mandatory-extension"),
        (f"r={NONCE},s={SALT},i=4096,m=ext", "mandatory-extension"),
        ("e=unknown-user", "not-authorized"),
        ("e=no-resources", "temporary-auth-failure"),
        ("e=other-error", "malformed-request"),
        ("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", "malformed-challenge"),
        ("", "malformed-challenge"),
        ("\0", "malformed-challenge"),
    ],
)
def test_c_scram_01_02_04_s_23_a_cheating_first_message_aborts(server_first: str, condition: str) -> None:
    with pytest.raises(SaslError) as caught:
        RFC_5802.client().challenge(server_first.encode())

    assert caught.value.condition == condition


def test_a_first_message_that_is_no_text_aborts() -> None:
    with pytest.raises(SaslError, match="makes no sense"):
        RFC_5802.client().challenge(b"\xff\xfe")


def test_c_scram_04_the_limits_themselves_are_allowed() -> None:
    for count in (4096, 10_000_000):
        derivation = RFC_5802.client().challenge(f"r={NONCE},s={SALT},i={count}".encode())
        assert derivation == KeyDerivation("sha-1", b64decode(SALT), count)
    for size in (1, 1024):
        salt = b64encode(bytes(size)).decode()
        derivation = RFC_5802.client().challenge(f"r={NONCE},s={salt},i=4096".encode())
        assert derivation == KeyDerivation("sha-1", bytes(size), 4096)


def test_c_scram_02_unknown_attributes_are_ignored_but_signed() -> None:
    client = RFC_5802.client()
    server_first = RFC_5802.server_first + b",q=anything=at all"
    derivation = client.challenge(server_first)
    assert isinstance(derivation, KeyDerivation)
    salted = derivation.derive("pencil")
    without_proof, _, proof = client.key_derived(salted).rpartition(b",p=")

    client_key = hashlib_hmac(salted, b"Client Key")
    message = RFC_5802.client_first[3:] + b"," + server_first + b"," + without_proof
    signed = hashlib_hmac(hashlib.sha1(client_key).digest(), message)
    assert b64decode(proof) == bytes(a ^ b for a, b in zip(client_key, signed, strict=True))


def hashlib_hmac(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-1 spelt out (RFC 2104 §2), for a key of at most 64 octets."""
    padded = key.ljust(64, b"\0")
    inner = hashlib.sha1(bytes(b ^ 0x36 for b in padded) + message).digest()
    return hashlib.sha1(bytes(b ^ 0x5C for b in padded) + inner).digest()


def waiting_for_success() -> ScramClient:
    client = RFC_5802.client()
    derivation = client.challenge(RFC_5802.server_first)
    assert isinstance(derivation, KeyDerivation)
    client.key_derived(derivation.derive("pencil"))
    return client


@pytest.mark.parametrize(
    ("additional", "condition"),
    [
        (None, "server-signature-missing"),
        (b"", "server-signature-missing"),
        (b"x=1", "server-signature-missing"),
        (b"v=", "server-signature-invalid"),
        (b"v=rmF9pqV8S7suAoZWja4dJRkFsKA=", "server-signature-invalid"),
        (b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ", "server-signature-invalid"),
        (b"v=rmF9pqV8S7suAoZWja4dJQ==", "server-signature-invalid"),
        (b"e=invalid-proof", "not-authorized"),
        (b"e=channel-bindings-dont-match", "binding-mismatch"),
        (b"nonsense", "malformed-challenge"),
    ],
)
def test_c_sasl_08_success_without_proof_is_fatal(additional: bytes | None, condition: str) -> None:
    with pytest.raises(SaslError) as caught:
        waiting_for_success().success(additional)

    assert caught.value.condition == condition


def test_c_sasl_08_success_before_the_exchange_is_fatal() -> None:
    client = RFC_5802.client()
    client.initial_response()
    for additional in (None, RFC_5802.server_final):
        with pytest.raises(SaslError, match="did not prove"):
            client.success(additional)
    client.challenge(RFC_5802.server_first)
    with pytest.raises(SaslError, match="did not prove"):
        client.success(RFC_5802.server_final)


def test_the_signature_may_come_as_a_challenge() -> None:
    client = waiting_for_success()
    assert client.challenge(RFC_5802.server_final) == b""
    client.success(None)
    with pytest.raises(SaslError, match="no place in this login"):
        client.challenge(RFC_5802.server_final)
    with pytest.raises(SaslError, match="it is not your server"):
        client.success(b"v=rmF9pqV8S7suAoZWja4dJRkFsKA=")

    with pytest.raises(SaslError, match="it is not your server"):
        waiting_for_success().challenge(b"v=rmF9pqV8S7suAoZWja4dJRkFsKA=")


def test_calls_out_of_order_are_refused() -> None:
    with pytest.raises(SaslError, match="no place"):
        RFC_5802.client().key_derived(bytes(20))
    with pytest.raises(SaslError, match="no place"):
        waiting_for_success().key_derived(bytes(20))


def test_c_scram_01_nonces_are_fresh_printable_and_long() -> None:
    nonces = {fresh_nonce() for _ in range(200)}

    assert len(nonces) == 200
    # 32 characters of 6 bits; the client's check accepts them
    assert all(len(nonce) == 32 and nonce.isascii() and "," not in nonce for nonce in nonces)
    client = ScramClient(RFC_5802.plan, Credentials("user"))
    assert client.initial_response() != ScramClient(RFC_5802.plan, Credentials("user")).initial_response()


# --- C-SCRAM-03: names and passwords ---


def test_c_scram_03_commas_and_equal_signs_are_escaped() -> None:
    client = ScramClient(RFC_5802.plan, Credentials("a,b=c=2C", authzid="x,y@z"), lambda: "nonce")

    assert client.initial_response() == b"n,a=x=2Cy@z,n=a=2Cb=3Dc=3D2C,r=nonce"
    for credentials in (Credentials("a\0"), Credentials(""), Credentials("a", authzid="b\0")):
        with pytest.raises(SaslError, match="account's name holds a character"):
            ScramClient(RFC_5802.plan, credentials)


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        # RFC 4013 §3, each as a password
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("a\u200bb", "a b"),
        ("pass\u0301", "pas\u015b"),
        # a ligature of two right-to-left letters, compatible with both (RFC 4013 §2.2)
        ("\ufefb", "\u0644\u0627"),
    ],
)
def test_c_scram_03_saslprep_rows(text: str, same_as: str) -> None:
    derivation = KeyDerivation("sha-1", b"salt", 1)

    assert derivation.derive(text) == derivation.derive(same_as)


def test_c_scram_03_case_and_newer_letters_stay() -> None:
    derivation = KeyDerivation("sha-1", b"salt", 1)

    assert derivation.derive("USER") != derivation.derive("user")
    assert derivation.derive("pass🫨") == hashlib.pbkdf2_hmac("sha1", "pass🫨".encode(), b"salt", 1)
    # right-to-left text that SASLprep refuses passes as an opaque string
    for mixed in ("\u0627\uff11", "\uff11\u0627", "\u0627\uff41\u0627"):
        assert derivation.derive(mixed) == hashlib.pbkdf2_hmac("sha1", mixed.encode(), b"salt", 1)


@pytest.mark.parametrize("password", ["", "a\x07", "\u00ad", "a\0b", "\ud800"])
def test_c_scram_03_a_password_that_cannot_be_sent_says_so(password: str) -> None:
    with pytest.raises(SaslError) as caught:
        KeyDerivation("sha-1", b"salt", 1).derive(password)

    assert caught.value.condition == "password-unusable"


def test_c_scram_05_equal_descriptions_give_equal_keys() -> None:
    kept = {KeyDerivation("sha-1", b"salt", 4096): b"key"}

    assert kept[KeyDerivation("sha-1", b"salt", 4096)] == b"key"
    assert KeyDerivation("sha-1", b"salt", 4097) not in kept


# --- both sides together ---

TEXTS = st.text(min_size=1, max_size=12).filter(lambda text: is_usable(text))


def is_usable(text: str) -> bool:
    try:
        KeyDerivation("sha-1", b"salt", 1).derive(text)
    except SaslError:
        return False
    return True


@dataclass
class QuickAccounts:
    """The keys of one account, derived once: the stretching is not what these tests are about."""

    username: str
    keys: StoredKeys

    def stored_keys(self, username: str, hash_name: str) -> StoredKeys | None:
        return self.keys if username == self.username else None

    def is_password_right(self, username: str, password: str) -> bool:
        raise NotImplementedError


def both_sides(mechanism: str, username: str, password: str, typed: str) -> Success:
    hash_name = HASHES[mechanism]
    types = ("tls-exporter",) if mechanism.endswith("-PLUS") else None
    offer = MechanismOffer((mechanism,), types)
    binding = ChannelBinding({"tls-exporter": b"x" * 32}, "TLSv1.3") if types else None
    client = choose(offer, Credentials(username, Password(typed)), binding, AuthenticationPin("scram"))
    name = client.initial_response()
    assert name is not None
    prepared_name = name.partition(b"n=")[2].partition(b",r=")[0].decode()
    prepared_name = prepared_name.replace("=2C", ",").replace("=3D", "=")
    keys = StoredKeys.from_password(password, KeyDerivation(hash_name, b"salt", 4096))
    server = server_mechanism(mechanism, QuickAccounts(prepared_name, keys), binding, offer=offer)
    return log_in(client, server, typed)


@settings(max_examples=40)
@given(st.sampled_from(sorted(HASHES)), TEXTS, TEXTS)
def test_both_sides_agree_for_any_name_and_password(mechanism: str, username: str, password: str) -> None:
    assert both_sides(mechanism, username, password, password).additional is not None


@settings(max_examples=40)
@given(st.sampled_from(sorted(HASHES)), TEXTS, TEXTS, TEXTS)
def test_both_sides_part_for_a_wrong_password(mechanism: str, name: str, password: str, typed: str) -> None:
    derivation = KeyDerivation("sha-1", b"salt", 1)
    if derivation.derive(password) == derivation.derive(typed):
        typed += "x"

    with pytest.raises(SaslError) as caught:
        both_sides(mechanism, name, password, typed)
    assert caught.value.condition == "not-authorized"


@pytest.mark.parametrize("username", ["a,b", "a=b", "=2C", ",,==", "ю,", "=3D=2C"])
def test_c_scram_03_escaped_names_arrive_whole(username: str) -> None:
    assert both_sides("SCRAM-SHA-256", username, "p,=", "p,=").authcid == username


# --- the server's own strictness ---


def serve(mechanism: str, binding: ChannelBinding | None = None, offer: MechanismOffer | None = None) -> ScramServer:
    return ScramServer(mechanism, Accounts({"user": "pencil"}), binding, offer, lambda: "server")


BOUND = ChannelBinding({"tls-exporter": b"1234"}, "TLSv1.3")


@pytest.mark.parametrize(
    ("mechanism", "message", "condition"),
    [
        ("SCRAM-SHA-1", b"p=tls-exporter,,n=user,r=x", "malformed-request"),
        ("SCRAM-SHA-1-PLUS", b"n,,n=user,r=x", "malformed-request"),
        ("SCRAM-SHA-1-PLUS", b"p=tls-unique,,n=user,r=x", "malformed-request"),
        ("SCRAM-SHA-1", b"y,,n=user,r=x", "not-authorized"),
        ("SCRAM-SHA-1", b"n,,r=x,n=user", "malformed-request"),
        ("SCRAM-SHA-1", b"n,,m=ext,n=user,r=x", "malformed-request"),
        ("SCRAM-SHA-1", b"n,,n=us=er,r=x", "malformed-request"),
        ("SCRAM-SHA-1", b"n,,n=,r=x", "malformed-request"),
        ("SCRAM-SHA-1", b"n,,n=user,r=", "malformed-request"),
        ("SCRAM-SHA-1", b"n,b=x,n=user,r=x", "malformed-request"),
        ("SCRAM-SHA-1", b"q,,n=user,r=x", "malformed-request"),
        ("SCRAM-SHA-1", b"\xff,,n=user,r=x", "malformed-request"),
        ("SCRAM-SHA-1", b"n,,n=\xff,r=x", "malformed-request"),
        ("SCRAM-SHA-1", b"n", "malformed-request"),
        ("SCRAM-SHA-1", b"", "malformed-request"),
    ],
)
def test_c_cb_01_server_refuses_a_first_message(mechanism: str, message: bytes, condition: str) -> None:
    with pytest.raises(SaslError) as caught:
        serve(mechanism, BOUND).step(message)

    assert caught.value.condition == condition


def test_server_asks_for_a_missing_initial_response() -> None:
    server = serve("SCRAM-SHA-1")

    assert server.step(None) == Challenge(b"")
    assert isinstance(server.step(b"n,,n=user,r=x"), Challenge)
    with pytest.raises(SaslError) as caught:
        server.step(None)
    assert caught.value.condition == "malformed-request"


def test_server_takes_what_a_newer_client_adds() -> None:
    assert isinstance(serve("SCRAM-SHA-1").step(b"n,,n=user,r=x,q=anything"), Challenge)


def test_server_hears_for_whom_a_client_acts() -> None:
    client = ScramClient(RFC_5802.plan, Credentials("user", authzid="x,y@z"))

    assert log_in(client, serve("SCRAM-SHA-1"), "pencil").authzid == "x,y@z"


@pytest.mark.parametrize(
    ("spoil", "condition"),
    [
        (lambda final: final.replace(b"c=biws", b"c=eSws"), "not-authorized"),
        (lambda final: final.replace(b"r=fyko", b"r=fykO"), "not-authorized"),
        (lambda final: final[:-8] + b"AAAAAAA=", "not-authorized"),
        (lambda final: final[:-4], "not-authorized"),
        (lambda final: final.replace(b",p=", b",q="), "malformed-request"),
        (lambda final: final.replace(b"c=biws", b"c=biw"), "malformed-request"),
        (lambda final: final.replace(b"c=biws,r=", b"r=biws,c="), "malformed-request"),
        (lambda final: final + b",x=1", "malformed-request"),
        (lambda final: final + b"\xff", "malformed-request"),
        (lambda final: b"p=" + final, "malformed-request"),
        (lambda final: b"\xff" + final, "malformed-request"),
    ],
)
def test_server_refuses_a_spoilt_final_message(spoil: Callable[[bytes], bytes], condition: str) -> None:
    store = Accounts({"user": "pencil"}, b64decode(RFC_5802.salt))
    server = ScramServer("SCRAM-SHA-1", store, None, None, lambda: RFC_5802.server_nonce)
    server.step(RFC_5802.client_first)

    with pytest.raises(SaslError) as caught:
        server.step(spoil(RFC_5802.client_final))
    assert caught.value.condition == condition


def test_c_cb_01_server_that_offered_binding_refuses_y() -> None:
    bound = MechanismOffer(("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"))
    with pytest.raises(SaslError, match="refused"):
        serve("SCRAM-SHA-1", None, bound).step(b"y,,n=user,r=x")

    unbound = MechanismOffer(("SCRAM-SHA-1",))
    assert isinstance(serve("SCRAM-SHA-1", BOUND, unbound).step(b"y,,n=user,r=x"), Challenge)
    assert isinstance(serve("SCRAM-SHA-1", ChannelBinding()).step(b"y,,n=user,r=x"), Challenge)


def test_c_cb_01_server_without_tls_is_bound_to_nothing() -> None:
    with pytest.raises(SaslError) as caught:
        serve("SCRAM-SHA-1-PLUS").step(b"p=tls-exporter,,n=user,r=x")
    assert caught.value.condition == "malformed-request"


def test_c_scram_01_server_refuses_another_nonce_though_it_is_signed() -> None:
    derivation = KeyDerivation("sha-1", b"salty", 4096)
    server = serve("SCRAM-SHA-1")
    first = server.step(b"n,,n=user,r=client")
    assert isinstance(first, Challenge)
    keys = ScramKeys.from_salted_password("sha-1", derivation.derive("pencil"))
    final = b"c=biws,r=clientother"
    proof = keys.proof(b"n=user,r=client," + first.data + b"," + final)

    with pytest.raises(SaslError, match="refused"):
        server.step(final + b",p=" + b64encode(proof))


def test_a_stranger_is_refused_only_at_the_end() -> None:
    client = ScramClient(RFC_5802.plan, Credentials("nobody"))
    server = ScramServer("SCRAM-SHA-1", Accounts(), None)
    first = server.step(client.initial_response())
    assert isinstance(first, Challenge)
    derivation = client.challenge(first.data)
    assert isinstance(derivation, KeyDerivation)

    with pytest.raises(SaslError) as caught:
        server.step(client.key_derived(derivation.derive("x")))
    assert caught.value.condition == "not-authorized"


def test_c_cb_01_two_tls_connections_are_not_one() -> None:
    offer = MechanismOffer(("SCRAM-SHA-256-PLUS",), ("tls-exporter",))
    client = choose(offer, Credentials("user", Password("pencil")), BOUND, None)
    elsewhere = ChannelBinding({"tls-exporter": b"4321"}, "TLSv1.3")
    server = server_mechanism("SCRAM-SHA-256-PLUS", Accounts({"user": "pencil"}), elsewhere)

    with pytest.raises(SaslError) as caught:
        log_in(client, server, "pencil")
    assert caught.value.condition == "not-authorized"


def test_nothing_secret_shows_in_a_repr() -> None:
    keys = StoredKeys.from_password("pencil", KeyDerivation("sha-1", b"salt", 1))
    shown = repr((Credentials("user", Password("pencil")), str(Password("pencil")), keys, RFC_5802.client()))

    assert "pencil" not in shown
    assert repr(keys.stored_key) not in shown
    assert "server_key" not in shown
