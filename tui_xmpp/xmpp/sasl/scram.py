"""SCRAM and its -PLUS variants, both sides (RFC 5802, RFC 7677, XEP-0474, XEP-0515)."""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from tui_xmpp.patterns import late
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.sasl.credentials import ChannelBinding, Credentials, MechanismOffer
from tui_xmpp.xmpp.sasl.encoding import decode_base64
from tui_xmpp.xmpp.sasl.errors import SaslError
from tui_xmpp.xmpp.sasl.mechanism import Challenge, CredentialStore, Nonce, Success
from tui_xmpp.xmpp.sasl.preparation import prepared
from tui_xmpp.xmpp.sasl.scram_keys import KeyDerivation, ScramKeys, StoredKeys, digest, signature, xor

# Strongest first (C-SASL-01): a login bound to TLS is worth more than a longer hash.
HASHES: Final[Mapping[str, str]] = {
    "SCRAM-SHA-512-PLUS": "sha-512",
    "SCRAM-SHA-256-PLUS": "sha-256",
    "SCRAM-SHA-1-PLUS": "sha-1",
    "SCRAM-SHA-512": "sha-512",
    "SCRAM-SHA-256": "sha-256",
    "SCRAM-SHA-1": "sha-1",
}

_MIN_ITERATIONS: Final = 4096  # RFC 7677 §4
_MAX_ITERATIONS: Final = 10_000_000
_MAX_SALT: Final = 1024
_NONCE = late(r"[!-+\--~]+", re.ASCII)
_POSITIVE = late(r"[1-9][0-9]{0,9}", re.ASCII)
_ATTRIBUTE = late(r"([A-Za-z])=([^\0,]*)")
_TLS_NUMBERS: Final = {"TLSv1": "0301", "TLSv1.1": "0302", "TLSv1.2": "0303", "TLSv1.3": "0304"}

# What a server may say in ``e=`` (RFC 5802 §7), in the words of this package.
_SERVER_ERRORS: Final = {
    "unknown-user": "not-authorized",
    "invalid-proof": "not-authorized",
    "channel-bindings-dont-match": "binding-mismatch",
    "server-does-support-channel-binding": "downgrade-detected",
    "invalid-username-encoding": "username-unusable",
    "no-resources": "temporary-auth-failure",
}


def fresh_nonce() -> str:
    """Return 192 random bits as printable ASCII without a comma (RFC 5802 §5.1)."""
    return secrets.token_urlsafe(24)


def downgrade_hash(hash_name: str, offer: MechanismOffer) -> str:
    """Return ``h``: base64 of the hash over everything offered (XEP-0474 §5.1)."""
    # By octets (i;octet) is by code point for UTF-8.
    text = "\x1e".join(sorted(offer.mechanisms))
    if offer.channel_binding_types is not None:
        text += "\x1f" + "\x1e".join(sorted(offer.channel_binding_types))
    return b64encode(digest(hash_name, text.encode())).decode("ascii")


@dataclass(frozen=True, slots=True)
class ScramPlan:
    """Say how an exchange is to go: mechanism, GS2 flag, and the facts to check the server by.

    ``binding_type`` is set for ``p``; otherwise ``is_binding_possible`` chooses ``y`` over ``n`` (RFC 5802 §6).
    ``must_prove_offer``: without a matching ``h`` the server's list of binding types is not believed (XEP-0474 §6).
    """

    mechanism: str
    offer: MechanismOffer
    binding: ChannelBinding | None = None
    binding_type: str | None = None
    is_binding_possible: bool = False
    must_prove_offer: bool = False

    @property
    def hash_name(self) -> str:
        return HASHES[self.mechanism]

    @property
    def flag(self) -> str:
        """The GS2 channel-binding flag."""
        if self.binding_type is not None:
            return f"p={self.binding_type}"
        return "y" if self.is_binding_possible else "n"

    @property
    def binding_data(self) -> bytes:
        if self.binding is None or self.binding_type is None:
            return b""
        return self.binding.bindings[self.binding_type]


class ScramClient:
    """Log in with SCRAM; the password never leaves, and the server must prove that it knows it too."""

    family = "scram"

    def __init__(self, plan: ScramPlan, credentials: Credentials, nonce: Nonce = fresh_nonce) -> None:
        self._plan = plan
        self._nonce = nonce()
        authzid = "" if credentials.authzid is None else f"a={_escaped(credentials.authzid)}"
        self._gs2_header = f"{plan.flag},{authzid},".encode()
        username = _escaped(prepared(credentials.username, "username-unusable"))
        self._client_first_bare = f"n={username},r={self._nonce}".encode()
        self._server_first = b""
        self._combined_nonce = ""
        self._derivation: KeyDerivation | None = None
        self._expected_signature: bytes | None = None
        self._is_server_proved = False

    @property
    def name(self) -> str:
        return self._plan.mechanism

    @property
    def binding_type(self) -> str | None:
        return self._plan.binding_type

    def initial_response(self) -> bytes:
        """Return client-first-message."""
        return self._gs2_header + self._client_first_bare

    def challenge(self, data: bytes) -> bytes | KeyDerivation:
        """Take server-first-message, or a server-final-message sent as a challenge."""
        if self._derivation is None:
            self._derivation = self._read_server_first(data)
            return self._derivation
        if self._is_server_proved:
            raise SaslError("unexpected-challenge")
        self._check_server_final(data)
        return b""

    def key_derived(self, salted_password: bytes) -> bytes:
        """Return client-final-message."""
        if self._derivation is None or self._expected_signature is not None:
            raise SaslError("unexpected-challenge")
        keys = ScramKeys.from_salted_password(self._plan.hash_name, salted_password)
        binding = b64encode(self._gs2_header + self._plan.binding_data)
        without_proof = b"c=" + binding + b",r=" + self._combined_nonce.encode()
        auth_message = b",".join((self._client_first_bare, self._server_first, without_proof))
        self._expected_signature = signature(self._plan.hash_name, keys.server_key, auth_message)
        return without_proof + b",p=" + b64encode(keys.proof(auth_message))

    def success(self, additional: bytes | None) -> None:
        """Demand the server's signature, whatever the server calls a success (C-SASL-08)."""
        if self._is_server_proved and not additional:
            return
        if not additional:
            raise SaslError("server-signature-missing")
        self._check_server_final(additional)

    def _read_server_first(self, data: bytes) -> KeyDerivation:
        attributes = _attributes(data)
        names = [name for name, _ in attributes]
        if names[0] == "e":
            raise _server_error(attributes[0][1])
        if names[0] == "m":
            raise SaslError("mandatory-extension")
        if names[:3] != ["r", "s", "i"] or len(set(names)) != len(names):
            raise SaslError("malformed-challenge")
        if "m" in names:
            raise SaslError("mandatory-extension")
        values = dict(attributes)
        self._check_nonce(values["r"])
        self._check_offer(values)
        self._server_first = data
        self._combined_nonce = values["r"]
        return KeyDerivation(self._plan.hash_name, _salt(values["s"]), _iterations(values["i"]))

    def _check_nonce(self, combined: str) -> None:
        is_ours = combined.startswith(self._nonce) and len(combined) > len(self._nonce)
        if not is_ours or not _NONCE.fullmatch(combined):
            raise SaslError("nonce-not-extended")

    def _check_offer(self, values: Mapping[str, str]) -> None:
        """Compare what the server says it offered with what arrived (XEP-0474 §5.2, XEP-0515)."""
        expected = downgrade_hash(self._plan.hash_name, self._plan.offer)
        announced = values.get("h")
        if announced is None:
            if self._plan.must_prove_offer:
                raise SaslError("no-common-binding")
        elif not hmac.compare_digest(announced.encode(), expected.encode()):
            raise SaslError("downgrade-detected")
        if "t" in values and values["t"] != _tls_number(self._plan.binding):
            raise SaslError("tls-downgrade-detected")

    def _check_server_final(self, data: bytes) -> None:
        if self._expected_signature is None:
            raise SaslError("server-signature-missing")
        (name, value), *_ = _attributes(data)
        if name == "e":
            raise _server_error(value)
        if name != "v":
            raise SaslError("server-signature-missing")
        if not hmac.compare_digest(decode_base64(value, "server-signature-invalid"), self._expected_signature):
            raise SaslError("server-signature-invalid")
        self._is_server_proved = True


class ScramServer:
    """Examine a client with SCRAM.

    With ``offer`` the server proves in ``h`` (and ``t`` when the TLS version is known) what it offered.
    """

    def __init__(
        self,
        name: str,
        store: CredentialStore,
        binding: ChannelBinding | None,
        offer: MechanismOffer | None = None,
        nonce: Nonce = fresh_nonce,
    ) -> None:
        self.name = name
        self._hash_name = HASHES[name]
        self._store = store
        self._binding = binding
        self._offer = offer
        self._nonce = nonce()
        self._client_first_bare = b""
        self._server_first = b""
        self._expected_binding = b""
        self._combined_nonce = ""
        self._username = ""
        self._authzid: str | None = None
        self._keys: StoredKeys | None = None

    def step(self, data: bytes | None) -> Challenge | Success:
        """Take client-first-message, then client-final-message."""
        if data is None and not self._server_first:
            return Challenge(b"")
        if data is None:
            raise SaslError("malformed-request")
        return self._finish(data) if self._server_first else Challenge(self._begin(data))

    def _begin(self, data: bytes) -> bytes:
        flag, authzid, bare = _split_client_first(data)
        self._expected_binding = data[: len(data) - len(bare)] + self._binding_data(flag)
        attributes = _attributes(bare, "malformed-request")
        if [name for name, _ in attributes[:2]] != ["n", "r"]:
            raise SaslError("malformed-request")
        username, nonce = attributes[0][1], attributes[1][1]
        if not username or not _NONCE.fullmatch(nonce):
            raise SaslError("malformed-request")
        self._username = _unescaped(username)
        self._authzid = _unescaped(authzid) if authzid else None
        self._keys = self._store.stored_keys(self._username, self._hash_name)
        salt, rounds = (
            (secrets.token_bytes(16), _MIN_ITERATIONS)  # a stranger is told apart only at the end
            if self._keys is None
            else (self._keys.salt, self._keys.iterations)
        )
        self._combined_nonce = nonce + self._nonce
        first = f"r={self._combined_nonce},s={b64encode(salt).decode()},i={rounds}"
        if self._offer is not None:
            first += f",h={downgrade_hash(self._hash_name, self._offer)}"
            if number := _tls_number(self._binding):
                first += f",t={number}"
        self._client_first_bare = bare
        self._server_first = first.encode()
        return self._server_first

    def _binding_data(self, flag: str) -> bytes:
        """Return the data the flag stands for; refuse a flag at odds with the mechanism (RFC 5802 §6)."""
        if flag.startswith("p=") != self.name.endswith("-PLUS"):
            raise SaslError("malformed-request")
        if flag == "y" and self._offers_binding():
            raise SaslError("not-authorized")
        if not flag.startswith("p="):
            return b""
        data = None if self._binding is None else self._binding.bindings.get(flag[2:])
        if data is None:
            raise SaslError("malformed-request")
        return data

    def _offers_binding(self) -> bool:
        if self._offer is not None:
            return any(name.endswith("-PLUS") for name in self._offer.mechanisms)
        return self._binding is not None and bool(self._binding.bindings)

    def _finish(self, data: bytes) -> Success:
        without_proof, comma, proof_text = data.rpartition(b",p=")
        attributes = _attributes(without_proof, "malformed-request")
        if not comma or [name for name, _ in attributes[:2]] != ["c", "r"]:
            raise SaslError("malformed-request")
        given_binding = decode_base64(attributes[0][1], "malformed-request")
        proof = decode_base64(proof_text.decode("ascii", "replace"), "malformed-request")
        keys = self._keys
        if keys is None or attributes[1][1] != self._combined_nonce or len(proof) != len(keys.stored_key):
            raise SaslError("not-authorized")
        auth_message = b",".join((self._client_first_bare, self._server_first, without_proof))
        client_key = xor(proof, signature(self._hash_name, keys.stored_key, auth_message))
        is_proved = hmac.compare_digest(digest(self._hash_name, client_key), keys.stored_key)
        is_bound = hmac.compare_digest(given_binding, self._expected_binding)
        if not (is_proved and is_bound):
            raise SaslError("not-authorized")
        server_signature = signature(self._hash_name, keys.server_key, auth_message)
        return Success(self._username, self._authzid, b"v=" + b64encode(server_signature))


# --- messages (RFC 5802 §7) ---


def _attributes(data: bytes, condition: str = "malformed-challenge") -> list[tuple[str, str]]:
    """Return the attributes of a message in order; there is at least one."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise SaslError(condition) from error
    found = [_ATTRIBUTE.fullmatch(piece) for piece in text.split(",")]
    attributes = [(match[1], match[2]) for match in found if match]
    if len(attributes) != len(found):
        raise SaslError(condition)
    return attributes


def _split_client_first(data: bytes) -> tuple[str, str, bytes]:
    pieces = data.split(b",", 2)
    if len(pieces) != 3:
        raise SaslError("malformed-request")
    try:
        flag, authzid = pieces[0].decode(), pieces[1].decode()
    except UnicodeDecodeError as error:
        raise SaslError("malformed-request") from error
    if not re.fullmatch(r"n|y|p=[A-Za-z0-9.-]+", flag) or (authzid and not authzid.startswith("a=")):
        raise SaslError("malformed-request")
    return flag, authzid[2:], pieces[2]


def _salt(text: str) -> bytes:
    salt = decode_base64(text, "malformed-challenge")
    if not 0 < len(salt) <= _MAX_SALT:
        raise SaslError("salt-unusable")
    return salt


def _iterations(text: str) -> int:
    if not text.isascii() or not text.isdigit() or text.startswith("0"):
        raise SaslError("malformed-challenge")
    if not _POSITIVE.fullmatch(text) or int(text) > _MAX_ITERATIONS:
        raise SaslError("iteration-count-too-high")
    if int(text) < _MIN_ITERATIONS:
        raise SaslError("iteration-count-too-low")
    return int(text)


def _tls_number(binding: ChannelBinding | None) -> str | None:
    return None if binding is None else _TLS_NUMBERS.get(binding.tls_version or "")


def _server_error(value: str) -> SaslError:
    return SaslError(_SERVER_ERRORS.get(value, "malformed-request"))


def _escaped(name: str) -> str:
    if "\0" in name:
        raise SaslError("username-unusable")
    return name.replace("=", "=3D").replace(",", "=2C")


def _unescaped(name: str) -> str:
    if re.search(r"=(?!2C|3D)", name):
        raise SaslError("malformed-request")
    return name.replace("=2C", ",").replace("=3D", "=")
