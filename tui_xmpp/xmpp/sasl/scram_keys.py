"""The keys and proofs of SCRAM (RFC 5802 §3)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import field

from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.sasl.preparation import prepared


def library_name(hash_name: str) -> str:
    """Return hashlib's name for an IANA hash name: ``sha-256`` → ``sha256``."""
    return hash_name.replace("-", "")


@dataclass(frozen=True, slots=True)
class KeyDerivation:
    """Describe the slow step of SCRAM; equal descriptions of one password give equal keys, so results may be kept.

    ``hash_name`` is spelt ``"sha-256"``.
    """

    hash_name: str
    salt: bytes
    iterations: int

    def derive(self, password: str) -> bytes:
        """Return SaltedPassword; takes up to seconds and touches nothing else: run it in a thread."""
        secret = prepared(password, "password-unusable").encode()
        return hashlib.pbkdf2_hmac(library_name(self.hash_name), secret, self.salt, self.iterations)


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """Hold what a server keeps of a password (RFC 5802 §3)."""

    salt: bytes
    iterations: int
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)

    @classmethod
    def from_password(cls, password: str, derivation: KeyDerivation) -> StoredKeys:
        """Return the keys to keep for ``password``; as slow as ``derivation``."""
        keys = ScramKeys.from_salted_password(derivation.hash_name, derivation.derive(password))
        return cls(derivation.salt, derivation.iterations, keys.stored_key, keys.server_key)


@dataclass(frozen=True, slots=True)
class ScramKeys:
    """Hold the client's keys for one exchange."""

    hash_name: str
    client_key: bytes = field(repr=False)
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)

    @classmethod
    def from_salted_password(cls, hash_name: str, salted_password: bytes) -> ScramKeys:
        """Split SaltedPassword into its keys."""
        client_key = signature(hash_name, salted_password, b"Client Key")
        stored_key = digest(hash_name, client_key)
        return cls(hash_name, client_key, stored_key, signature(hash_name, salted_password, b"Server Key"))

    def proof(self, auth_message: bytes) -> bytes:
        """Return ClientProof."""
        return xor(self.client_key, signature(self.hash_name, self.stored_key, auth_message))


def signature(hash_name: str, key: bytes, message: bytes) -> bytes:
    """Return HMAC of ``message`` under ``key``."""
    return hmac.digest(key, message, library_name(hash_name))


def digest(hash_name: str, message: bytes) -> bytes:
    """Return the hash of ``message``."""
    return hashlib.new(library_name(hash_name), message).digest()


def xor(left: bytes, right: bytes) -> bytes:
    """Combine two strings of equal length."""
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
