from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_xmpp.core.declaration import UnfitValueError
from tui_xmpp.core.settings import (
    TABLES,
    AccountSettings,
    KeyChoice,
    NotificationSettings,
    PrivacySettings,
    Settings,
    settings_of,
)
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.settings import (
    LoadedSettings,
    SettingsError,
    forget_account,
    known_settings,
    load_settings,
    save_account,
    save_settings,
)

JULIET = BareJID.parse("juliet@example.org")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_a_missing_file_is_an_empty_one(path: Path) -> None:
    assert load_settings(path).settings == Settings()
    assert load_settings(path).problems == ()


def test_every_setting_is_read(path: Path) -> None:
    path.write_text("""
[[accounts]]
jid = "juliet@example.org"
host = "127.0.0.1"
port = 5223
tls = "direct"
ca_file = "/etc/ca.pem"
resource = "balcony"
priority = -5
password_command = "pass show xmpp"
client_certificate = "/etc/me.pem"
allow_plain = true
anonymous = false
enabled = false

[ui]
roster_width = 40
show_offline = false
roster_order = "name"

[privacy]
answer_version = false

[notifications]
bell = false
quiet_hours = "22:00-07:00"

[keys]
help = "f12"
quit = ["ctrl+q", "alt+q"]
close = ""
""")
    loaded = load_settings(path)
    assert loaded.problems == ()
    assert loaded.settings.accounts == (
        AccountSettings(
            JULIET,
            host="127.0.0.1",
            port=5223,
            tls="direct",
            ca_file="/etc/ca.pem",
            resource="balcony",
            priority=-5,
            password_command="pass show xmpp",
            client_certificate="/etc/me.pem",
            is_plain_allowed=True,
            is_enabled=False,
        ),
    )
    assert loaded.settings.ui.roster_width == 40
    assert not loaded.settings.ui.is_offline_shown
    assert not loaded.settings.privacy.answers_version
    assert loaded.settings.notifications == NotificationSettings(rings_bell=False, quiet_hours="22:00-07:00")
    assert [(each.action, each.keys) for each in loaded.settings.keys] == [
        ("help", ("f12",)),
        ("quit", ("ctrl+q", "alt+q")),
        ("close", ()),
    ]
    assert loaded.settings.keys[0].where == f"{path}:29"


def test_each_problem_names_file_line_and_key_and_the_rest_counts(path: Path) -> None:
    path.write_text("""[[accounts]]
jid = "juliet@example.org"
prot = 5222
port = 70000
password = "secret"

[[accounts]]
jid = "not an address"

[[accounts]]
jid = "romeo@example.net"
tls = "none"

[ui]
roster_width = "wide"
colour = 1

[sounds]
bell = true

[notifications]
quiet_hours = "late"

[keys]
help = 1
""")
    loaded = load_settings(path)
    assert [str(account.jid) for account in loaded.settings.accounts] == ["juliet@example.org", "romeo@example.net"]
    assert [(problem.line, problem.key) for problem in loaded.problems] == [
        (3, "accounts.prot"),
        (4, "accounts.port"),
        (5, "accounts.password"),
        (8, "accounts.jid"),
        (12, "accounts.tls"),
        (15, "ui.roster_width"),
        (16, "ui.colour"),
        (18, "sounds"),
        (22, "notifications.quiet_hours"),
        (25, "keys.help"),
    ]
    assert all(str(problem).startswith(f"{path}:") for problem in loaded.problems)
    assert "secret" not in "".join(map(str, loaded.problems))


def test_broken_toml_is_one_problem_with_its_line(path: Path) -> None:
    path.write_text('[ui]\nroster_width = 40\ntheme = "dark\n')
    (problem,) = load_settings(path).problems
    assert problem.line == 3
    assert "TOML" in str(problem)


def test_bytes_that_are_no_text_are_a_problem(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")
    (problem,) = load_settings(path).problems
    assert "UTF-8" in str(problem)


def test_saving_keeps_comments_and_strangers(path: Path) -> None:
    path.write_text('# mine\n[ui]\ntheme = "x" # nice\n\n[[accounts]]\njid = "juliet@example.org"\nport = 1\n')
    save_account(path, AccountSettings(JULIET, host="h"))
    save_account(path, AccountSettings(BareJID.parse("romeo@example.net")))
    text = path.read_text()
    assert "# mine" in text
    assert "# nice" in text
    assert "port" not in text
    assert load_settings(path).settings.accounts == (
        AccountSettings(JULIET, host="h"),
        AccountSettings(BareJID.parse("romeo@example.net")),
    )
    forget_account(path, JULIET)
    assert [account.jid.local for account in load_settings(path).settings.accounts] == ["romeo"]


def test_what_changed_is_written_and_all_else_stays(path: Path) -> None:
    path.write_text("""# mine
[ui]  # how it looks
theme = "nord"  # nice
colour = 1
away_after = 5

[keys]
# a better one
help = "f12"
quit = "alt+q"
""")
    before = load_settings(path).settings
    after = replace(
        before,
        ui=replace(before.ui, theme="light", away_after=10, roster_width=44),
        privacy=PrivacySettings(sends_typing=False),
        keys=(KeyChoice("help", ("f11", "f12")), KeyChoice("close", ())),
    )
    save_settings(path, before, after)
    assert (
        path.read_text()
        == """# mine
[ui]  # how it looks
theme = "light"  # nice
colour = 1
roster_width = 44

[keys]
# a better one
help = ["f11", "f12"]
close = ""

[privacy]
send_typing = false
"""
    )
    again = load_settings(path).settings
    assert (again.ui, again.privacy) == (after.ui, after.privacy)
    assert {each.action: each.keys for each in again.keys} == {"help": ("f11", "f12"), "close": ()}


@settings(max_examples=25)
@given(st.data())
def test_every_value_a_setting_takes_comes_back_from_the_file(tmp_path_factory: Any, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("round") / "config.toml"
    before = after = Settings()
    for setting in [each for table in TABLES for each in settings_of(table)]:
        typed = data.draw(st.sampled_from(setting.form.choices) if setting.form.choices else st.text(max_size=8))
        with suppress(UnfitValueError):
            after = after.with_value(setting, setting.parse(typed))
    save_settings(path, before, after)
    assert load_settings(path) == LoadedSettings(after)
    save_settings(path, after, before)
    assert load_settings(path) == LoadedSettings(before)


def test_saving_makes_the_file_and_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    save_account(path, AccountSettings(JULIET))
    assert load_settings(path).settings.accounts == (AccountSettings(JULIET),)


def test_a_file_that_cannot_be_read_is_not_overwritten(path: Path) -> None:
    path.write_text("broken = [")
    with pytest.raises(SettingsError, match="nothing was written"):
        save_account(path, AccountSettings(JULIET))
    assert path.read_text() == "broken = ["


def test_the_tables_of_keys_cover_every_setting() -> None:
    assert "password" not in known_settings()["accounts"]
