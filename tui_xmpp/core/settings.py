"""What the user has set, as values. Reading and writing them is the disk's business."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from tui_xmpp.jid import BareJID
from tui_xmpp.values import dataclass

TlsMode = Literal["auto", "starttls", "direct"]


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """One ``[[accounts]]`` table. Never holds a password; ``password_command`` is run without a shell."""

    jid: BareJID
    host: str | None = None
    port: int | None = None
    tls: TlsMode = "auto"
    ca_file: str | None = None
    resource: str | None = None
    priority: int = 0
    password_command: str | None = None
    client_certificate: str | None = None
    is_plain_allowed: bool = False
    is_anonymous: bool = False
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class UiSettings:
    """The ``[ui]`` table. Widths in cells (None: by the terminal's), times in minutes (0: never)."""

    theme: str = ""
    roster_width: int | None = None
    is_offline_shown: bool = True
    roster_order: Literal["state", "name"] = "state"
    away_after: int = 10
    xa_after: int = 30
    is_mouse_enabled: bool = True
    time_format: str = "%H:%M"


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """The ``[privacy]`` table: what this client tells others of itself."""

    answers_version: bool = True
    tells_system: bool = False
    answers_time: bool = True
    tells_idle: bool = True
    sends_receipts: bool = True
    sends_markers: bool = True
    sends_typing: bool = True


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole settings file."""

    accounts: tuple[AccountSettings, ...] = ()
    ui: UiSettings = field(default_factory=UiSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
