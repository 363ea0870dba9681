"""What users can touch is documented, generated parts are fresh, and links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors import load, names
from engine.deployment import Deployment, Place, Schedule
from engine.lenses import VIA
from engine.mapping import Brakes, Example, Mapping, Side
from engine.row import OPTIONS
from flows.settings import PREFIX, Settings
from syncline.cli import GROUPS, app
from syncline.docs import ROOT, pages, stale

COMMANDS = [command.__name__ for commands in GROUPS.values() for command in commands]
READMES = sorted((ROOT / "connectors").glob("*/README.md"))
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<to>[^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def text(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_generated_parts_are_fresh():
    assert [str(page.relative_to(ROOT)) for page in stale()] == [], "run: make docs"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_is_documented(command):
    section = text("reference/cli.md").partition(f"\n### syncline {command}\n")[2].partition("\n### ")[0]
    assert section, f"no section on {command}"
    options = options_of(command)
    assert options
    assert [name for name in options if f"`{name}" not in section] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_changelog_or_readme(command):
    whole = (ROOT / "README.md").read_text() + (ROOT / "CHANGELOG.md").read_text()
    assert f"`{command}`" in whole or f"syncline {command}" in whole


def test_every_setting_is_documented():
    page = text("reference/settings.md")
    assert [name for name in Settings.model_fields if f"`{PREFIX}{name.upper()}`" not in page] == []


def test_every_variable_that_is_read_is_documented():
    page = text("reference/settings.md")
    sources = [
        file for folder in ("syncline", "flows", "engine", "connectors") for file in (ROOT / folder).rglob("*.py")
    ]
    read = {found for file in sources for found in re.findall(r"\bSYNCLINE_[A-Z]+(?:_[A-Z]+)*\b", file.read_text())}
    assert [name for name in sorted(read) if f"`{name}`" not in page] == []


@pytest.mark.parametrize("model", [Mapping, Side, Brakes, Example, Deployment, Place, Schedule])
def test_every_key_of_the_yaml_files_is_documented(model):
    page = text("reference/mapping.md")
    keys = [item.alias or name for name, item in model.model_fields.items()]
    assert [key for key in keys if not re.search(rf"\b{re.escape(key)}\b", page)] == []


def test_every_row_option_is_documented():
    page = text("reference/mapping.md")
    assert [key for key in OPTIONS if f"`{key}`" not in page] == []


def test_every_lens_is_documented():
    page = text("reference/lenses.md")
    assert [name for name in VIA if f"`{name}`" not in page] == []


@pytest.mark.parametrize("name", names())
def test_every_connector_has_its_pages(name):
    folder = ROOT / "connectors" / name
    assert (folder / "README.md").is_file()
    assert (folder / "quality.yaml").is_file()
    page = text("reference/connectors.md")
    assert f"`{name}`" in page
    assert [one.name for one in load(name).settings if f"`{one.name}`" not in page] == []


@pytest.mark.parametrize("page", [*pages(), *READMES], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page):
    lost = []
    for found in LINK.finditer(FENCE.sub("", page.read_text(encoding="utf-8"))):
        path, _, anchor = found["to"].partition("#")
        if "://" in path or path.startswith("mailto:"):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(found["to"])
    assert lost == []


@pytest.mark.parametrize("page", [*pages(), *READMES], ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_examples_exist(page):
    """Every `syncline COMMAND --option` shown in a page is one that there is."""
    wrong = []
    for line in re.findall(r"\bsyncline ([a-z]+(?: [^`|\n]*)?)", page.read_text(encoding="utf-8")):
        words = line.replace("\\", " ").split()
        if words[0] not in COMMANDS:
            continue
        known = options_of(words[0])
        wrong += [f"{words[0]} {word}" for word in words if re.fullmatch(r"--[a-z-]+", word) and word not in known]
    assert wrong == []


def options_of(command: str) -> set[str]:
    """Its options, without the negative forms that are switched off for the whole app."""
    arguments = app[command].assemble_argument_collection(default_parameter=app.default_parameter)
    return {name for argument in arguments for name in argument.names if name.startswith("--")}


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
