"""A slixmpp client driven by lines of JSON: commands on standard input, answers and stanzas on standard output.

It runs in its own process, so that its loop, its warnings and its exceptions stay out of the tests'.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import slixmpp
from slixmpp.xmlstream import ET, StanzaBase
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

Fields = Mapping[str, Any]


class Client(slixmpp.ClientXMPP):  # type: ignore[misc, unused-ignore]
    """A client that answers nothing by itself but what RFC 6120 makes it answer."""

    def __init__(self, login: Fields) -> None:
        jid = slixmpp.JID(login["jid"])
        jid.resource = login["resource"]
        super().__init__(jid, login["password"], sasl_mech=login["mechanism"])
        self.ca_certs = Path(login["ca_file"])
        self.enable_direct_tls = login["direct_tls"]
        self.enable_starttls = not login["direct_tls"]
        self.enable_plaintext = False
        for plugin in login["plugins"]:
            self.register_plugin(plugin)
        self.roster.auto_authorize = None  # type: ignore[assignment]  # None: ask the user
        self.roster.auto_subscribe = False
        for kind in ("message", "presence", "iq"):
            self.register_handler(Callback(f"tell {kind}", MatchXPath(f"{{jabber:client}}{kind}"), self._tell_stanza))
        self.add_event_handler("session_start", self._tell_online)
        self.add_event_handler("failed_all_auth", lambda _: tell("lost", reason="not authorized"))
        self.add_event_handler("connection_failed", lambda error: tell("lost", reason=str(error)))
        self.add_event_handler("ssl_invalid_chain", lambda error: tell("lost", reason=str(error)))
        self.add_event_handler("disconnected", lambda reason: tell("lost", reason=str(reason or "")))

    async def _tell_online(self, _: object) -> None:
        await self.get_roster()  # only who has asked for it hears of its changes (RFC 6121 §2.2)
        tell("online", jid=str(self.boundjid))

    def _tell_stanza(self, stanza: StanzaBase) -> None:
        """Report a stanza as slixmpp itself understood it."""
        kind = stanza.name
        fields: dict[str, Any] = {
            "sender": str(stanza["from"]),
            "to": str(stanza["to"]),
            "id": stanza["id"],
            "type": stanza["type"],
            "xml": str(stanza),
        }
        if kind == "message":
            fields |= {"body": stanza["body"], "subject": stanza["subject"], "thread": stanza["thread"]}
        elif kind == "presence":
            # slixmpp folds <show/> into the type; the wire's own two values are told apart here.
            shown = stanza.xml.findtext("{jabber:client}show", "")
            fields |= {"type": stanza.xml.get("type", ""), "show": shown}
            fields |= {"status": stanza["status"], "priority": stanza["priority"]}
        if stanza["type"] == "error":
            fields |= {"condition": stanza["error"]["condition"], "text": stanza["error"]["text"]}
        tell("stanza", kind=kind, **fields)

    async def run(self, command: str, fields: Fields) -> object:
        """Carry out one command and return its answer."""
        match command:
            case "message":
                message = self.make_message(
                    mto=fields["to"], mbody=fields["body"], msubject=fields["subject"], mtype=fields["type"]
                )
                message["id"] = fields["id"] or self.new_id()
                if fields["thread"]:
                    message["thread"] = fields["thread"]
                message.send()
                return message["id"]
            case "presence":
                self.send_presence(
                    pto=fields["to"],
                    ptype=fields["type"],
                    pshow=fields["show"],
                    pstatus=fields["status"],
                    ppriority=fields["priority"],
                )
            case "xml":
                element = ET.fromstring(fields["xml"])
                self.send_raw(ET.tostring(element, encoding="unicode"))
            case "roster":
                await self.get_roster()
                return {
                    jid: {
                        "name": item["name"],
                        "subscription": item["subscription"],
                        "groups": item["groups"],
                        "pending_out": item["pending_out"],
                    }
                    for jid in self.client_roster
                    for item in [self.client_roster[jid]]
                    if jid != self.boundjid.bare
                }
            case "remove":
                if removal := self.update_roster(slixmpp.JID(fields["jid"]), subscription="remove"):
                    await removal
            case "disconnect":
                await self.disconnect(wait=5.0)
            case "abort":
                self.abort()
            case _:
                raise ValueError(f"unknown command {command}")
        return None


def tell(event: str, **fields: object) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)


async def main() -> None:
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    login = json.loads(await reader.readline())
    client = Client(login)
    client.connect(login["host"], login["port"])
    while line := await reader.readline():
        request = json.loads(line)
        number, command = request.pop("number"), request.pop("command")
        try:
            tell("answer", number=number, result=await client.run(command, request))
        except Exception as error:
            tell("answer", number=number, error=f"{type(error).__name__}: {error}")
        if command in ("disconnect", "abort"):
            return


if __name__ == "__main__":
    asyncio.run(main())
