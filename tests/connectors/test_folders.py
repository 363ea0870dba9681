"""Each connector's folder tells what people need to know, and how well it is done."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

import connectors
from connectors import load, names
from engine.contract import Support

RULES = {
    "bronze": {"check", "live_schema", "conformance", "setup_readme", "stand_in"},
    "silver": {"delta", "re_auth", "retry_after", "parked_records", "hook_renewal"},
    "gold": {"guarded", "stamped", "tombstones", "custom_fields", "named_quirks"},
}
FOLDER = Path(connectors.__file__).parent


@pytest.fixture(params=names())
def app(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_readme_tells_set_up_limits_and_quirks(app: str) -> None:
    text = (FOLDER / app / "README.md").read_text(encoding="utf-8").lower()
    for word in ("# ", "set-up", "limits", "quirks", f"syncline connect {app}"):
        assert word in text, word


def test_the_quality_scale_answers_every_rule(app: str) -> None:
    scale = YAML(typ="safe").load((FOLDER / app / "quality.yaml").read_text(encoding="utf-8"))
    assert {tier: set(rules) for tier, rules in scale.items()} == RULES
    for rule, state in ((rule, state) for rules in scale.values() for rule, state in rules.items()):
        assert state in ("done", "todo") or (isinstance(state, dict) and str(state["exempt"]).strip()), rule
    assert all(state != "todo" for state in scale["bronze"].values()), "bronze is the least"


def test_what_is_graded_agrees_with_the_scale(app: str) -> None:
    cls = load(app)
    scale = YAML(typ="safe").load((FOLDER / app / "quality.yaml").read_text(encoding="utf-8"))
    for rule in ("guarded", "stamped", "tombstones"):
        assert (scale["gold"][rule] == "done") == (getattr(cls.caps, rule) is not Support.NO), rule
    assert (scale["silver"]["delta"] == "done") == (cls.caps.delta is not Support.NO)


def test_the_class_says_what_a_connection_needs(app: str) -> None:
    cls = load(app)
    assert cls.app == app and cls.title and cls.objects == cls.caps.objects
    named = {setting.name: setting for setting in cls.settings}
    assert len({"base_url", "url", "folder"} & set(named)) == 1, "a connection says where it is"
    assert len(named) == len(cls.settings)
    assert all(named[name].secret for name in ("token", "password", "refresh_token", "client_secret") if name in named)
    assert cls.caps.proven
