"""PLAIN: the password itself, for servers that can do no better (RFC 4616)."""

from __future__ import annotations

from tui_xmpp.xmpp.sasl.credentials import Credentials
from tui_xmpp.xmpp.sasl.errors import SaslError
from tui_xmpp.xmpp.sasl.mechanism import Challenge, CredentialStore, Success


class PlainClient:
    """Send ``authzid NUL authcid NUL passwd``."""

    name = "PLAIN"
    family = "plain"
    binding_type = None

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def initial_response(self) -> bytes:
        if self._credentials.password is None:
            raise SaslError("password-missing")
        secret = self._credentials.password.reveal()
        authzid, username = self._credentials.authzid or "", self._credentials.username
        if not secret or "\0" in secret:
            raise SaslError("password-unusable")
        if not username or "\0" in authzid + username:
            raise SaslError("username-unusable")
        return "\0".join((authzid, username, secret)).encode()

    def challenge(self, data: bytes) -> bytes:
        raise SaslError("unexpected-challenge")

    def key_derived(self, salted_password: bytes) -> bytes:
        raise SaslError("unexpected-challenge")

    def success(self, additional: bytes | None) -> None:
        """Accept: PLAIN gives a server nothing to prove."""


class PlainServer:
    """Check a password given in the clear."""

    name = "PLAIN"

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    def step(self, data: bytes | None) -> Challenge | Success:
        if data is None:
            return Challenge(b"")
        try:
            parts = data.decode().split("\0")
        except UnicodeDecodeError as error:
            raise SaslError("malformed-request") from error
        if len(parts) != 3 or not all(parts[1:]):
            raise SaslError("malformed-request")
        authzid, username, password = parts
        if not self._store.is_password_right(username, password):
            raise SaslError("not-authorized")
        return Success(username, authzid or None, None)
