"""Debian's Prosody, private and on loopback."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.certificates import Authority
from tests.support.prosody_modules import write_instant_modules
from tests.support.xmpp_server import LOOPBACK, XmppServer, program

MODULES = (
    "blocklist", "bookmarks", "carbons", "csi", "csi_simple", "disco", "lastactivity", "mam", "offline", "pep",
    "ping", "presence", "private", "roster", "saslauth", "smacks", "time", "tls", "vcard4", "vcard_legacy", "version",
)  # fmt: skip


class RosterItem(NamedTuple):
    """A contact to be put into an account's roster before it logs in."""

    jid: str
    name: str = ""
    groups: tuple[str, ...] = ()
    subscription: str = "both"


class Prosody(XmppServer):
    """A Prosody process; `password_hash` chooses the one SCRAM family it offers, SHA-1 or SHA-256.

    `modules` are enabled beside MODULES, also those of the package prosody-modules; `settings` are further
    lines of its configuration file, in Lua.
    """

    def __init__(
        self,
        folder: Path,
        authority: Authority,
        domain: str = "pemberley.test",
        *,
        password_hash: str = "SHA-256",
        modules: Iterable[str] = (),
        settings: str = "",
        log_level: str = "debug",
    ) -> None:
        self._program = program("prosody")
        super().__init__(folder, authority, domain)
        certificate = authority.issue(domain, f"rooms.{domain}", f"upload.{domain}")
        self.data = folder / "data"
        self.data.mkdir(exist_ok=True)
        self._config_file = folder / "prosody.cfg.lua"
        enabled = ", ".join(map(_lua, (*MODULES, *modules)))
        self._config_file.write_text(f"""
pidfile = {_lua(folder / "prosody.pid")}
data_path = {_lua(self.data)}
certificates = {_lua(authority.folder)}
plugin_paths = {{ "/usr/lib/prosody/modules" }}
log = {{ {log_level} = {_lua(self.log_file)} }}
run_as_root = true
daemonize = false
interfaces = {{ {_lua(LOOPBACK)} }}
c2s_ports = {{ {self.starttls_port} }}
c2s_direct_tls_ports = {{ {self.direct_port} }}
s2s_ports = {{}}
http_ports = {{}}
https_ports = {{}}
modules_enabled = {{ {enabled} }}
modules_disabled = {{ "s2s" }}
authentication = "internal_hashed"
password_hash = {_lua(password_hash)}
c2s_require_encryption = true
storage_archive_item_limit = 1000000
archive_expires_after = "never"
default_archive_policy = true
ssl = {{ certificate = {_lua(certificate.certificate_file)}; key = {_lua(certificate.key_file)}; }}
{settings}

VirtualHost {_lua(domain)}
""")

    def command(self) -> Sequence[str]:
        return (self._program, "--config", str(self._config_file), "-F")

    def register(self, name: str, password: str) -> None:
        # Prosody reads the file when the account is next used, and hashes a bare password at its first login.
        self._store("accounts", name, {"password": password})

    def write_roster(self, jid: str, items: Iterable[RosterItem]) -> None:
        """Give an account that is not logged in this roster; the contacts' own rosters stay as they are."""
        roster: dict[str | bool, object] = {False: {"version": 1, "pending": {}}}
        for item in items:
            roster[item.jid] = {
                "subscription": item.subscription,
                "name": item.name,
                "groups": dict.fromkeys(item.groups, True),
            }
        self._store("roster", jid.partition("@")[0], roster)

    def _store(self, store: str, name: str, data: Mapping[str | bool, object] | Mapping[str, object]) -> None:
        folder = self.data / _file_name(self.domain) / store
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{_file_name(name)}.dat"
        half_written = path.with_suffix(".new")
        half_written.write_text(f"return {_lua(data)};\n")
        half_written.replace(path)


def instant(folder: Path, authority: Authority, settings: str = "") -> Prosody:
    """Return a Prosody with SASL2, Bind 2 and inline resumption, and these further lines of configuration."""
    modules = folder / "modules"
    modules.mkdir()
    write_instant_modules(modules)
    settings = f"installer_plugin_path = {_lua(modules)}\n{settings}"
    return Prosody(folder, authority, modules=("sasl2", "sasl2_bind2", "sasl2_sm"), settings=settings)


def _file_name(name: str) -> str:
    """Encode a name as Prosody's internal storage does: all but ASCII letters and digits as %xx."""
    return re.sub(rb"[^A-Za-z0-9]", lambda found: b"%%%02x" % found[0][0], name.encode()).decode()


def _lua(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{ " + "".join(f"[{_lua(key)}] = {_lua(each)}; " for key, each in value.items()) + "}"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'
