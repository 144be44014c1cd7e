"""SASL for XMPP without input or output (RFC 6120 §6, RFC 4422).

A client calls ``choose`` and carries the mechanism's data; a server calls ``server_mechanism``.
"""

from __future__ import annotations

from tui_xmpp.xmpp.sasl.choice import choose
from tui_xmpp.xmpp.sasl.credentials import ChannelBinding, Credentials, MechanismOffer, Password
from tui_xmpp.xmpp.sasl.encoding import decode_data, encode_data
from tui_xmpp.xmpp.sasl.errors import Remedy, SaslError, sentence_for
from tui_xmpp.xmpp.sasl.mechanism import (
    Challenge,
    ClientMechanism,
    CredentialStore,
    ServerMechanism,
    Success,
)
from tui_xmpp.xmpp.sasl.pin import AuthenticationPin
from tui_xmpp.xmpp.sasl.scram_keys import KeyDerivation, StoredKeys
from tui_xmpp.xmpp.sasl.server import server_mechanism

__all__ = [
    "AuthenticationPin",
    "Challenge",
    "ChannelBinding",
    "ClientMechanism",
    "CredentialStore",
    "Credentials",
    "KeyDerivation",
    "MechanismOffer",
    "Password",
    "Remedy",
    "SaslError",
    "ServerMechanism",
    "StoredKeys",
    "Success",
    "choose",
    "decode_data",
    "encode_data",
    "sentence_for",
    "server_mechanism",
]
