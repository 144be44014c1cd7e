"""What every mechanism looks like to the stream that carries it (RFC 4422 §5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.sasl.scram_keys import KeyDerivation, StoredKeys

Nonce: TypeAlias = Callable[[], str]


class ClientMechanism(Protocol):
    """Answer a server until it is satisfied, and make sure that it deserved it."""

    @property
    def name(self) -> str: ...

    @property
    def family(self) -> str:
        """``scram``, ``external``, ``token``, ``plain`` or ``anonymous``."""

    @property
    def binding_type(self) -> str | None:
        """The channel-binding type in use, if any."""

    def initial_response(self) -> bytes | None:
        """Return the data to send with the choice of mechanism; ``None`` when the mechanism has none."""

    def challenge(self, data: bytes) -> bytes | KeyDerivation:
        """Return the response; or a slow derivation to run elsewhere, then call ``key_derived``."""

    def key_derived(self, salted_password: bytes) -> bytes:
        """Return the response that waited for the key."""

    def success(self, additional: bytes | None) -> None:
        """Accept the server's success; raise ``SaslError`` when it proved nothing (RFC 6120 §6.4.6)."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """Ask the client for another response."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Success:
    """Let the client in as ``authcid``, acting for ``authzid`` if that was asked for."""

    authcid: str
    authzid: str | None
    additional: bytes | None


class ServerMechanism(Protocol):
    """Examine a client step by step."""

    @property
    def name(self) -> str: ...

    def step(self, data: bytes | None) -> Challenge | Success:
        """Take the client's data (``None``: no initial response was sent); raise ``SaslError`` to refuse."""


class CredentialStore(Protocol):
    """Look accounts up for a server."""

    def stored_keys(self, username: str, hash_name: str) -> StoredKeys | None:
        """Return what is kept for SCRAM with this hash (``"sha-256"``); ``None`` for nobody."""

    def is_password_right(self, username: str, password: str) -> bool:
        """Check a password given in the clear (PLAIN)."""
