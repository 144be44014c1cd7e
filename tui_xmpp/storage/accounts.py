"""What is kept of an account: how it was seen last, how its server proved itself, whom it lists."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from tui_xmpp.core import events as e
from tui_xmpp.core.model import Gap, OwnPresence, RosterItem, Show, Subscription
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.merging import Merging
from tui_xmpp.values import dataclass

Facts = Sequence[e.Event]
"""What is to be known after an event was written."""
Writers = dict[type[e.Event], Callable[[int, Any], Facts]]
"""What writes an event, given its account's number; each takes the type of event it is listed under."""

MOST_CAPABILITIES: Final = 200
"""Programs of which it is kept what they can do; of more, those learned first go."""


@dataclass(frozen=True, slots=True)
class AccountState:
    """What earlier runs kept of an account."""

    own: OwnPresence | None = None
    pin: Mapping[str, object] | None = None
    certificate_sha256: str = ""
    roster: tuple[RosterItem, ...] = ()
    roster_version: str | None = None
    head: str | None = None
    """The newest entry of the server's archive that is held without a hole after it."""
    gaps: tuple[Gap, ...] = ()
    capabilities: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    """What software can do, by the name of the hash that proves it; the one learned first comes first."""


class Accounts:
    """The rows of accounts and of their contacts; what is called inside a transaction says so."""

    def __init__(self, connection: sqlite3.Connection, merging: Merging) -> None:
        self._connection = connection
        self._merging = merging
        self._ids: dict[BareJID, int] = {}
        self.writers: Writers = {
            e.OwnPresenceChanged: self._write_own_presence,
            e.AuthenticationPinned: self._write_pin,
            e.CertificatePinned: self._write_certificate,
            e.RosterReplaced: self._write_roster,
            e.RosterItemChanged: self._write_roster_item,
            e.RosterItemRemoved: self._write_roster_removal,
            e.CapabilitiesProved: self._write_capabilities,
        }

    def id_of(self, jid: BareJID) -> int:
        """Return the number of an account, which is made where there is none: inside a transaction."""
        if jid not in self._ids:
            self._connection.execute("INSERT OR IGNORE INTO account (jid) VALUES (?)", (str(jid),))
            row = self._connection.execute("SELECT id FROM account WHERE jid = ?", (str(jid),)).fetchone()
            self._ids[jid] = row[0]
        return self._ids[jid]

    def forget_ids(self) -> None:
        """Take no row for granted any more: the transaction that may have made it has failed."""
        self._ids.clear()

    def state(self, account: BareJID) -> AccountState:
        """Return what is kept of an account, empty for one never seen; raise as SQLite does, or ``ValueError``."""
        row = self._connection.execute(
            "SELECT id, own_show, own_status, own_priority, pin, certificate_sha256, roster_version"
            " FROM account WHERE jid = ?",
            (str(account),),
        ).fetchone()
        if row is None:
            return AccountState()
        identifier, show, status, priority, pin, sha256, version = row
        items = self._connection.execute(
            "SELECT jid, name, groups, subscription, is_ask_pending, is_approved FROM roster_item WHERE account = ?",
            (identifier,),
        ).fetchall()
        return AccountState(
            own=None if show is None else OwnPresence(Show(show), status, priority),
            pin=None if pin is None else json.loads(pin),
            certificate_sha256=sha256,
            roster=tuple(
                RosterItem(BareJID.parse(jid), name, _groups(groups), Subscription(sub), bool(ask), bool(approved))
                for jid, name, groups, sub, ask, approved in items
            ),
            roster_version=version,
            head=self._merging.head(identifier),
            gaps=self._merging.gaps(identifier),
            capabilities=self._capabilities(identifier),
        )

    def _capabilities(self, account: int) -> Mapping[str, frozenset[str]]:
        rows = self._connection.execute(
            "SELECT name, features FROM capabilities WHERE account = ? ORDER BY id", (account,)
        ).fetchall()
        each: dict[str, str] = {}  # most programs have most features in common: one string serves them all
        return {name: frozenset(each.setdefault(var, var) for var in json.loads(features)) for name, features in rows}

    def _write_own_presence(self, account: int, event: e.OwnPresenceChanged) -> Facts:
        self._connection.execute(
            "UPDATE account SET own_show = ?, own_status = ?, own_priority = ? WHERE id = ?",
            (event.own.show.value, event.own.status, event.own.priority, account),
        )
        return (event,)

    def _write_pin(self, account: int, event: e.AuthenticationPinned) -> Facts:
        self._connection.execute("UPDATE account SET pin = ? WHERE id = ?", (json.dumps(dict(event.pin)), account))
        return (event,)

    def _write_certificate(self, account: int, event: e.CertificatePinned) -> Facts:
        self._connection.execute("UPDATE account SET certificate_sha256 = ? WHERE id = ?", (event.sha256, account))
        return (event,)

    def _write_roster(self, account: int, event: e.RosterReplaced) -> Facts:
        self._connection.execute("DELETE FROM roster_item WHERE account = ?", (account,))
        self._connection.executemany(
            "INSERT OR REPLACE INTO roster_item VALUES (?, ?, ?, ?, ?, ?, ?)",
            [_roster_row(account, item) for item in event.items],
        )
        self._write_roster_version(account, event.version)
        return (event,)

    def _write_roster_item(self, account: int, event: e.RosterItemChanged) -> Facts:
        self._connection.execute(
            "INSERT OR REPLACE INTO roster_item VALUES (?, ?, ?, ?, ?, ?, ?)", _roster_row(account, event.item)
        )
        self._write_roster_version(account, event.version)
        return (event,)

    def _write_roster_removal(self, account: int, event: e.RosterItemRemoved) -> Facts:
        self._connection.execute("DELETE FROM roster_item WHERE account = ? AND jid = ?", (account, str(event.peer)))
        self._write_roster_version(account, event.version)
        return (event,)

    def _write_roster_version(self, account: int, version: str | None) -> None:
        self._connection.execute("UPDATE account SET roster_version = ? WHERE id = ?", (version, account))

    def _write_capabilities(self, account: int, event: e.CapabilitiesProved) -> Facts:
        self._connection.execute(
            "INSERT OR IGNORE INTO capabilities (account, name, features) VALUES (?, ?, ?)",
            (account, event.name, json.dumps(sorted(event.features))),
        )
        self._connection.execute(
            "DELETE FROM capabilities WHERE account = ? AND id NOT IN"
            " (SELECT id FROM capabilities WHERE account = ? ORDER BY id DESC LIMIT ?)",
            (account, account, MOST_CAPABILITIES),
        )
        return ()


def _roster_row(account: int, item: RosterItem) -> tuple[object, ...]:
    return (
        account,
        str(item.jid),
        item.name,
        json.dumps(item.groups),
        item.subscription.value,
        item.is_ask_pending,
        item.is_approved,
    )


@lru_cache(maxsize=256)
def _groups(text: str) -> tuple[str, ...]:
    """Read a contact's groups; many contacts share the same."""
    return tuple(json.loads(text))
