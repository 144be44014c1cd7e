"""XML namespaces of the stream itself (RFC 6120); every extension keeps its own beside its payloads."""

from __future__ import annotations

from typing import Final

XML: Final = "http://www.w3.org/XML/1998/namespace"
CLIENT: Final = "jabber:client"
STREAMS: Final = "http://etherx.jabber.org/streams"
STREAM_ERRORS: Final = "urn:ietf:params:xml:ns:xmpp-streams"
STANZA_ERRORS: Final = "urn:ietf:params:xml:ns:xmpp-stanzas"

# Stream features: what a server may offer in <stream:features/>.
TLS: Final = "urn:ietf:params:xml:ns:xmpp-tls"
SASL: Final = "urn:ietf:params:xml:ns:xmpp-sasl"
SASL_CHANNEL_BINDING: Final = "urn:xmpp:sasl-cb:0"
BIND: Final = "urn:ietf:params:xml:ns:xmpp-bind"
SESSION: Final = "urn:ietf:params:xml:ns:xmpp-session"
ROSTER_VERSIONING: Final = "urn:xmpp:features:rosterver"
SUBSCRIPTION_PRE_APPROVAL: Final = "urn:xmpp:features:pre-approval"
STREAM_MANAGEMENT: Final = "urn:xmpp:sm:3"
CLIENT_STATE_INDICATION: Final = "urn:xmpp:csi:0"
STREAM_LIMITS: Final = "urn:xmpp:stream-limits:0"
SASL2: Final = "urn:xmpp:sasl:2"
BIND2: Final = "urn:xmpp:bind:0"
FAST: Final = "urn:xmpp:fast:0"
CARBONS: Final = "urn:xmpp:carbons:2"
MESSAGE_ARCHIVE: Final = "urn:xmpp:mam:2"
