"""XMPP addresses as values (RFC 7622).

A ``BareJID`` is ``[local@]domain``, a ``FullJID`` adds a resource. Both hold prepared text only: however one
is made, equal addresses compare equal, and an address that breaks the rules cannot exist.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import field
from functools import lru_cache, total_ordering
from typing import TYPE_CHECKING, Final, TypeAlias

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.patterns import late
from tui_xmpp.values import dataclass

if TYPE_CHECKING:
    from precis_i18n.profile import Profile

__all__ = ["JID", "BareJID", "FullJID", "JIDError", "escape_local", "parse_jid", "unescape_local"]

_MAX_OCTETS: Final = 1023
# Preparing may shrink a part (fullwidth forms, decomposed letters): a longer one is tried, but not any length.
_MAX_CHARACTERS: Final = 3 * _MAX_OCTETS
_MAX_LABEL: Final = 63
_LONGEST_CACHED: Final = 255

_ASCII_LOCAL = late(r"[!#-%(-.0-9;=?A-Z\[-~]{1,1023}", re.ASCII)
_ASCII_DOMAIN = late(
    r"(?=.{1,1023}\Z)(?!xn--|[^.]{2}--|.*\.[^.]{2}--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    r"(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*",
    re.ASCII,
)
_ASCII_RESOURCE = late(r"[ -~]{1,1023}", re.ASCII)
_ASCII_LABEL = late(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_IPV6 = late(r"\[([0-9A-Fa-f:.]{2,45})(%[0-9A-Za-z._~-]{1,32})?\]", re.ASCII)
_FORBIDDEN_IN_LOCAL = late(r"[\"&'/:<>@]")


class JIDError(TuiXmppError, ValueError):
    """Say in one sentence which part of an address is wrong, and why."""


@total_ordering
class _Address:
    """Compare, order and hash by the prepared text, whose parts can be told apart in one way only."""

    __slots__ = ()
    _text: str

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._text!r})"

    def __hash__(self) -> int:
        return hash(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Address) and self._text == other._text

    def __lt__(self, other: object) -> bool:
        return self._text < other._text if isinstance(other, _Address) else NotImplemented


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BareJID(_Address):
    """Name an account, room or server: ``[local@]domain`` (RFC 7622 §3.1).

    The parts are prepared on the way in (RFC 7622 §3.2, §3.3); a part that cannot be raises ``JIDError``.
    """

    local: str | None
    domain: str
    _text: str = field(init=False)

    def __post_init__(self) -> None:
        local = None if self.local is None else _prepared_local(self.local)
        domain = _prepared_domain(self.domain)
        object.__setattr__(self, "local", local)
        object.__setattr__(self, "domain", domain)
        object.__setattr__(self, "_text", domain if local is None else f"{local}@{domain}")

    @classmethod
    def parse(cls, text: str) -> BareJID:
        """Read ``text``; raise ``JIDError`` when it is no address or names a resource."""
        jid = parse_jid(text)
        if isinstance(jid, FullJID):
            raise JIDError("This address should end before the “/”: leave the / and what follows out.")
        return jid

    @property
    def bare(self) -> BareJID:
        """This address itself."""
        return self

    @property
    def domain_ascii(self) -> str:
        """The domain in A-labels, as DNS and certificates spell it (RFC 5890 §2.3.2.1)."""
        return _ascii_domain(self.domain)

    def with_resource(self, resource: str) -> FullJID:
        """Return the address of one connected client or occupant; raise ``JIDError`` for a bad resource."""
        return FullJID(self.local, self.domain, resource)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FullJID(_Address):
    """Name one connected client or room occupant: ``[local@]domain/resource`` (RFC 7622 §3.1, §3.4)."""

    local: str | None
    domain: str
    resource: str
    bare: BareJID = field(init=False)
    _text: str = field(init=False)

    def __post_init__(self) -> None:
        bare = BareJID(self.local, self.domain)
        resource = _prepared_resource(self.resource)
        object.__setattr__(self, "local", bare.local)
        object.__setattr__(self, "domain", bare.domain)
        object.__setattr__(self, "resource", resource)
        object.__setattr__(self, "bare", bare)
        object.__setattr__(self, "_text", f"{bare}/{resource}")

    @classmethod
    def parse(cls, text: str) -> FullJID:
        """Read ``text``; raise ``JIDError`` when it is no address or names no resource."""
        jid = parse_jid(text)
        if isinstance(jid, BareJID):
            raise JIDError("This address needs a resource: put a / and a name after the server name.")
        return jid

    @property
    def domain_ascii(self) -> str:
        """The domain in A-labels, as DNS and certificates spell it (RFC 5890 §2.3.2.1)."""
        return self.bare.domain_ascii

    def with_resource(self, resource: str) -> FullJID:
        """Return the address of another resource of the same account or room."""
        return self.bare.with_resource(resource)


JID: TypeAlias = BareJID | FullJID


def parse_jid(text: str) -> JID:
    """Read any text as an address; raise ``JIDError``, and nothing else, when it is none (RFC 7622 §3.2).

    The first ``/`` begins the resource, then the first ``@`` ends the localpart; mapping comes after that.
    """
    return _parsed_and_kept(text) if len(text) <= _LONGEST_CACHED else _parsed(text)


def _parsed(text: str) -> JID:
    bare, slash, resource = text.partition("/")
    before, at, after = bare.partition("@")
    local, domain = (before, after) if at else (None, before)
    if not text:
        raise JIDError("The address is empty: it looks like name@example.com.")
    return FullJID(local, domain, resource) if slash else BareJID(local, domain)


_parsed_and_kept = lru_cache(maxsize=8192)(_parsed)


# --- the localpart (RFC 7622 §3.3) ---


def _prepared_local(text: str) -> str:
    if _ASCII_LOCAL.fullmatch(text):
        return text.lower()
    part = "The part before @"
    if not text:
        raise JIDError(f"{part} is missing: an address looks like name@example.com.")
    _check_length(text, part)
    prepared = _enforced("UsernameCaseMapped", text, part)
    if found := _FORBIDDEN_IN_LOCAL.search(prepared):  # a fullwidth “＠” has become “@” by now
        raise JIDError(f"{part} may not contain {_named(found[0])}.")
    return _fitting(prepared, part)


# --- the resource (RFC 7622 §3.4) ---


def _prepared_resource(text: str) -> str:
    if _ASCII_RESOURCE.fullmatch(text):
        return text
    part = "The part after /"
    if not text:
        raise JIDError(f"{part} is missing: leave the / out or put a resource after it.")
    _check_length(text, part)
    # A peer may know a newer Unicode than this Python: a nick with last year's emoji is still a nick.
    known = "".join(map(_stand_in, text))
    prepared = _enforced("OpaqueString", known, part)
    if known != text:
        spaced = "".join(" " if unicodedata.category(c) == "Zs" else c for c in text)
        prepared = unicodedata.normalize("NFC", spaced)
    return _fitting(prepared, part)


def _stand_in(character: str) -> str:
    is_noncharacter = ord(character) & 0xFFFE == 0xFFFE or "\ufdd0" <= character <= "\ufdef"
    return "☃" if unicodedata.category(character) == "Cn" and not is_noncharacter else character


# --- the domain (RFC 7622 §3.2) ---


def _prepared_domain(text: str) -> str:
    domain = text.lower() if text.isascii() else _mapped_domain(text)
    if domain.endswith("."):
        domain = domain[:-1]
    if _ASCII_DOMAIN.fullmatch(domain):
        return domain
    if not domain:
        raise JIDError("The server name is missing: an address looks like name@example.com.")
    _check_length(domain, "The server name")
    if domain.startswith("["):
        return _prepared_ipv6(text)
    return _fitting(".".join(_prepared_label(label) for label in domain.split(".")), "The server name")


def _mapped_domain(text: str) -> str:
    """Apply width and case mapping, normalise, and make every full stop ASCII (RFC 5895 §2)."""
    _check_length(text, "The server name")
    narrow = "".join(unicodedata.normalize("NFKC", c) if unicodedata.east_asian_width(c) in "FH" else c for c in text)
    return unicodedata.normalize("NFC", narrow.lower()).replace("\u3002", ".")


def _prepared_label(label: str) -> str:
    """Return one label as a lower-case LDH label or a U-label (RFC 5890 §2.3.1, §2.3.2.1)."""
    if not label:
        raise JIDError("The server name has a dot too many: an address looks like name@example.com.")
    if len(label) > _MAX_LABEL:
        raise JIDError("The server name has a piece longer than 63 characters between two dots.")
    if label.isascii() and not label.startswith("xn--"):
        if found := re.search(r"[^a-z0-9-]", label):
            raise JIDError(f"The server name may not contain {_named(found[0])}.")
        if not _ASCII_LABEL.fullmatch(label) or label[2:4] == "--":
            raise JIDError(f"The server name has a hyphen in the wrong place in “{label}”.")
        return label
    import idna

    try:
        u_label = idna.ulabel(label)
        idna.alabel(u_label)  # checks the length it has in DNS
    except (idna.IDNAError, UnicodeError) as error:
        if isinstance(error, idna.InvalidCodepoint):
            strange = next((c for c in label if not c.isalnum() and c != "-"), None)
            if strange is not None:
                raise JIDError(f"The server name may not contain {_named(strange)}.") from error
        raise JIDError("The server name is not a valid international domain name: check its spelling.") from error
    return u_label


def _prepared_ipv6(text: str) -> str:
    from ipaddress import AddressValueError, IPv6Address

    found = _IPV6.fullmatch(text)
    try:
        if found is None:
            raise AddressValueError(text)
        IPv6Address(found[1])
    except AddressValueError as error:
        raise JIDError("The server name in [ ] is not a valid IPv6 address.") from error
    return f"[{found[1].lower()}{found[2] or ''}]"  # a zone is an interface's name, whose case matters


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    import idna

    return ".".join(idna.alabel(label).decode("ascii") for label in domain.split("."))


# --- what the parts share ---


@lru_cache(maxsize=2)
def _profile(name: str) -> Profile:
    import precis_i18n

    return precis_i18n.get_profile(name)


def _enforced(profile: str, text: str, part: str) -> str:
    try:
        return _profile(profile).enforce(text)
    except UnicodeEncodeError as error:
        strange = error.object[error.start : error.start + 1]
        if "bidi" in error.reason:
            raise JIDError(f"{part} mixes right-to-left and left-to-right letters in a way not allowed.") from error
        raise JIDError(f"{part} may not contain {_named(strange)}.") from error


def _check_length(text: str, part: str) -> None:
    if len(text) > _MAX_CHARACTERS:
        raise JIDError(f"{part} is too long: at most {_MAX_OCTETS} bytes.")


def _fitting(prepared: str, part: str) -> str:
    if len(prepared.encode()) > _MAX_OCTETS:
        raise JIDError(f"{part} is too long: at most {_MAX_OCTETS} bytes.")
    return prepared


def _named(character: str) -> str:
    if character.isspace() and character.isprintable():
        return "a space"
    return f"“{character}”" if character.isprintable() else f"the invisible character U+{ord(character):04X}"


# --- escaping for gateways (XEP-0106) ---

_ESCAPES: Final = {c: f"\\{ord(c):02x}" for c in " \"&'/:<>@\\"}
_TO_ESCAPE = late(r"[ \"&'/:<>@]|\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)")
_TO_UNESCAPE = late(r"\\(20|22|26|27|2f|3a|3c|3e|40|5c)")


def escape_local(text: str) -> str:
    """Spell a foreign user name as a localpart; raise ``JIDError`` for an outer space (XEP-0106 §4.2)."""
    if text.startswith(" ") or text.endswith(" "):
        raise JIDError("The name may not begin or end with a space.")
    return _TO_ESCAPE.sub(lambda found: _ESCAPES[found[0]], text)


def unescape_local(local: str) -> str:
    """Spell a localpart as its user would: for display only, never to compare or send (XEP-0106 §4.3)."""
    last = len(local) - 3

    def character(found: re.Match[str]) -> str:
        if found[1] == "20" and found.start() in (0, last):
            return found[0]
        return chr(int(found[1], 16))

    return _TO_UNESCAPE.sub(character, local)
