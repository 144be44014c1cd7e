"""What an account has proved before, so that it is not talked into less (XEP-0474 §6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Self

from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.sasl.mechanism import ClientMechanism

_PINNED_FAMILIES = ("scram", "external")


@dataclass(frozen=True, slots=True)
class AuthenticationPin:
    """Remember the family of mechanisms that worked, and whether a login was bound to TLS.

    It holds no secret and no concrete hash: a server may change those without being suspected.
    """

    family: str | None = None
    is_channel_bound: bool = False

    def pin_after(self, mechanism: ClientMechanism) -> AuthenticationPin:
        """Return the pin after a successful login with ``mechanism``; a pin only ever grows.

        A token proves nothing about how the server takes passwords, not even whether those can be bound to TLS.
        """
        if mechanism.family not in _PINNED_FAMILIES:
            return self
        is_bound = self.is_channel_bound or mechanism.binding_type is not None
        return replace(self, family=mechanism.family, is_channel_bound=is_bound)

    def to_dict(self) -> dict[str, str | bool | None]:
        """Return JSON values to store."""
        return {"family": self.family, "is_channel_bound": self.is_channel_bound}

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> Self:
        """Read what ``to_dict`` gave; what is not understood is not pinned."""
        family = stored.get("family")
        return cls(
            family=family if isinstance(family, str) and family in _PINNED_FAMILIES else None,
            is_channel_bound=stored.get("is_channel_bound") is True,
        )
