"""Which mechanism examines a client."""

from __future__ import annotations

from tui_xmpp.xmpp.sasl.anonymous import AnonymousServer
from tui_xmpp.xmpp.sasl.credentials import ChannelBinding, MechanismOffer
from tui_xmpp.xmpp.sasl.errors import SaslError
from tui_xmpp.xmpp.sasl.external import ExternalServer
from tui_xmpp.xmpp.sasl.mechanism import CredentialStore, Nonce, ServerMechanism
from tui_xmpp.xmpp.sasl.plain import PlainServer
from tui_xmpp.xmpp.sasl.scram import HASHES, ScramServer, fresh_nonce


def server_mechanism(
    name: str,
    store: CredentialStore,
    binding: ChannelBinding | None,
    *,
    offer: MechanismOffer | None = None,
    certified_username: str | None = None,
    nonce: Nonce = fresh_nonce,
) -> ServerMechanism:
    """Return the server's side of ``name``; raise ``SaslError`` ``invalid-mechanism`` for one not offered or unknown.

    ``offer`` is what this stream offered: given, SCRAM proves it to the client (XEP-0474).
    ``certified_username`` is whom a verified client certificate names (EXTERNAL).
    """
    if offer is not None and name not in offer.mechanisms:
        raise SaslError("invalid-mechanism")
    if name in HASHES:
        return ScramServer(name, store, binding, offer, nonce)
    if name == "PLAIN":
        return PlainServer(store)
    if name == "EXTERNAL":
        return ExternalServer(certified_username)
    if name == "ANONYMOUS":
        return AnonymousServer(nonce)
    raise SaslError("invalid-mechanism")
