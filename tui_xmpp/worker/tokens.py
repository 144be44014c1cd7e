"""Tokens of which it is known whether there are any: a keyring is not woken to say that it has none."""

from __future__ import annotations

from typing import Protocol

from tui_xmpp.jid import BareJID
from tui_xmpp.values import dataclass
from tui_xmpp.worker.client import Client
from tui_xmpp.xmpp.sasl import FastToken


class Tokens(Protocol):
    """Where the tokens that stand for passwords are kept (XEP-0484)."""

    async def get_token(self, account: BareJID) -> FastToken | None: ...

    async def keep_token(self, account: BareJID, token: FastToken) -> None: ...

    async def forget_token(self, account: BareJID) -> None: ...


@dataclass(frozen=True, slots=True)
class KnownTokens:
    """Tokens in ``kept``, looked for only where the client remembers that one was put there."""

    kept: Tokens
    client: Client

    async def get_token(self, account: BareJID) -> FastToken | None:
        return await self.kept.get_token(account) if self.client.recall(_key(account)) else None

    async def keep_token(self, account: BareJID, token: FastToken) -> None:
        self.client.remember(_key(account), True)
        await self.kept.keep_token(account, token)

    async def forget_token(self, account: BareJID) -> None:
        if self.client.recall(_key(account)):
            await self.kept.forget_token(account)
            self.client.remember(_key(account), False)


def _key(account: BareJID) -> str:
    return f"token {account}"
