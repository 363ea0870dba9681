"""The reference page names every key of the models, and its examples load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.deployment import Deployment, Place, Schedule
from engine.mapping import Brakes, Example, Mapping, Side
from engine.row import OPTIONS, RESERVED
from engine.rules import KINDS, TESTS
from engine.strict import Strict
from engine.yamlfile import load_deployment, load_mapping

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "mapping.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("model", [Mapping, Side, Brakes, Example, Deployment, Place, Schedule])
def test_every_key_is_explained(model: type[Strict]) -> None:
    for name, field in model.model_fields.items():
        assert f"| `{field.alias or name}` |" in PAGE, name


def test_every_option_of_a_row_and_every_rule_is_explained() -> None:
    for option in OPTIONS:
        assert f"| `{option}` |" in PAGE
    for test in (*TESTS, *KINDS):
        assert re.search(rf"\| `{{.*\b{test}: .*}}` \|", PAGE), test
    for word in RESERVED:
        assert f"`{word}`" in PAGE, word


def test_the_whole_files_on_the_page_load(tmp_path: Path) -> None:
    path = tmp_path / "page.yaml"
    loaded = []
    for block in BLOCKS:
        if block.startswith(("name:", "sync:")):
            path.write_text(block, encoding="utf-8")
            loaded.append((load_mapping if block.startswith("name:") else load_deployment)(path))
    assert [type(model) for model in loaded] == [Mapping, Deployment]
