"""What can go wrong while logging in, each with its own sentence (RFC 6120 §6.5)."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.patterns import late


class Remedy(Enum):
    """Say who can mend a failed login (C-SASL-07)."""

    USER = "user"  # ask the user: for a password, a setting or a decision; never try again unasked
    TIME = "time"  # try again later, with backoff
    NEXT_MECHANISM = "next-mechanism"  # the next mechanism of the same strength may work


class SaslError(TuiXmppError):
    """Say why a login failed.

    ``condition`` is a name of RFC 6120 §6.5 or one of this package's own words, all known to ``sentence_for``.
    ``can_lift_pin`` is true when the user may decide to forget what this account has proved before and go on.
    """

    def __init__(self, condition: str, *, can_lift_pin: bool = False) -> None:
        super().__init__(sentence_for(condition))
        self.condition = condition
        self.can_lift_pin = can_lift_pin

    @property
    def remedy(self) -> Remedy:
        """Who can mend this; a condition no specification names is the user's."""
        return _REMEDIES.get(self.condition, Remedy.USER)


def sentence_for(condition: str) -> str:
    """Return one sentence for a condition: what happened and what to do next.

    A name not in the table is quoted only when it is a plain word, since a server may send anything.
    """
    if known := _SENTENCES.get(condition):
        return known
    reason = f" (“{condition}”)" if _PLAIN_WORD.fullmatch(condition) else ""
    return f"The server refused the login{reason}: try again, or ask the people who run the server."


_PLAIN_WORD = late(r"[a-z][a-z0-9-]{0,39}", re.ASCII)

_REMEDIES: Final = {
    "temporary-auth-failure": Remedy.TIME,
    "incorrect-encoding": Remedy.NEXT_MECHANISM,
    "invalid-mechanism": Remedy.NEXT_MECHANISM,
    "malformed-request": Remedy.NEXT_MECHANISM,
    "mechanism-too-weak": Remedy.NEXT_MECHANISM,
}

_SENTENCES: Final = {
    # RFC 6120 §6.5
    "aborted": "The login was broken off: try again.",
    "account-disabled": "This account is disabled: ask the people who run the server to enable it.",
    "credentials-expired": "The password has expired: set a new one with the server, then log in again.",
    "encryption-required": "The server wants an encrypted connection first: switch TLS on for this account.",
    "incorrect-encoding": "The server could not decode what was sent: try again, and report it if it stays.",
    "invalid-authzid": "The server does not let this account act for another: check the account's address.",
    "invalid-mechanism": "The server no longer takes the way of logging in that it offered: try again.",
    "malformed-request": "The server did not understand the login: try again, and report it if it stays.",
    "mechanism-too-weak": "The server asks for a stronger way of logging in than is possible here: ask the "
    "people who run the server.",
    "not-authorized": "The server refused the name or the password: type the password again.",
    "temporary-auth-failure": "The server cannot check passwords at the moment: wait, it is tried again.",
    # what this side decides before anything is sent
    "no-acceptable-mechanism": "The server offers no way of logging in that is safe enough here: ask the people "
    "who run the server to offer SCRAM.",
    "anonymous-not-offered": "The server takes no guests: log in with an account of your own.",
    "certificate-not-accepted": "The server takes no client certificate for this account: set a password for it.",
    "password-missing": "A password is needed to log in: type it.",
    "password-unusable": "The password holds a character that cannot be sent: change the password.",
    "username-unusable": "The account's name holds a character that cannot be sent: check the address.",
    "plain-not-allowed": "The server only takes the bare password (PLAIN): allow that in this account's settings "
    "if you trust the server.",
    "plain-without-tls": "The password itself is never sent without encryption: switch TLS on for this account.",
    "plain-after-stronger": "The server now wants the password itself although it logged you in more safely before: "
    "someone may be in between; if the server's people confirm the change, type /forget-login.",
    "binding-disappeared": "The login can no longer be tied to the encrypted connection as it was before: someone "
    "may be in between; if the server's people confirm the change, type /forget-login.",
    "binding-announcement-tampered": "What the server says about tying the login to the encryption contradicts "
    "itself: someone may be in between; try another network and tell the people who run the server.",
    "no-common-binding": "The server and this program share no way to tie the login to the encryption, and the "
    "server cannot show that its list is genuine: install tui-xmpp[channel-binding], or ask the server's people.",
    # what this side sees while the login runs
    "malformed-challenge": "The server's part of the login makes no sense: try again, and report it if it stays.",
    "unexpected-challenge": "The server asked a question that has no place in this login: try again.",
    "mandatory-extension": "The server asks for a login extension unknown here: look for a newer version of this "
    "program.",
    "nonce-not-extended": "The server's answer does not belong to this login: someone may be in between; try another "
    "network.",
    "salt-unusable": "The server sent a login with an unusable salt: tell the people who run the server.",
    "iteration-count-too-low": "The server would keep the password too weakly protected (fewer than 4,096 rounds): "
    "tell the people who run the server.",
    "iteration-count-too-high": "The server asks for an absurd amount of computing (over 10,000,000 rounds): tell "
    "the people who run the server.",
    "downgrade-detected": "Someone between you and the server has changed the ways of logging in it offers: do not "
    "log in from this network, and tell the people who run the server.",
    "tls-downgrade-detected": "You and the server see different versions of TLS: someone is in between; do not log "
    "in from this network.",
    "unknown-task": "The server asks for a further step of the login that this program does not know: log in with "
    "another program once, or look for a newer version.",
    "binding-mismatch": "The server sees another encrypted connection than this one: someone is in between; do not "
    "log in from this network.",
    "server-signature-missing": "The server did not prove that it knows the password: it may not be your server; "
    "try another network.",
    "server-signature-invalid": "The server failed to prove that it knows the password: it is not your server; "
    "do not log in from this network.",
}
