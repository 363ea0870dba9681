"""The project folder: found like git does, settings, and secrets that stay secret."""

from __future__ import annotations

import stat
import threading
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet

from flows.project import Project, ProjectError
from flows.secrets import SecretsError, Vault
from flows.settings import SettingsError

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def put(project, name="office", secrets=None):
    project.connections.put(
        name, "outlook_calendar", {"base_url": "http://x"}, secrets or {"token": "s3cret"}, account="ann@x", now=NOW
    )


@pytest.fixture
def project(folder):
    found = Project.find()
    yield found
    found.close()


def test_a_project_is_found_from_any_folder_inside_it(folder, monkeypatch):
    (folder / "mappings" / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(folder / "mappings" / "deep" / "down")
    assert Project.find().root == folder


def test_without_a_project_the_error_says_how_to_make_one(tmp_path):
    with pytest.raises(ProjectError, match="syncline init"):
        Project.find(tmp_path)


def test_a_folder_given_by_name_must_be_the_project_itself(folder):
    with pytest.raises(ProjectError, match="not a Syncline project"):
        Project.at(folder / "mappings")
    with pytest.raises(ProjectError, match="There is no folder"):
        Project.at(folder / "nowhere")


def test_syncs_are_the_files_in_deployments_but_not_prefects(folder, project):
    for name in ("work", "home", "prefect", "compose"):
        (folder / "deployments" / f"{name}.yaml").write_text("sync: x\n")
    assert project.syncs() == ["home", "work"]
    with pytest.raises(ProjectError, match=r"no sync 'wrok' .*Did you mean 'work'\?"):
        project.deployment("wrok")


def test_a_sync_file_is_named_like_its_sync(folder, project):
    sides = "sides: {a: {connection: x}, b: {connection: y}}"
    (folder / "deployments" / "work.yaml").write_text(f"sync: home\nmapping: m\n{sides}\n")
    with pytest.raises(ProjectError, match=r"must be named home\.yaml"):
        project.deployment("work")


def test_the_projects_own_mapping_wins_over_the_library(folder, project):
    (folder / "mappings" / "mine.yaml").write_text("name: mine\n")
    assert project.mapping_file("mine") == folder / "mappings" / "mine.yaml"
    with pytest.raises(ProjectError, match=r"no mapping 'mien'.*Did you mean 'mine'"):
        project.mapping_file("mien")


def test_secrets_are_sealed_in_the_state_and_the_key_is_private(folder, project):
    put(project)
    assert project.connections.secrets("office") == {"token": "s3cret"}
    project.close()
    state = b"".join(file.read_bytes() for file in (folder / ".syncline").glob("state.db*"))
    assert b"ann@x" in state
    assert b"s3cret" not in state
    assert stat.S_IMODE((folder / ".syncline" / "key").stat().st_mode) == 0o600


def test_a_renewed_token_replaces_only_itself(project):
    put(project, secrets={"token": "old", "refresh_token": "r1", "client_secret": "c"})
    with project.connections.lock("office"):
        project.connections.renew("office", {"token": "new", "refresh_token": "r2"})
    assert project.connections.secrets("office") == {"token": "new", "refresh_token": "r2", "client_secret": "c"}


def test_renewals_wait_for_each_other(project):
    put(project)
    order = []

    def renew():
        with project.connections.lock("office"):
            order.append("second")

    with project.connections.lock("office"):
        thread = threading.Thread(target=renew)
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_with_another_key_secrets_stay_shut_and_the_error_says_what_to_do(project, monkeypatch):
    put(project)
    project.close()
    monkeypatch.setenv("SYNCLINE_KEY", Fernet.generate_key().decode())
    other = Project(project.root)
    with pytest.raises(SecretsError, match="sealed with another one") as error:
        other.connections.secrets("office")
    assert "s3cret" not in str(error.value)
    other.close()


def test_keys_can_be_rotated(tmp_path):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    sealed = Vault(old, tmp_path / "key").seal({"token": "t"})
    assert Vault(f"{new},{old}", tmp_path / "key").open(sealed, "x") == {"token": "t"}
    fresh = Vault(f"{new}, {old}", tmp_path / "key").seal({"token": "t"})
    assert Vault(new, tmp_path / "key").open(fresh, "x") == {"token": "t"}


def test_a_lost_key_file_is_not_silently_replaced(tmp_path):
    vault = Vault("", tmp_path / "key")
    sealed = vault.seal({"token": "t"})
    (tmp_path / "key").unlink()
    with pytest.raises(SecretsError, match="is gone"):
        vault.open(sealed, "x")


def test_a_key_that_is_none_is_explained(tmp_path):
    with pytest.raises(SecretsError, match="SYNCLINE_KEY is not a Fernet key"):
        Vault("letmein", tmp_path / "key").seal({})


def test_processes_that_start_together_make_one_key(tmp_path):
    vaults = [Vault("", tmp_path / "key") for _ in range(8)]
    sealed = []
    threads = [threading.Thread(target=lambda v=vault: sealed.append(v.seal({"a": "b"}))) for vault in vaults]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(vaults[0].open(one, "x") == {"a": "b"} for one in sealed)
    assert [file.name for file in tmp_path.iterdir()] == ["key"]


def test_the_environment_wins_over_the_env_file(folder, monkeypatch):
    (folder / ".env").write_text("SYNCLINE_LOG_LEVEL=INFO\nSYNCLINE_SNAPSHOTS=data\n")
    assert Project(folder).settings.log_level == "INFO"
    monkeypatch.setenv("SYNCLINE_LOG_LEVEL", "ERROR")
    assert Project(folder).settings.log_level == "ERROR"
    assert Project(folder).settings.snapshots == str(folder / "data")
    assert Project(folder).settings.state_url == f"sqlite:///{folder}/.syncline/state.db"


def test_a_variable_that_is_empty_hides_nothing_of_the_env_file(folder, monkeypatch):
    (folder / ".env").write_text("SYNCLINE_NOTIFY=slack-webhook/ops\nSYNCLINE_WATCH_RUNS=\n")
    monkeypatch.setenv("SYNCLINE_NOTIFY", "")
    monkeypatch.setenv("SYNCLINE_RECEIVER_PORT", "")
    found = Project(folder).settings
    assert (found.notified, found.receiver_port, found.watch_runs) == (["slack-webhook/ops"], 8788, 4)


def test_a_wrong_setting_is_named(folder, monkeypatch):
    monkeypatch.setenv("SYNCLINE_LOG_LEVEL", "LOUD")
    with pytest.raises(SettingsError, match=r"SYNCLINE_LOG_LEVEL.*'DEBUG', 'INFO'"):
        _ = Project(folder).settings
