"""What somebody meets who follows the README and --help."""

from __future__ import annotations

import json
import subprocess
import sys

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


def test_the_line_of_a_stand_in_is_all_that_it_takes_to_connect_it(folder, syncline):
    words = [sys.executable, "-m", "sandbox", "quickbooks"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = json.loads(process.stdout.readline())
            app, url = line.pop("app"), line.pop("url")
            settings = [f"base_url={url}", *(f"{key}={value}" for key, value in line.items())]
            assert syncline("connect", app, "--name", "one", "--set", *settings).code == 0
        finally:
            process.terminate()
