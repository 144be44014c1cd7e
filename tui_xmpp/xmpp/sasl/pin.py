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

    It holds no secret and no concrete hash: a server may change those without being suspected. ``wrong_guess`` is the
    binding a server that names none turned down (:func:`~tui_xmpp.xmpp.sasl.choice.guess`): to try it again at each
    login would cost a round trip and prove nothing, as the server that turned it down is known by its certificate.
    """

    family: str | None = None
    is_channel_bound: bool = False
    wrong_guess: str | None = None

    def pin_after(self, mechanism: ClientMechanism, wrong_guess: str | None = None) -> AuthenticationPin:
        """Return the pin after a successful login with ``mechanism``; what it proves only ever grows.

        A token proves nothing about how the server takes passwords, not even whether those can be bound to TLS.
        """
        if mechanism.family not in _PINNED_FAMILIES:
            return self
        is_bound = self.is_channel_bound or mechanism.binding_type is not None
        wrong_guess = None if mechanism.binding_type is not None else wrong_guess or self.wrong_guess
        return replace(self, family=mechanism.family, is_channel_bound=is_bound, wrong_guess=wrong_guess)

    def to_dict(self) -> dict[str, str | bool | None]:
        """Return JSON values to store."""
        return {
            "family": self.family,
            "is_channel_bound": self.is_channel_bound,
            "wrong_guess": self.wrong_guess,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> Self:
        """Read what ``to_dict`` gave; what is not understood is not pinned."""
        family, wrong_guess = stored.get("family"), stored.get("wrong_guess")
        return cls(
            family=family if isinstance(family, str) and family in _PINNED_FAMILIES else None,
            is_channel_bound=stored.get("is_channel_bound") is True,
            wrong_guess=wrong_guess if isinstance(wrong_guess, str) else None,
        )
