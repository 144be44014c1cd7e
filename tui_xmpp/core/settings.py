"""What the user sets, as values, each declared once: the file, the settings screen and the README read it here."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Literal

from tui_xmpp.core.declaration import SWITCH, Setting, UnfitValueError, choice, declared, setting, text, whole
from tui_xmpp.jid import BareJID
from tui_xmpp.values import dataclass

WIDEST_ROSTER = 200
TlsMode = Literal["auto", "starttls", "direct"]


def _check_clock(value: str) -> None:
    from datetime import time

    try:
        shown = time(22, 10, 30).strftime(value)
    except ValueError:
        shown = ""
    if not shown.isprintable() or not 0 < len(shown) <= 20 or shown == value:
        raise UnfitValueError("must be a way to write the time, such as %H:%M or %I:%M %p.")


def _check_hours(value: str) -> None:
    if value:
        hours_between(value)


def hours_between(value: str) -> tuple[int, int]:
    """Read "22:00-07:00" as two minutes of the day; raise ``UnfitValueError`` for what is not such a span."""
    ends: list[int] = []
    for end in value.split("-"):
        hour, colon, minute = end.strip().partition(":")
        is_time = colon and len(minute) == 2 and 0 < len(hour) <= 2 and (hour + minute).isascii()
        if not is_time or not (hour + minute).isdecimal() or int(hour) > 23 or int(minute) > 59:
            break
        ends.append(int(hour) * 60 + int(minute))
    if len(ends) != 2 or ends[0] == ends[1] or value.count("-") != 1:
        raise UnfitValueError('must be two times such as "22:00-07:00", or empty.')
    return ends[0], ends[1]


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """One ``[[accounts]]`` table. Never holds a password; ``password_command`` is run without a shell."""

    jid: BareJID
    host: str | None = setting(
        None, text("a name or an IP address"), "Connect there instead of where DNS points.", is_dialled=True
    )
    port: int | None = setting(None, whole(1, 65535), "The port at that host.", is_dialled=True)
    tls: TlsMode = setting(
        "auto",
        choice("auto", "starttls", "direct"),
        "How encryption begins. There is none of the plain kind.",
        is_dialled=True,
    )
    ca_file: str | None = setting(
        None, text("a path"), "A certificate authority (PEM) to trust in addition, for this account.", is_dialled=True
    )
    resource: str | None = setting(
        None, text(), "The beginning of this device's name; a random end is added.", is_dialled=True
    )
    priority: int = setting(
        0, whole(-128, 127), "The priority of a first login; after that the last one set comes back."
    )
    password_command: str | None = setting(
        None, text("a command"), "Its first line of output is the password. No shell runs it.", is_dialled=True
    )
    client_certificate: str | None = setting(
        None, text("a path"), "A certificate with its key (PEM) to log in with.", is_dialled=True
    )
    is_plain_allowed: bool = setting(
        False,
        SWITCH,
        "Let the password itself be sent (inside TLS) to a server without SCRAM.",
        key="allow_plain",
        title="Allow the bare password",
        is_dialled=True,
    )
    is_anonymous: bool = setting(False, SWITCH, "Log in as a guest without a name.", key="anonymous", is_dialled=True)
    is_enabled: bool = setting(True, SWITCH, "Connect at start.", key="enabled")


@dataclass(frozen=True, slots=True)
class UiSettings:
    """The ``[ui]`` table. Widths in cells (None: by the terminal's), times in minutes (0: never)."""

    theme: str = setting(
        "auto",
        text("a name"),
        "Colours: auto is dark or light as the terminal is; contrast and terminal (its own 16) are ours too.",
        group="Look",
    )
    time_format: str = setting("%H:%M", text("a strftime format", _check_clock), "How times are written.", group="Look")
    shows_seconds: bool = setting(False, SWITCH, "Add seconds to the times of messages.", key="seconds", group="Look")
    is_linear: bool = setting(
        False,
        SWITCH,
        "Plain lines without boxes, in order, for a screen reader.",
        key="linear",
        title="Plain lines",
        group="Look",
    )
    roster_width: int | None = setting(
        None,
        whole(16, WIDEST_ROSTER),
        "Columns of the list of people. If not set, more in a wider terminal.",
        group="People",
    )
    roster_order: Literal["state", "name"] = setting(
        "state", choice("state", "name"), "The order of people in a group.", group="People"
    )
    is_offline_shown: bool = setting(True, SWITCH, "List people who are offline.", key="show_offline", group="People")
    keys: Literal["standard", "vi"] = setting(
        "standard",
        choice("standard", "vi"),
        "Keys in lists and messages: vi adds n N Ctrl+U Ctrl+D, and i to write.",
        group="Writing and keys",
    )
    has_emoji_shortcodes: bool = setting(
        True,
        SWITCH,
        "Offer emoji for names such as :smile: while writing.",
        key="emoji_shortcodes",
        group="Writing and keys",
    )
    is_mouse_enabled: bool = setting(
        True,
        SWITCH,
        "Use the mouse; without it the terminal's own selection works as usual.",
        key="mouse",
        group="Writing and keys",
    )
    away_after: int = setting(
        10, whole(0, 1440), "Minutes without a key until you are shown away; 0 for never.", group="Presence"
    )
    xa_after: int = setting(
        30, whole(0, 1440), "The same for extended away.", title="Extended away after", group="Presence"
    )

    @property
    def clock_format(self) -> str:
        """How the times of messages are written, with seconds where these are wanted."""
        has_seconds = any(code in self.time_format for code in ("%S", "%T", "%X", "%c", "%r"))
        if not self.shows_seconds or has_seconds:
            return self.time_format
        return self.time_format.replace("%M", "%M:%S").replace("%R", "%T")


@dataclass(frozen=True, slots=True)
class NotificationSettings:
    """The ``[notifications]`` table: how and when the user is told of a message."""

    rings_bell: bool = setting(True, SWITCH, "Ring the terminal's bell.", key="bell")
    terminal: Literal["auto", "osc9", "osc99", "osc777", "off"] = setting(
        "auto",
        choice("auto", "osc9", "osc99", "osc777", "off"),
        "Let the terminal notify, over SSH too; auto picks the sequence it is known to take.",
    )
    is_desktop_used: bool = setting(
        True, SWITCH, "Notify through the desktop, where there is one and support for it is installed.", key="desktop"
    )
    default_rule: Literal["always", "mention", "never"] = setting(
        "always",
        choice("always", "mention", "never"),
        "Of which messages you are told in chats without a rule of their own: all, those with your name, or none.",
    )
    shows_text: bool = setting(
        True, SWITCH, "Show the words of a message in its notification.", key="show_text", title="Show the words"
    )
    quiet_hours: str = setting(
        "",
        text("two times", _check_hours),
        "Tell nothing between these times, such as 22:00-07:00; empty: always tell.",
    )

    def is_quiet_at(self, hour: int, minute: int) -> bool:
        """Say whether a local time of day lies in the quiet hours."""
        if not self.quiet_hours:
            return False
        begin, end = hours_between(self.quiet_hours)
        now = hour * 60 + minute
        return begin <= now < end if begin < end else now >= begin or now < end


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """The ``[privacy]`` table: what this client tells others of itself."""

    answers_version: bool = setting(
        True, SWITCH, "Tell who asks which program and version this is.", key="answer_version"
    )
    tells_system: bool = setting(False, SWITCH, "Name the operating system in that answer.", key="tell_system")
    answers_time: bool = setting(True, SWITCH, "Tell who asks your local time.", key="answer_time")
    tells_idle: bool = setting(True, SWITCH, "Say since when you have been away.", key="tell_idle")
    sends_receipts: bool = setting(
        True, SWITCH, "Tell contacts who see you online that their messages arrived.", key="send_receipts"
    )
    sends_markers: bool = setting(True, SWITCH, "Tell them what you have read.", key="send_markers")
    sends_typing: bool = setting(True, SWITCH, "Tell them that you are writing.", key="send_typing")


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """One line of the ``[keys]`` table: the keys of an action, or none. ``where`` is for complaints."""

    action: str
    keys: tuple[str, ...]
    where: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole settings file."""

    accounts: tuple[AccountSettings, ...] = ()
    ui: UiSettings = field(default_factory=UiSettings)
    notifications: NotificationSettings = field(default_factory=NotificationSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    keys: tuple[KeyChoice, ...] = ()

    def account(self, jid: BareJID) -> AccountSettings:
        """Return what is set for an account; what usually holds where there is nothing."""
        return next((each for each in self.accounts if each.jid == jid), AccountSettings(jid))

    def with_account(self, account: AccountSettings) -> Settings:
        """Return the settings with an account's put in place of what was set for it, or at the end."""
        if any(each.jid == account.jid for each in self.accounts):
            return replace(self, accounts=tuple(account if each.jid == account.jid else each for each in self.accounts))
        return replace(self, accounts=(*self.accounts, account))

    def without_account(self, jid: BareJID) -> Settings:
        """Return the settings without an account."""
        return replace(self, accounts=tuple(each for each in self.accounts if each.jid != jid))

    def with_keys(self, keys: tuple[KeyChoice, ...]) -> Settings:
        """Return the settings with other keys chosen."""
        return replace(self, keys=keys)

    def value(self, setting: Setting) -> object:
        """Return what a setting of a table that stands once is set to."""
        return getattr(getattr(self, setting.table), setting.attribute)

    def with_value(self, setting: Setting, value: object) -> Settings:
        """Return the settings with one of a table that stands once changed."""
        table = replace(getattr(self, setting.table), **{setting.attribute: value})
        return replace(self, **{setting.table: table})


TABLES: dict[str, type] = {"ui": UiSettings, "notifications": NotificationSettings, "privacy": PrivacySettings}
"""The tables that stand once in the file, and what each becomes."""


def settings_of(table: str) -> tuple[Setting, ...]:
    """Return the declared settings of a table of the file, ``accounts`` among them."""
    return declared(AccountSettings if table == "accounts" else TABLES[table], table)
