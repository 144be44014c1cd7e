"""SASL for XMPP without input or output (RFC 6120 §6, RFC 4422).

A client calls ``choose`` and carries the mechanism's data; a server calls ``server_mechanism``.
"""

from __future__ import annotations

from tui_xmpp.xmpp.sasl.choice import KNOWN_MECHANISMS, choose, choose_token_mechanism, guess
from tui_xmpp.xmpp.sasl.credentials import (
    ChannelBinding,
    Credentials,
    FastToken,
    MechanismOffer,
    Password,
    read_expiry,
)
from tui_xmpp.xmpp.sasl.encoding import decode_base64, decode_data, encode_base64, encode_data
from tui_xmpp.xmpp.sasl.errors import Remedy, SaslError, sentence_for
from tui_xmpp.xmpp.sasl.hashed_token import HashedTokenServer, MemoryTokens, TokenStore
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
    "KNOWN_MECHANISMS",
    "AuthenticationPin",
    "Challenge",
    "ChannelBinding",
    "ClientMechanism",
    "CredentialStore",
    "Credentials",
    "FastToken",
    "HashedTokenServer",
    "KeyDerivation",
    "MechanismOffer",
    "MemoryTokens",
    "Password",
    "Remedy",
    "SaslError",
    "ServerMechanism",
    "StoredKeys",
    "Success",
    "TokenStore",
    "choose",
    "choose_token_mechanism",
    "decode_base64",
    "decode_data",
    "encode_base64",
    "encode_data",
    "guess",
    "read_expiry",
    "sentence_for",
    "server_mechanism",
]
