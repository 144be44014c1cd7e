"""The README's tables and the DOAP file, made from what is declared: ``python -m tests.screenshots.tables``."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from xml.sax.saxutils import escape

from rich.text import Text

from tui_xmpp.core.settings import AccountSettings, PrivacySettings, UiSettings
from tui_xmpp.features import FEATURES
from tui_xmpp.features.table import markdown
from tui_xmpp.jid import BareJID
from tui_xmpp.storage import settings as storage
from tui_xmpp.ui.actions import ACTIONS
from tui_xmpp.ui.screens.help import HelpScreen

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOAP = ROOT / "tui-xmpp.doap"

CORE = (
    ("RFC 6120", "XMPP core: streams, STARTTLS, SASL, resource binding", "xmpp/negotiation.py"),
    ("RFC 7622", "Addresses", "jid.py"),
    ("RFC 5802", "SCRAM with SHA-1, SHA-256 (RFC 7677) and SHA-512", "xmpp/sasl/scram.py"),
    ("RFC 9266", "Channel binding `tls-exporter`, where pyOpenSSL is installed", "net/openssl_tls.py"),
    ("RFC 9525", "Whom a certificate must name", "net/identity.py"),
    ("RFC 8305", "Racing a server's addresses", "net/connect.py"),
    ("XEP-0082", "Dates and times", "features/xep0082_datetime.py"),
    ("XEP-0175", "Anonymous login, on request", "xmpp/sasl/anonymous.py"),
    ("XEP-0178", "Login with a client certificate", "xmpp/sasl/external.py"),
    ("XEP-0368", "Direct TLS found by SRV records", "net/resolve.py"),
    ("XEP-0392", "Colours of names", "ui/colors.py"),
    ("XEP-0440", "Channel bindings a server names", "xmpp/sasl/choice.py"),
    ("XEP-0474", "Protection of SCRAM against downgrades", "xmpp/sasl/scram.py"),
)
"""What is spoken below the features: specification, what of it, and the module that speaks it."""

SETTINGS = {
    "accounts.jid": ("an address", "Whose account it is. The only key an account needs."),
    "accounts.host": ("a name or an IP address", "Connect there instead of where DNS points."),
    "accounts.port": ("1 to 65535", "The port at that host."),
    "accounts.tls": ('`"auto"`, `"starttls"`, `"direct"`', "How encryption begins. There is none of the plain kind."),
    "accounts.ca_file": ("a path", "A certificate authority (PEM) to trust in addition, for this account."),
    "accounts.resource": ("text", "The beginning of this device's name; a random end is added."),
    "accounts.priority": ("−128 to 127", "The priority of a first login; after that the last one set comes back."),
    "accounts.password_command": ("a command", "Its first line of output is the password. No shell runs it."),
    "accounts.client_certificate": ("a path", "A certificate with its key (PEM) to log in with."),
    "accounts.allow_plain": (
        "`true`, `false`",
        "Let the password itself be sent (inside TLS) to a server without SCRAM.",
    ),
    "accounts.anonymous": ("`true`, `false`", "Log in as a guest without a name."),
    "accounts.enabled": ("`true`, `false`", "Connect at start."),
    "ui.theme": ('`"dark"`, `"light"`, any Textual theme', "The colours; `/theme` changes them too."),
    "ui.roster_width": ("16 to 80", "Columns of the list of people. If not set, more in a wider terminal."),
    "ui.show_offline": ("`true`, `false`", "List people who are offline."),
    "ui.roster_order": ('`"state"`, `"name"`', "The order of people in a group."),
    "ui.away_after": ("0 to 1440", "Minutes without a key until you are shown away; 0 for never."),
    "ui.xa_after": ("0 to 1440", "The same for extended away."),
    "ui.mouse": ("`true`, `false`", "Use the mouse; without it the terminal's own selection works as usual."),
    "ui.time_format": ("a strftime format", "How times are written."),
    "privacy.answer_version": ("`true`, `false`", "Tell who asks which program and version this is."),
    "privacy.tell_system": ("`true`, `false`", "Name the operating system in that answer."),
    "privacy.answer_time": ("`true`, `false`", "Tell who asks your local time."),
    "privacy.tell_idle": ("`true`, `false`", "Say since when you have been away."),
    "privacy.send_receipts": ("`true`, `false`", "Tell contacts who see you online that their messages arrived."),
    "privacy.send_markers": ("`true`, `false`", "Tell them what you have read."),
    "privacy.send_typing": ("`true`, `false`", "Tell them that you are writing."),
}
"""What each setting takes and does, in the order of the table."""


def table(*rows: Iterable[str]) -> str:
    """Return rows as Markdown, the first one the head."""
    head, *body = (tuple(row) for row in rows)
    lines = [head, ("---",) * len(head), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def keys() -> str:
    """Return all keys as help shows them, a table for each place."""
    parts: list[tuple[str, list[tuple[str, str]]]] = []
    for left, right in HelpScreen()._keys():
        if isinstance(left, Text):
            parts.append((left.plain, []))
        elif left:
            parts[-1][1].append((" ".join(f"`{key}`" for key in left.split()), str(right)))
    return "\n\n".join(f"**{place}**\n\n{table(('Key', 'What it does'), *rows)}" for place, rows in parts)


def commands() -> str:
    """Return the slash commands."""
    rows = [
        (
            f"`{action.usage}`" + "".join(f", `/{alias}`" for alias in action.aliases),
            action.help + (f" For example `{action.example}`" if action.example else ""),
        )
        for action in sorted(ACTIONS, key=lambda action: action.slash)
        if action.slash
    ]
    return table(("Command", "What it does"), *rows)


def settings() -> str:
    """Return the settings with what holds where they are not set."""
    usual = {"accounts": AccountSettings(BareJID.parse("a@b")), "ui": UiSettings(), "privacy": PrivacySettings()}
    attributes = {"accounts": storage._ACCOUNT, "ui": storage._UI, "privacy": storage._PRIVACY}
    rows = []
    for name, (takes, does) in SETTINGS.items():
        part, key = name.split(".")
        value = getattr(usual[part], attributes[part][key][0]) if key != "jid" else None
        shown = "–" if value in (None, "") else f"`{json.dumps(value)}`"
        rows.append((f"`[[{part}]]`" if part == "accounts" else f"`[{part}]`", f"`{key}`", takes, shown, does))
    return table(("Table", "Key", "Takes", "If not set", "What it does"), *rows)


def specifications() -> str:
    """Return what is spoken: the features, and what is below them."""
    return f"{markdown()}\n\nBelow the features:\n\n{table(('Specification', 'What'), *(row[:2] for row in CORE))}"


SECTIONS: dict[str, Callable[[], str]] = {
    "keys": keys,
    "commands": commands,
    "settings": settings,
    "specifications": specifications,
}


def filled(readme: str) -> str:
    """Return the README with its generated sections as they are now."""
    for name, make in SECTIONS.items():
        section = f"<!-- {name}: made by `make screenshots` -->\n{make()}\n<!-- end of {name} -->"
        readme, count = re.subn(rf"<!-- {name}:.*?<!-- end of {name} -->", lambda _: section, readme, flags=re.DOTALL)  # noqa: B023
        if count != 1:
            raise ValueError(f"the README has {count} sections called {name}")
    return readme


def doap() -> str:
    """Return the description of the project for machines (XEP-0453)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = {feature.spec: feature.version for feature in FEATURES}
    specs = sorted({*versions, *(spec for spec, _, _ in CORE)})
    rfcs = sorted({spec.split(" §")[0] for spec in specs if spec.startswith("RFC")})
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<!-- Made by `make screenshots` from the features the program declares. -->",
        '<rdf:RDF xmlns="http://usefulinc.com/ns/doap#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"',
        '         xmlns:xmpp="https://linkmauve.fr/ns/xmpp-doap#">',
        "  <Project>",
        "    <name>tui_xmpp</name>",
        f'    <shortdesc xml:lang="en">{escape(project["description"])}</shortdesc>',
        "    <programming-language>Python</programming-language>",
        '    <category rdf:resource="https://linkmauve.fr/ns/xmpp-doap#category-client"/>',
        '    <license rdf:resource="https://spdx.org/licenses/GPL-3.0-or-later.html"/>',
        *(f'    <implements rdf:resource="https://xmpp.org/rfcs/rfc{rfc[4:]}.html"/>' for rfc in rfcs),
    ]
    for spec in specs:
        if spec.startswith("XEP"):
            version = f"<xmpp:version>{versions[spec]}</xmpp:version>" if versions.get(spec) else ""
            lines += [
                "    <implements>",
                "      <xmpp:SupportedXep>",
                f'        <xmpp:xep rdf:resource="https://xmpp.org/extensions/{spec.lower()}.html"/>',
                *([f"        {version}"] if version else []),
                "      </xmpp:SupportedXep>",
                "    </implements>",
            ]
    return "\n".join([*lines, "  </Project>", "</rdf:RDF>", ""])


def write_tables() -> None:
    """Write the README's sections and the DOAP file anew."""
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
    DOAP.write_text(doap(), encoding="utf-8")


if __name__ == "__main__":
    write_tables()
