"""The files for containers: valid by their schemas, with settings and commands that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from check_jsonschema.builtin_schemas import get_builtin_schema
from cyclopts import App
from jsonschema import Draft202012Validator
from prefect.settings import Settings as PrefectSettings
from prefect.settings.legacy import _get_settings_fields
from ruamel.yaml import YAML

from flows.settings import PREFIX, Settings
from syncline.cli import app

FOLDER = Path(__file__).parents[2] / "deployments"
OURS = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
SHELL = {"SYNCLINE_PROJECT", "PREFECT_PAGE_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"}
SHELL |= {f"{of}_PASSWORD" for of in ("POSTGRES", "STATE", "PREFECT")}
REDIS = {f"PREFECT_REDIS_MESSAGING_{name}" for name in ("HOST", "PORT", "DB")}
MANIFESTS = sorted(set((FOLDER / "kubernetes").glob("*.yaml")) - {FOLDER / "kubernetes" / "kustomization.yaml"})


def load(path: Path) -> list[dict[str, Any]]:
    return list(YAML(typ="safe", pure=True).load_all(path.read_text()))


def compose() -> dict[str, Any]:
    (found,) = load(FOLDER / "compose.yaml")
    return found


def containers() -> Iterator[dict[str, Any]]:
    for path in MANIFESTS:
        for document in load(path):
            yield from document.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])


def test_compose_is_valid() -> None:
    schema = get_builtin_schema("vendor.compose-spec")
    assert not list(Draft202012Validator(schema).iter_errors(compose()))
    broken = {**compose(), "services": {"x": {"comand": "y"}}}
    assert list(Draft202012Validator(schema).iter_errors(broken))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_manifests_are_valid(path: Path) -> None:
    for document in load(path):
        kubernetes_validate.validate(document, "1.37", strict=True)


def test_every_manifest_is_applied_or_an_example() -> None:
    (kustomization,) = load(FOLDER / "kubernetes" / "kustomization.yaml")
    names = {path.name for path in MANIFESTS}
    assert set(kustomization["resources"]) == {name for name in names if ".example." not in name}


def test_variables_are_in_the_example_and_settings_exist() -> None:
    text = (FOLDER / "compose.yaml").read_text()
    used = set(re.findall(r"\$\{(\w+)", text))
    example = set(re.findall(r"^(\w+)=", (FOLDER / ".env.example").read_text(), re.MULTILINE))
    assert used == example <= SHELL | OURS
    named = {name for service in compose()["services"].values() for name in service.get("environment", {})}
    named |= {one["name"] for container in containers() for one in container.get("env", [])}
    for path in MANIFESTS:
        for document in load(path):
            if document["kind"] in ("Secret", "ConfigMap"):
                named |= {*document.get("data", {}), *document.get("stringData", {})}
    known = OURS | REDIS | prefect_settings()
    strange = {name for name in named - known if not name.startswith(("POSTGRES_", "OTEL_"))}
    assert not strange


def prefect_settings() -> set[str]:
    """All names that Prefect takes from the environment, former ones too."""
    fields = _get_settings_fields(PrefectSettings)
    found = {name.upper() for name in fields}
    return {name if name.startswith("PREFECT_") else f"PREFECT_{name}" for name in found}


def test_what_manifests_refer_to_exists() -> None:
    documents = [document for path in MANIFESTS for document in load(path)]
    there = {(document["kind"], document["metadata"]["name"]) for document in documents}
    there |= {("ConfigMap", "mappings"), ("ConfigMap", "deployments")}  # made of the user's own project
    for container in containers():
        for source in container.get("envFrom", []):
            ((kind, value),) = source.items()
            assert ({"secretRef": "Secret", "configMapRef": "ConfigMap"}[kind], value["name"]) in there
    for document in documents:
        for volume in document.get("spec", {}).get("template", {}).get("spec", {}).get("volumes", []):
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in there
            if "persistentVolumeClaim" in volume:
                assert ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) in there


SECRET: dict[str, set[str]] = {
    "watch": {"SYNCLINE_STATE_URL", "SYNCLINE_KEY"},
    "worker": {"SYNCLINE_STATE_URL", "SYNCLINE_KEY"},
    "metrics": {"SYNCLINE_STATE_URL"},
    "deploy": set(),
    "prefect-server": {"PREFECT_API_DATABASE_CONNECTION_URL"},
    "prefect-services": {"PREFECT_API_DATABASE_CONNECTION_URL"},
}
"""What each part is told that is not for the others."""


def test_each_part_is_told_only_the_secrets_that_it_needs() -> None:
    """Neither its own nor, by the user of a database, another's."""
    secret = set().union(*SECRET.values())
    ours = {name: one for name, one in compose()["services"].items() if one.get("image") == "syncline"}
    assert {name: set(one["environment"]) & secret for name, one in ours.items()} == SECRET
    urls = {str(value) for one in ours.values() for value in one["environment"].values() if "@postgres" in str(value)}
    assert {url.split("//")[1].split(":")[0] for url in urls} == {"syncline", "prefect"}

    documents = [document for path in MANIFESTS for document in load(path)]
    told = {
        ({"Secret": "secretRef", "ConfigMap": "configMapRef"}[one["kind"]], one["metadata"]["name"]): {
            *one.get("data", {}),
            *one.get("stringData", {}),
        }
        for one in documents
        if one["kind"] in ("Secret", "ConfigMap")
    }
    found = {}
    for container in containers():
        refs = [(kind, ref["name"]) for one in container.get("envFrom", []) for kind, ref in one.items()]
        names = {one["name"] for one in container.get("env", [])}.union(*(told[ref] for ref in refs))
        found[container["name"]] = names & secret
    assert found == SECRET


def test_new_volumes_belong_to_the_user_that_the_image_runs_as() -> None:
    before, _, _ = (FOLDER / "Dockerfile").read_text().partition("\nUSER syncline\n")
    owned = set(re.findall(r"mkdir (\S+) && chown syncline \1$", before, re.MULTILINE))
    named = set(compose()["volumes"])
    ours = [one for one in compose()["services"].values() if one.get("image") == "syncline"]
    mounts = [str(volume).split(":") for service in ours for volume in service.get("volumes", [])]
    assert {mount[1] for mount in mounts if mount[0] in named} == owned == {"/snapshots"}


def commands() -> list[list[str]]:
    found = [service["command"] for service in compose()["services"].values() if "command" in service]
    found += [container["command"] for container in containers()]
    return [list(words) for words in dict.fromkeys(tuple(map(str, command)) for command in found)]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_can_be_given_like_that(words: list[str]) -> None:
    assert words[0] in ("syncline", "prefect")
    cli: App = app
    if words[0] == "prefect":
        from prefect.cli._app import _app as cli
    _, bound, unused, _ = cli.parse_known_args(words[1:])
    assert not unused
    bound.apply_defaults()
