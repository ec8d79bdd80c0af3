from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from ops_dashboard.local.aws import instances
from ops_dashboard.local.aws.instances import Instance, register, running, unregister
from ops_dashboard.local.aws.process import started_at


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def instance(port: int, **changes: object) -> Instance:
    """Return an instance whose process is the test itself, and so alive."""
    made = Instance(
        stack="dev",
        port=port,
        endpoint=f"http://127.0.0.1:{port}",
        group=os.getpid(),
        started=started_at(os.getpid()) or "",
        folder="/nowhere",
    )
    return msgspec.structs.replace(made, **changes)


def test_several_instances_are_listed_by_port() -> None:
    for port in (5002, 5001):
        register(instance(port))
    assert [one.port for one in running()] == [5001, 5002]


def test_a_dead_instance_is_unregistered_and_its_files_are_deleted(state: Path) -> None:
    folder = state / f"{instances.FOLDER_PREFIX}x"
    folder.mkdir()
    # Its number belongs to another process now.
    register(instance(5001, started="long ago", folder=str(folder)))
    register(instance(5002))
    assert [one.port for one in running()] == [5002]
    assert not list(state.rglob("5001.json"))
    assert not folder.exists()


def test_a_file_that_cannot_be_read_is_deleted(state: Path) -> None:
    register(instance(5001))
    (broken,) = state.rglob("5001.json")
    broken.write_text('{"stack": "dev"}', encoding="utf-8")
    assert running() == []
    assert not broken.exists()


def test_unregistering_keeps_a_later_instance_on_the_port() -> None:
    old = instance(5001, started="long ago")
    register(old)
    register(instance(5001))
    unregister(old)
    assert [one.port for one in running()] == [5001]
    unregister(instance(5001))
    unregister(instance(5001))
    assert running() == []
