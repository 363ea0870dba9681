"""The project's Prefect server: started once, shared, found again, ended."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from flows.background import Background, Process
from flows.server import Server, ServerError, configured, environment, healthy, use

FAKE = str(Path(__file__).with_name("fake_server.py"))


def fake(port):
    return [sys.executable, FAKE, str(port)]


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path / "prefect", fake, patience=30)
    yield made
    made.down()


def pid(server):
    return json.loads((server.home / "server.json").read_text())["pid"]


def test_the_first_command_starts_it_and_the_next_find_it(server):
    first = server.up()
    assert healthy(f"{first}/api")
    assert Server(server.home, fake).up() == first
    assert server.page() == first


def test_down_ends_it(server):
    page = server.up()
    assert server.down() is True
    assert not healthy(f"{page}/api")
    assert server.page() is None
    assert server.down() is False


def test_a_pid_file_of_a_dead_server_is_replaced(server):
    page = server.up()
    dead = pid(server)
    os.kill(dead, 9)
    assert server.up() == page, "who has its address goes on"
    assert pid(server) != dead


def test_one_that_somebody_has_ended_comes_back_where_it_was(server):
    page = server.up()
    server.down()
    server.revive()
    assert server.page() is None
    assert server.up() == page


def test_one_that_died_is_revived(server):
    page = server.up()
    dead = pid(server)
    os.kill(dead, 9)
    os.waitpid(dead, 0)
    server.revive()
    assert healthy(f"{page}/api") and pid(server) != dead
    alive = pid(server)
    server.revive()
    assert pid(server) == alive


def test_where_its_port_is_taken_it_comes_back_elsewhere(server):
    page = server.up()
    server.down()
    with socket.create_server(("127.0.0.1", int(page.rpartition(":")[2]))):
        assert server.up() != page


def test_a_pid_that_is_another_program_now_is_left_alone(server):
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        server.home.mkdir(parents=True)
        (server.home / "server.json").write_text(json.dumps({"pid": other.pid, "mark": "59123"}))
        assert server.page() is None
        assert server.up()
        assert pid(server) != other.pid
        assert other.poll() is None
    finally:
        other.communicate(b"\n", timeout=10)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "not json", '{"pid": 1}'])
def test_a_broken_pid_file_counts_for_nothing(server, text):
    server.home.mkdir(parents=True)
    (server.home / "server.json").write_text(text)
    assert server.page() is None


def test_a_server_that_stopped_answering_is_replaced(tmp_path):
    """Its process lives but its port is silent."""
    home = tmp_path / "prefect"
    os.mkfifo(tmp_path / "ready")
    code = "import sys, threading; open(sys.argv[1], 'w').close(); threading.Event().wait()"
    sleeper = [sys.executable, "-c", code, str(tmp_path / "ready"), "59124"]
    silent = Background(home, "server").start(sleeper, "59124", {})
    (tmp_path / "ready").read_text()  # returns when the sleeper is there
    server = Server(home, fake, patience=2)
    try:
        assert silent.is_ours
        assert healthy(f"{server.up()}/api")
        assert not silent.lives
    finally:
        server.down()


def test_commands_that_start_together_share_one_server(server):
    found = []
    threads = [threading.Thread(target=lambda: found.append(Server(server.home, fake).up())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 4
    assert len(set(found)) == 1


def test_a_server_that_dies_is_reported_with_its_last_words(tmp_path):
    broken = Server(tmp_path / "prefect", lambda _: [sys.executable, FAKE, "broken"])
    with pytest.raises(ServerError, match=r"no room for a server.*server\.log.*--direct"):
        broken.up()
    assert broken.page() is None


def test_the_configured_server_is_preferred(tmp_path):
    assert configured({"PREFECT_HOME": str(tmp_path)}) is None
    assert configured({"PREFECT_API_URL": "http://one/api", "PREFECT_HOME": str(tmp_path)}) == "http://one/api"
    (tmp_path / "profiles.toml").write_text(
        'active = "office"\n[profiles.office]\nPREFECT_API_URL = "http://two/api"\n[profiles.empty]\n'
    )
    assert configured({"PREFECT_HOME": str(tmp_path)}) == "http://two/api"
    assert configured({"PREFECT_HOME": str(tmp_path), "PREFECT_PROFILE": "empty"}) is None


def test_with_a_configured_server_none_is_started(tmp_path, monkeypatch):
    for name in environment(tmp_path):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("PREFECT_API_URL", "http://one/api")
    assert use(tmp_path) == "http://one/api"
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_another_one_started_is_ended_without_waiting_for_that_one(tmp_path):
    """Until its parent asks for it, it is neither there nor quite gone."""
    code = "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'input()', 'a-mark'], stdin=-1)"
    parent = subprocess.Popen(
        [sys.executable, "-c", f"{code}; print(child.pid, flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        child = Process(int(parent.stdout.readline()), "a-mark")
        assert child.lives
        child.end()
        os.kill(child.pid, 0)  # its parent has not asked
        assert not child.lives
    finally:
        parent.communicate("\n", timeout=10)
