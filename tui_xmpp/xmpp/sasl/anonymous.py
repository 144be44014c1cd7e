"""ANONYMOUS: a guest without a name (RFC 4505, XEP-0175)."""

from __future__ import annotations

from tui_xmpp.xmpp.sasl.errors import SaslError
from tui_xmpp.xmpp.sasl.mechanism import Challenge, Nonce, Success


class AnonymousClient:
    """Send no trace: the server makes up the address."""

    name = "ANONYMOUS"
    family = "anonymous"
    binding_type = None

    def initial_response(self) -> bytes:
        return b""

    def challenge(self, data: bytes) -> bytes:
        raise SaslError("unexpected-challenge")

    def key_derived(self, salted_password: bytes) -> bytes:
        raise SaslError("unexpected-challenge")

    def success(self, additional: bytes | None) -> None:
        """Accept: nobody proved anything."""


class AnonymousServer:
    """Let a guest in under a name made up for this login; what the guest sends is not kept."""

    name = "ANONYMOUS"

    def __init__(self, nonce: Nonce) -> None:
        self._nonce = nonce

    def step(self, data: bytes | None) -> Challenge | Success:
        return Challenge(b"") if data is None else Success(self._nonce(), None, None)
