"""EXTERNAL: the client certificate of the TLS connection says who it is (RFC 4422 App. A, XEP-0178)."""

from __future__ import annotations

from tui_xmpp.xmpp.sasl.errors import SaslError
from tui_xmpp.xmpp.sasl.mechanism import Challenge, Success


class ExternalClient:
    """Point to the certificate; name an address only when it holds several."""

    name = "EXTERNAL"
    family = "external"
    binding_type = None

    def __init__(self, authzid: str | None) -> None:
        self._authzid = authzid or ""

    def initial_response(self) -> bytes:
        if "\0" in self._authzid:
            raise SaslError("username-unusable")
        return self._authzid.encode()

    def challenge(self, data: bytes) -> bytes:
        raise SaslError("unexpected-challenge")

    def key_derived(self, salted_password: bytes) -> bytes:
        raise SaslError("unexpected-challenge")

    def success(self, additional: bytes | None) -> None:
        """Accept: the server was proved by TLS alone."""


class ExternalServer:
    """Let in whom the client certificate names."""

    name = "EXTERNAL"

    def __init__(self, certified_username: str | None) -> None:
        self._certified_username = certified_username

    def step(self, data: bytes | None) -> Challenge | Success:
        if data is None:
            return Challenge(b"")
        try:
            authzid = data.decode()
        except UnicodeDecodeError as error:
            raise SaslError("malformed-request") from error
        if self._certified_username is None:
            raise SaslError("not-authorized")
        return Success(self._certified_username, authzid or None, None)
