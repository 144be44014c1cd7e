"""The HT family: a token instead of the password, proved in one round trip (XEP-0484, draft-schmaus-kitten-sasl-ht)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Final, Protocol

from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.sasl.credentials import ChannelBinding, FastToken, Password
from tui_xmpp.xmpp.sasl.errors import SaslError
from tui_xmpp.xmpp.sasl.mechanism import Challenge, Success

# IANA's hash names to hashlib's, strongest first.
TOKEN_HASHES: Final[Mapping[str, str]] = {
    "SHA-512": "sha512",
    "SHA3-512": "sha3_512",
    "SHA-384": "sha384",
    "SHA-256": "sha256",
    "SHA3-256": "sha3_256",
}
_BINDING_TYPES: Final[Mapping[str, str | None]] = {
    "EXPR": "tls-exporter",
    "UNIQ": "tls-unique",
    "ENDP": "tls-server-end-point",
    "NONE": None,
}


@dataclass(frozen=True, slots=True)
class TokenMechanism:
    """One of the family: ``HT-<hash>-<binding>``."""

    name: str
    hash_name: str
    binding_type: str | None

    def proof(self, token: FastToken, who: bytes, binding: ChannelBinding | None) -> bytes:
        """Return what ``who`` (``Initiator`` or ``Responder``) proves by knowing the token on this connection."""
        data = b""
        if self.binding_type is not None:
            if binding is None or not binding.bindings.get(self.binding_type):
                raise SaslError("malformed-request")
            data = binding.bindings[self.binding_type]
        return hmac.digest(token.value.reveal().encode(), who + data, TOKEN_HASHES[self.hash_name])


def token_mechanism(name: str) -> TokenMechanism | None:
    """Return the mechanism of this name; None for one unknown here."""
    prefix, _, rest = name.partition("-")
    hash_name, _, binding = rest.rpartition("-")
    if prefix != "HT" or hash_name not in TOKEN_HASHES or binding not in _BINDING_TYPES:
        return None
    return TokenMechanism(name, hash_name, _BINDING_TYPES[binding])


class HashedTokenClient:
    """Log in with a token; the server must prove that it knows it too."""

    family = "token"

    def __init__(
        self, mechanism: TokenMechanism, username: str, token: FastToken, binding: ChannelBinding | None
    ) -> None:
        self._mechanism = mechanism
        self._username = username
        self._token = token
        self._binding = binding

    @property
    def name(self) -> str:
        return self._mechanism.name

    @property
    def binding_type(self) -> str | None:
        return self._mechanism.binding_type

    def initial_response(self) -> bytes:
        if not self._username or "\0" in self._username:
            raise SaslError("username-unusable")
        proof = self._mechanism.proof(self._token, b"Initiator", self._binding)
        return self._username.encode() + b"\0" + proof

    def challenge(self, data: bytes) -> bytes:
        raise SaslError("unexpected-challenge")

    def key_derived(self, salted_password: bytes) -> bytes:
        raise SaslError("unexpected-challenge")

    def success(self, additional: bytes | None) -> None:
        """Demand the server's proof, whatever the server calls a success."""
        if not additional:
            raise SaslError("server-signature-missing")
        if not hmac.compare_digest(additional, self._mechanism.proof(self._token, b"Responder", self._binding)):
            raise SaslError("server-signature-invalid")


class TokenStore(Protocol):
    """Keep the tokens of a server's accounts; ``client_id`` is the user agent's id (XEP-0484 §4)."""

    def issue(self, username: str, client_id: str, mechanism: str) -> FastToken:
        """Make a new token; the one in use stays valid until the new one is used (C-FAST-03)."""

    def tokens(self, username: str, client_id: str) -> Sequence[FastToken]:
        """Return what may be used, newest first, expired ones too."""

    def used(self, username: str, client_id: str, token: FastToken) -> bool:
        """Note a successful use, which ends older tokens; tell whether a new one is due."""

    def invalidate(self, username: str, client_id: str, token: FastToken) -> None:
        """End this token."""


@dataclass(slots=True)
class MemoryTokens:
    """Keep tokens in memory, two a client: one in use, one new (XEP-0484 §5.1)."""

    now: Callable[[], datetime]
    lifetime: timedelta = timedelta(days=21)
    rotates_after: timedelta = timedelta(days=1)
    _current: dict[tuple[str, str], FastToken] = field(default_factory=dict, repr=False)
    _new: dict[tuple[str, str], FastToken] = field(default_factory=dict, repr=False)

    def issue(self, username: str, client_id: str, mechanism: str) -> FastToken:
        token = FastToken(Password(secrets.token_urlsafe(32)), mechanism, self.now() + self.lifetime)
        self._new[username, client_id] = token
        return token

    def tokens(self, username: str, client_id: str) -> Sequence[FastToken]:
        key = username, client_id
        return [slot[key] for slot in (self._new, self._current) if key in slot]

    def used(self, username: str, client_id: str, token: FastToken) -> bool:
        key = username, client_id
        if self._new.get(key) is token:
            self._current[key] = self._new.pop(key)
        return token.expiry is not None and token.expiry - self.now() < self.lifetime - self.rotates_after

    def invalidate(self, username: str, client_id: str, token: FastToken) -> None:
        for slot in (self._new, self._current):
            if slot.get((username, client_id)) is token:
                del slot[username, client_id]


class HashedTokenServer:
    """Examine a client by the tokens it was given; ``token`` is the one it proved to have."""

    def __init__(
        self,
        name: str,
        store: TokenStore,
        client_id: str,
        binding: ChannelBinding | None,
        now: Callable[[], datetime],
    ) -> None:
        mechanism = token_mechanism(name)
        if mechanism is None:
            raise SaslError("invalid-mechanism")
        self.name = name
        self.token: FastToken | None = None
        self._mechanism = mechanism
        self._store = store
        self._client_id = client_id
        self._binding = binding
        self._now = now

    def step(self, data: bytes | None) -> Challenge | Success:
        username_text, _, proof = (data or b"").partition(b"\0")
        try:
            username = username_text.decode()
        except UnicodeDecodeError as error:
            raise SaslError("malformed-request") from error
        if not username or not proof:
            raise SaslError("malformed-request")
        for token in self._store.tokens(username, self._client_id):
            # A token is bound to the mechanism it was asked for (XEP-0484 §3.4).
            if token.mechanism != self.name:
                continue
            if hmac.compare_digest(proof, self._mechanism.proof(token, b"Initiator", self._binding)):
                if token.is_expired(self._now()):
                    raise SaslError("credentials-expired")
                self.token = token
                return Success(username, None, self._mechanism.proof(token, b"Responder", self._binding))
        raise SaslError("not-authorized")
