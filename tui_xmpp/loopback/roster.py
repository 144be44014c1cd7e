"""A user's roster as the server keeps it: contacts, versions, what changed since (RFC 6121 §2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID
from tui_xmpp.loopback.payloads import Ask, Item
from tui_xmpp.loopback.subscriptions import Subscription
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.stanza_errors import ErrorCondition

_MAX_OCTETS = 1023


class RosterError(TuiXmppError):
    """A roster set is refused; ``condition`` is the answer (RFC 6121 §2.3.3, §2.5.3)."""

    def __init__(self, condition: ErrorCondition, sentence: str) -> None:
        super().__init__(sentence)
        self.condition = condition


@dataclass(frozen=True, slots=True)
class Contact:
    """What is known about one contact. Not listed: only a request or nothing ties it to the user."""

    jid: BareJID
    state: Subscription = Subscription.NONE
    name: str | None = None
    groups: tuple[str, ...] = ()
    is_approved: bool = False
    is_listed: bool = False

    def item(self) -> Item:
        """Return the contact as the user's clients see it."""
        ask = Ask.SUBSCRIBE if self.state.is_asking else None
        return Item(self.jid, self.name, self.state.word, ask, self.is_approved, self.groups)


class Roster:
    """Contacts by bare JID. ``label`` tells versions of this roster from those of another run of the server."""

    def __init__(self, owner: BareJID, label: str) -> None:
        self.owner = owner
        self._label = label
        self._contacts: dict[BareJID, Contact] = {}
        self._changes: list[BareJID] = []

    @property
    def version(self) -> str:
        """Name the present state."""
        return self._version(len(self._changes))

    def _version(self, number: int) -> str:
        return f"{self._label}-{number}"

    def __iter__(self) -> Iterator[Contact]:
        return iter(tuple(self._contacts.values()))

    def __getitem__(self, jid: BareJID) -> Contact:
        """Return the contact; one never heard of is in state none and not listed."""
        return self._contacts.get(jid) or Contact(jid)

    def items(self) -> tuple[Item, ...]:
        """Return what a roster get is answered with."""
        return tuple(contact.item() for contact in self if contact.is_listed)

    def items_since(self, version: str) -> tuple[tuple[str, Item], ...] | None:
        """Return the pushes that lead from ``version`` to now, oldest first; None when it is not known any more.

        Only the last change of each contact is told, with its own version (RFC 6121 §2.6.3).
        """
        numbers = {self._version(number): number for number in range(len(self._changes) + 1)}
        if version not in numbers:
            return None
        first = numbers[version]
        latest = {jid: number for number, jid in enumerate(self._changes[first:], first + 1)}
        ordered = sorted(latest.items(), key=lambda each: each[1])
        return tuple((self._version(number), self._item(jid)) for jid, number in ordered)

    def _item(self, jid: BareJID) -> Item:
        contact = self[jid]
        return contact.item() if contact.is_listed else Item(jid, subscription="remove")

    def keep(self, contact: Contact) -> Item | None:
        """Store ``contact``; return the item to push when the user's clients can see a difference."""
        before = self[contact.jid]
        is_worth_keeping = contact.is_listed or contact.state.is_asked
        if is_worth_keeping:
            self._contacts[contact.jid] = contact
        else:
            self._contacts.pop(contact.jid, None)
        if before.is_listed == contact.is_listed and (not contact.is_listed or before.item() == contact.item()):
            return None
        self._changes.append(contact.jid)
        return self._item(contact.jid)

    def requested(self, items: tuple[Item, ...]) -> Item:
        """Check a roster set's payload and return its one item; raise RosterError (RFC 6121 §2.3.3)."""
        if len(items) != 1:
            raise RosterError(ErrorCondition.BAD_REQUEST, "A roster set must contain exactly one item.")
        (item,) = items
        if item.subscription == "remove":
            if not self[item.jid].is_listed:
                raise RosterError(ErrorCondition.ITEM_NOT_FOUND, "This contact is not in your roster.")
            return item
        if item.jid == self.owner:
            raise RosterError(ErrorCondition.NOT_ALLOWED, "You cannot be your own contact.")
        if len(set(item.groups)) != len(item.groups):
            raise RosterError(ErrorCondition.BAD_REQUEST, "A group may be named once only.")
        if any(not group or len(group.encode()) > _MAX_OCTETS for group in item.groups):
            raise RosterError(ErrorCondition.NOT_ACCEPTABLE, "A group's name is empty or too long.")
        if item.name is not None and len(item.name.encode()) > _MAX_OCTETS:
            raise RosterError(ErrorCondition.NOT_ACCEPTABLE, "The contact's name is too long.")
        return item

    def renamed(self, item: Item) -> Contact:
        """Return the contact with the name and groups of a roster set, its subscription untouched."""
        return replace(self[item.jid], name=item.name or None, groups=item.groups, is_listed=True)
