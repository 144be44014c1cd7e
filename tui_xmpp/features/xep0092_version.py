"""XEP-0092: which program this is, told to those who ask if the user allows it."""

from __future__ import annotations

import platform

from tui_xmpp import __version__
from tui_xmpp.features.feature import Context, Feature, answers
from tui_xmpp.jid import JID
from tui_xmpp.xmpp.payload import child, payload
from tui_xmpp.xmpp.stanza import Iq, IqType

VERSION = "jabber:iq:version"


@payload(VERSION, "query")
class Version:
    name: str | None = child(default=None)
    version: str | None = child(default=None)
    os: str | None = child(default=None)


def answer(ctx: Context, iq: Iq, query: Version) -> Version:
    return Version("tui_xmpp", __version__, platform.system() if ctx.privacy.tells_system else None)


async def ask_version(ctx: Context, peer: JID) -> str:
    """Return a client's name, version and system as one text; raise ``RequestError`` when it does not say."""
    reply = await ctx.request(Iq(to=peer, type=IqType.GET).with_payloads(Version()))
    told = reply.payload(Version) or Version()
    software = " ".join(filter(None, (told.name, told.version)))
    return f"{software} ({told.os})" if told.os else software


FEATURE = Feature(
    spec="XEP-0092",
    title="Software Version",
    version="1.1",
    disco=(VERSION,),
    inbound=(answers(IqType.GET, Version, answer),),
    is_enabled=lambda privacy: privacy.answers_version,
)
