"""The README says what the program does: its tables are made from it, its links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from lxml import etree

from tests.screenshots.scenes import SCENES
from tests.screenshots.tables import CORE, DOAP, README, ROOT, doap, filled
from tui_xmpp.core.settings import TABLES, settings_of
from tui_xmpp.storage.settings import load_settings


@pytest.fixture(scope="module")
def readme() -> str:
    return README.read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_program(readme: str) -> None:
    assert filled(readme) == readme, "make screenshots fills them anew"


def test_the_doap_file_is_that_of_the_program() -> None:
    assert DOAP.read_text(encoding="utf-8") == doap()
    etree.fromstring(DOAP.read_bytes())


def test_every_setting_is_explained(readme: str) -> None:
    for table in ("accounts", *TABLES):
        for setting in settings_of(table):
            assert f"`{setting.key}` |" in readme
            assert re.fullmatch(r"[A-Z].*\.", setting.help), setting.name


def test_every_example_of_settings_is_understood(readme: str, tmp_path: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    assert examples
    for example in examples:
        file = tmp_path / "config.toml"
        file.write_text(example, encoding="utf-8")
        loaded = load_settings(file)
        assert loaded.problems == ()
        assert loaded.settings.accounts


def test_every_dependency_says_why_it_is_there(readme: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for extra, lines in project["optional-dependencies"].items() if extra != "dev" for line in lines]
    wanted = [*project["dependencies"], *extras]
    names = {re.split(r"[<>=\[; ]", line)[0] for line in wanted}
    imported = {"dnspython": "dns", "precis-i18n": "precis_i18n", "pyOpenSSL": "OpenSSL"}
    imported |= {"desktop-notifier": "desktop_notifier", "textual-serve": "textual_serve"}
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tui_xmpp").rglob("*.py"))
    for name in names:
        assert re.search(rf"^\s*(import|from) {imported.get(name, name)}\b", sources, re.MULTILINE), name
    section = readme.partition("### What it stands on")[2].partition("\n#")[0]
    assert set(re.findall(r"^\| `([^`]+)`", section, re.MULTILINE)) == names


def test_every_target_of_make_is_there(readme: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)`", readme)) <= targets


def test_every_link_into_the_project_leads_somewhere(readme: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", readme)
    assert links
    for link in links:
        assert link.startswith("https://") or (ROOT / link).exists(), link


def test_every_picture_is_shown(readme: str) -> None:
    assert set(re.findall(r"screenshots/([a-z-]+)\.png", readme)) == {scene.name for scene in SCENES}


@pytest.mark.parametrize(("spec", "module"), [(spec, module) for spec, _, module in CORE])
def test_what_is_below_the_features_names_its_specification(spec: str, module: str) -> None:
    assert spec in (ROOT / "tui_xmpp" / module).read_text(encoding="utf-8")
