"""Which mechanism to log in with: this side's order, and no step down (RFC 6120 §6.3.3, XEP-0440, XEP-0474)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from tui_xmpp.xmpp.sasl.anonymous import AnonymousClient
from tui_xmpp.xmpp.sasl.credentials import ChannelBinding, Credentials, MechanismOffer
from tui_xmpp.xmpp.sasl.errors import SaslError
from tui_xmpp.xmpp.sasl.external import ExternalClient
from tui_xmpp.xmpp.sasl.hashed_token import TOKEN_HASHES, HashedTokenClient, token_mechanism
from tui_xmpp.xmpp.sasl.mechanism import ClientMechanism, Nonce
from tui_xmpp.xmpp.sasl.pin import AuthenticationPin
from tui_xmpp.xmpp.sasl.plain import PlainClient
from tui_xmpp.xmpp.sasl.scram import HASHES, ScramClient, ScramPlan, fresh_nonce

# Strongest first (C-CB-02).
_BINDING_TYPES: Final = ("tls-exporter", "tls-unique", "tls-server-end-point")
_END_POINT: Final = "tls-server-end-point"

KNOWN_MECHANISMS: Final = frozenset((*HASHES, "EXTERNAL", "PLAIN", "ANONYMOUS"))
"""What ``choose`` can log in with, given the right credentials; tokens aside."""


def choose(
    offer: MechanismOffer,
    credentials: Credentials,
    binding: ChannelBinding | None,
    pin: AuthenticationPin | None,
    nonce: Nonce | None = None,
    refused: Collection[str] = (),
) -> ClientMechanism:
    """Return the mechanism to log in with; raise ``SaslError`` when none is safe enough.

    ``binding`` is ``None`` without TLS. ``refused`` names what the server has turned down on this stream: the next
    one tried is never of a weaker family (C-SASL-07). The order is EXTERNAL, a token bound to TLS, SCRAM bound to
    TLS, SCRAM, a token, PLAIN; ANONYMOUS is used when asked for and only then (C-SASL-01).
    """
    pin = pin or AuthenticationPin()
    offered = [name for name in offer.mechanisms if name not in refused]
    if credentials.is_anonymous:
        if "ANONYMOUS" not in offered:
            raise SaslError("anonymous-not-offered")
        return AnonymousClient()
    if credentials.has_client_certificate and "EXTERNAL" in offered:
        return ExternalClient(credentials.authzid)
    token = _token_client(offer, credentials, binding, pin)
    if token is not None and (token.binding_type is not None or credentials.password is None):
        return token
    if credentials.password is None:
        raise SaslError("certificate-not-accepted" if credentials.has_client_certificate else "password-missing")
    if any(name in HASHES for name in offered):
        plan = _plan(offer, binding, refused, pin)
        if pin.is_channel_bound and plan.binding_type is None:
            raise SaslError("binding-disappeared", can_lift_pin=True)
        return ScramClient(plan, credentials, nonce or fresh_nonce)
    if token is not None:
        return token
    if "PLAIN" in offered and not any(name in HASHES for name in refused):
        _check_plain(credentials, binding, pin)
        return PlainClient(credentials)
    raise SaslError("no-acceptable-mechanism")


def choose_token_mechanism(
    offer: MechanismOffer, binding: ChannelBinding | None, pin: AuthenticationPin | None
) -> str | None:
    """Return what to ask a token for: bound to TLS if that can be done, with the longest hash; None: for nothing."""
    usable = _usable_types(binding)
    is_bound_only = pin is not None and pin.is_channel_bound
    ranked = []
    for name in offer.token_mechanisms:
        kind = token_mechanism(name)
        if kind is None or (kind.binding_type is None and is_bound_only):
            continue
        if kind.binding_type is None or kind.binding_type in usable:
            rank = len(usable) if kind.binding_type is None else usable.index(kind.binding_type)
            ranked.append((rank, list(TOKEN_HASHES).index(kind.hash_name), name))
    return min(ranked)[-1] if ranked else None


def _token_client(
    offer: MechanismOffer, credentials: Credentials, binding: ChannelBinding | None, pin: AuthenticationPin
) -> HashedTokenClient | None:
    """Return the way to use the token; None without one, and where it would prove less than has been proved before."""
    token = credentials.token
    kind = None if token is None else token_mechanism(token.mechanism)
    if token is None or kind is None or token.mechanism not in offer.token_mechanisms:
        return None
    if kind.binding_type is None:
        is_possible = binding is not None and not pin.is_channel_bound
    else:
        is_possible = kind.binding_type in _usable_types(binding)
    return HashedTokenClient(kind, credentials.username, token, binding) if is_possible else None


def _check_plain(credentials: Credentials, binding: ChannelBinding | None, pin: AuthenticationPin) -> None:
    if binding is None:
        raise SaslError("plain-without-tls")
    if pin.family is not None or pin.is_channel_bound:
        raise SaslError("plain-after-stronger", can_lift_pin=True)
    if not credentials.is_plain_allowed:
        raise SaslError("plain-not-allowed")


def guess(binding: ChannelBinding | None) -> str | None:
    """Name the binding tried where a server names none, with the very server it is tried at; None if there is none.

    Without the end point, a hash of the server's certificate, the server is not known again.
    """
    usable = _usable_types(binding)
    if binding is None or _END_POINT not in usable:
        return None
    return f"{_guessed(usable)} {binding.tls_version} {binding.bindings[_END_POINT].hex()}"


def _guessed(usable: list[str]) -> str:
    return "tls-unique" if "tls-unique" in usable else usable[0]


def _plan(
    offer: MechanismOffer, binding: ChannelBinding | None, refused: Collection[str], pin: AuthenticationPin
) -> ScramPlan:
    """Choose hash, flag and binding by the rules of XEP-0440, rule 6 as XEP-0474 §6 words it (C-CB-01)."""
    usable = _usable_types(binding)
    types = offer.channel_binding_types
    is_bound_offered = any(name in HASHES and name.endswith("-PLUS") for name in offer.mechanisms)
    if not usable:
        return ScramPlan(_best(offer, refused, is_bound=False), offer, binding)
    if not is_bound_offered:
        if types:
            raise SaslError("binding-announcement-tampered")
        return ScramPlan(_best(offer, refused, is_bound=False), offer, binding, is_binding_possible=True)
    if types is None:
        if offer.is_sasl2:
            raise SaslError("binding-announcement-tampered")
        return _plan_by_guess(offer, binding, refused, usable, pin)
    common = next((name for name in usable if name in types), None)
    if common is not None:
        return ScramPlan(_best(offer, refused, is_bound=True), offer, binding, common)
    # Every server has to offer the end point: a list without it is believed only with proof.
    return ScramPlan(_best(offer, refused, is_bound=False), offer, binding, must_prove_offer=_END_POINT not in types)


def _plan_by_guess(
    offer: MechanismOffer,
    binding: ChannelBinding | None,
    refused: Collection[str],
    usable: list[str],
    pin: AuthenticationPin,
) -> ScramPlan:
    """Try the default type where the server names none, then go without (RFC 5802 §6.1, RFC 9266 §2)."""
    is_known_wrong = pin.wrong_guess is not None and pin.wrong_guess == guess(binding)
    if is_known_wrong or any(name in HASHES and name.endswith("-PLUS") for name in refused):
        return ScramPlan(_best(offer, refused, is_bound=False), offer, binding)
    return ScramPlan(_best(offer, refused, is_bound=True), offer, binding, _guessed(usable))


def _usable_types(binding: ChannelBinding | None) -> list[str]:
    if binding is None:
        return []
    # tls-unique has a meaning up to TLS 1.2 only, whatever a library returns (RFC 9266 §3).
    undefined = set() if binding.tls_version == "TLSv1.2" else {"tls-unique"}
    return [name for name in _BINDING_TYPES if binding.bindings.get(name) and name not in undefined]


def _best(offer: MechanismOffer, refused: Collection[str], *, is_bound: bool) -> str:
    for name in HASHES:
        if name.endswith("-PLUS") == is_bound and name in offer.mechanisms and name not in refused:
            return name
    raise SaslError("no-acceptable-mechanism")
