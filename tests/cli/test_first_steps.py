"""What somebody meets who follows the README and --help."""

from __future__ import annotations

import pytest

from connectors import names


@pytest.mark.parametrize("app", names())
def test_an_app_without_its_settings_tells_what_it_needs(folder, syncline, app):
    said = syncline("connect", app, "--name", "one")
    assert said.code == 1
    assert "--set" in said.err or "setting" in said.err
    assert "Traceback" not in said.err


def test_an_app_that_does_not_exist(folder, syncline):
    assert "Did you mean hubspot?" in syncline("connect", "hubspt", "--name", "one").err
    assert syncline("sandbox", "hubspt").code == 3


def test_how_a_stand_in_is_connected_stands_in_its_help(syncline):
    assert "syncline connect APP --name NAME --set base_url=URL token=TOKEN" in " ".join(
        syncline("sandbox", "--help").out.split()
    )
