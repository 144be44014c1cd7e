"""The README's tables and the DOAP file, made from what is declared: ``python -m tests.screenshots.tables``."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from xml.sax.saxutils import escape

from tui_xmpp.core.declaration import Setting
from tui_xmpp.core.settings import TABLES, Settings, settings_of
from tui_xmpp.features import FEATURES
from tui_xmpp.features.table import markdown
from tui_xmpp.ui import handbook
from tui_xmpp.ui.keymap import Keymap

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
    ("XEP-0386", "Bind 2: what a session needs, asked for with the login", "xmpp/inline.py"),
    ("XEP-0388", "SASL2: login and resumption in one go", "xmpp/login.py"),
    ("XEP-0392", "Colours of names", "ui/colors.py"),
    ("XEP-0440", "Channel bindings a server names", "xmpp/sasl/choice.py"),
    ("XEP-0474", "Protection of SCRAM against downgrades", "xmpp/sasl/scram.py"),
    ("XEP-0484", "FAST: a token in place of the password for the next login", "xmpp/sasl/hashed_token.py"),
)
"""What is spoken below the features: specification, what of it, and the module that speaks it."""


def table(*rows: Iterable[str]) -> str:
    """Return rows as Markdown, the first one the head."""
    head, *body = (tuple(row) for row in rows)
    lines = [head, ("---",) * len(head), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def keys() -> str:
    """Return all keys as help shows them, a table for each place."""
    return "\n\n".join(
        f"**{place.value}**\n\n{table(('Key', 'What it does'), *((_quoted(row.name), row.words) for row in rows))}"
        for place, rows in handbook.keys(Keymap(Settings()))
    )


def _quoted(names: str) -> str:
    return " ".join(f"`{key}`" for key in names.split())


def commands() -> str:
    """Return the slash commands."""
    rows = [
        (
            f"`{action.usage}`" + "".join(f", `/{alias}`" for alias in action.aliases),
            action.help + (f" For example `{action.example}`" if action.example else ""),
        )
        for row in handbook.commands()
        if (action := row.action) is not None
    ]
    return table(("Command", "What it does"), *rows)


def settings() -> str:
    """Return the settings with what holds where they are not set."""
    rows = [
        ("`[[accounts]]`", "`jid`", "an address", "–", "Whose account it is. The only key an account needs."),
    ]
    for part in ("accounts", *TABLES):
        for each in settings_of(part):
            shown = "–" if each.default in (None, "") else f"`{json.dumps(each.default)}`"
            place = f"`[[{part}]]`" if part == "accounts" else f"`[{part}]`"
            rows.append((place, f"`{each.key}`", _takes(each), shown, each.help))
    return table(("Table", "Key", "Takes", "If not set", "What it does"), *rows)


def _takes(setting: Setting) -> str:
    if setting.form.is_switch:
        return "`true`, `false`"
    return ", ".join(f'`"{choice}"`' for choice in setting.form.choices) or setting.form.words


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
