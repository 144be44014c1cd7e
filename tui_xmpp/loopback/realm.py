"""Everything the server hosts and the road every stanza takes through it; no loop, no sockets (RFC 6120 §10)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from random import Random

from tui_xmpp.clock import Clock
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import JID, BareJID, FullJID
from tui_xmpp.loopback import archives, messages, pep, presences, services
from tui_xmpp.loopback.payloads import Blocked, RosterQuery
from tui_xmpp.loopback.roster import Contact, Roster
from tui_xmpp.loopback.session import Account, Session
from tui_xmpp.xmpp.payload import encode
from tui_xmpp.xmpp.stanza import Iq, IqType, Message, MessageType, Presence, PresenceType, Stanza
from tui_xmpp.xmpp.stanza_errors import ErrorCondition, StanzaError, encode_stanza_error


class NoAccountError(TuiXmppError, LookupError):
    """Nobody of that name lives here."""


class Realm:
    """Accounts of one or more domains. Stanzas are handled one after the other, whoever sends in between."""

    def __init__(self, domains: tuple[str, ...], clock: Clock, random: Random) -> None:
        self.domains = frozenset(domains)
        self.clock = clock
        self.keeps_archives = False
        """It archives what is said, copies it to the other devices and keeps nodes (XEP-0313, XEP-0280, XEP-0163)."""
        self.accounts: dict[BareJID, Account] = {}
        self.tamper: Callable[[Session, Stanza], Stanza | None] | None = None
        """A test's hand on what is delivered: another stanza, or None to swallow it."""
        self._random = random
        self._work: deque[Callable[[], None]] = deque()
        self._is_working = False

    def new_id(self) -> str:
        """Return an id for a stanza of the server's own."""
        return f"{self._random.getrandbits(64):016x}"

    def add_account(self, jid: BareJID) -> Account:
        """Give ``jid`` an account with an empty roster; an account that exists is returned as it is."""
        if jid not in self.accounts:
            self.accounts[jid] = Account(jid, Roster(jid, f"{self._random.getrandbits(32):08x}"))
        return self.accounts[jid]

    def account(self, jid: JID) -> Account:
        """Return whose address ``jid`` is, or raise NoAccountError."""
        try:
            return self.accounts[jid.bare]
        except KeyError:
            raise NoAccountError(f"There is no account {jid.bare} here.") from None

    # --- resources come and go ---

    def attach(self, jid: FullJID, deliver: Callable[[Stanza], None], end: Callable[[], None]) -> Session:
        """Connect a resource; one that holds the name already is ended (RFC 6120 §7.7.2.2)."""
        account = self.account(jid)
        before = account.sessions.get(jid.resource)
        if before is not None:
            self.detach(before)
            before.end()
        session = Session(jid, deliver, end)
        account.sessions[jid.resource] = session
        return session

    def detach(self, session: Session) -> None:
        """Disconnect a resource, telling those who saw it that it is gone (RFC 6121 §4.5.2); twice is once."""
        account = self.account(session.jid)
        if account.sessions.get(session.jid.resource) is session:
            gone = Presence(from_=session.jid, type=PresenceType.UNAVAILABLE)
            self.later(lambda: self._leave(account, session, gone))

    def _leave(self, account: Account, session: Session, gone: Presence) -> None:
        presences.broadcast(self, account, session, gone)
        if account.sessions.get(session.jid.resource) is session:
            del account.sessions[session.jid.resource]

    # --- stanzas ---

    def receive(self, session: Session, stanza: Stanza) -> None:
        """Take what a resource sends."""
        self.later(lambda: self._handle(session, stanza))

    def later(self, job: Callable[[], None]) -> None:
        """Do ``job`` now, or after what is being done."""
        self._work.append(job)
        if self._is_working:
            return
        self._is_working = True
        try:
            while self._work:
                self._work.popleft()()
        finally:
            self._is_working = False

    def _handle(self, session: Session, stanza: Stanza) -> None:
        account = self.account(session.jid)
        if account.sessions.get(session.jid.resource) is not session:
            return
        stanza = replace(stanza, from_=session.jid, raw_from=None)
        if stanza.raw_to is not None:
            self.refuse(stanza, ErrorCondition.JID_MALFORMED, "The address is not a JID.")
        elif isinstance(stanza, Iq) and stanza.is_malformed:
            self.refuse(stanza, ErrorCondition.BAD_REQUEST, stanza.flaw)
        elif stanza.to is not None and account.blocks(stanza.to) and not _is_leaving(stanza):
            self.refuse(stanza, ErrorCondition.NOT_ACCEPTABLE, "You have blocked this contact.", Blocked())
        elif isinstance(stanza, Presence):
            presences.sent(self, account, session, stanza)
            if self.keeps_archives and stanza.to is None:
                pep.take_presence(self, account, session, stanza)
        elif isinstance(stanza, Iq):
            services.sent(self, account, session, stanza)
        else:
            message = replace(stanza, to=stanza.to or account.jid)
            if self.keeps_archives and message.to is not None and message.to.bare != account.jid:
                archives.copy_sent(self, account, archives.keep(self, account, message.to, message), session)
            self.route(message)

    def route(self, stanza: Stanza) -> None:
        """Carry a stanza with both addresses to where it belongs (RFC 6121 §8)."""
        to, sender = stanza.to, stanza.from_
        if to is None or sender is None:
            raise ValueError("only a stanza with both addresses can be routed")
        if to.domain not in self.domains:
            self.refuse(stanza, ErrorCondition.REMOTE_SERVER_NOT_FOUND, f"{to.domain} cannot be reached from here.")
            return
        account = self.accounts.get(to.bare)
        if account is not None and account.blocks(sender):
            if not isinstance(stanza, Presence):
                self.refuse(stanza, ErrorCondition.SERVICE_UNAVAILABLE)
        elif isinstance(stanza, Presence):
            presences.arrived(self, account, stanza)
        elif isinstance(stanza, Iq):
            services.arrived(self, account, stanza)
        else:
            messages.arrived(self, account, stanza)

    def refuse(
        self, stanza: Stanza, condition: ErrorCondition, text: str | None = None, application: object | None = None
    ) -> None:
        """Answer with an error what may be answered with one (C-STZ-04)."""
        if isinstance(stanza, Iq):
            may_answer = stanza.is_request
        elif isinstance(stanza, Message):
            may_answer = stanza.type is not MessageType.ERROR
        else:
            may_answer = stanza.type is not PresenceType.ERROR
        if not may_answer or stanza.from_ is None:
            return
        detail = None if application is None else encode(application)
        error = encode_stanza_error(StanzaError(condition, condition.default_type, text, application=detail))
        reply = replace(stanza.error_reply(condition), children=(error,), raw_from=stanza.raw_to)
        session = self.session(stanza.from_)
        if session is not None:
            self.hand_over(session, reply)

    def session(self, jid: JID) -> Session | None:
        """Return the connected resource ``jid``; None for a bare address too."""
        account = self.accounts.get(jid.bare)
        if account is None or not isinstance(jid, FullJID):
            return None
        return account.sessions.get(jid.resource)

    def hand_over(self, session: Session, stanza: Stanza) -> None:
        """Give a stanza to a resource."""
        if self.tamper is not None:
            changed = self.tamper(session, stanza)
            if changed is None:
                return
            stanza = changed
        session.deliver(stanza)

    # --- rosters ---

    def keep(self, account: Account, contact: Contact) -> None:
        """Store a contact and push it to the interested resources when it looks different (RFC 6121 §2.1.6)."""
        item = account.roster.keep(contact)
        if item is not None:
            self.push(account, RosterQuery(account.roster.version, (item,)))

    def push(self, account: Account, query: RosterQuery) -> None:
        """Send a roster push to every interested resource."""
        for session in tuple(account.sessions.values()):
            if session.is_interested:
                self.push_to(session, query)

    def push_to(self, session: Session, query: object) -> None:
        """Send one resource a set from its own account."""
        pushed = Iq(to=session.jid, from_=session.jid.bare, id=self.new_id(), type=IqType.SET)
        self.hand_over(session, pushed.with_payloads(query))


def _is_leaving(stanza: Stanza) -> bool:
    """Tell whether a stanza only takes something back, which a blocked contact may still be told."""
    return isinstance(stanza, Presence) and stanza.type in (
        PresenceType.UNAVAILABLE,
        PresenceType.UNSUBSCRIBE,
        PresenceType.UNSUBSCRIBED,
    )
