"""``local up`` and ``local down``, run as separate processes like a user runs them."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops_dashboard.local.aws.instances import running
from ops_dashboard.local.aws.ministack import stop
from ops_dashboard.local.aws.process import group_is_alive
from ops_dashboard.local.aws.stack import LocalAws, stack_settings
from stream_ingest.contracts.errors import UserError

Run = Callable[..., subprocess.CompletedProcess[str]]
SCRIPT = "from ops_dashboard.local.aws.command import local_app; local_app()"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Run]:
    """Run ``ops-dashboard local …`` in a process that ends before the next command starts."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own arguments
            [sys.executable, "-c", SCRIPT, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=dict(os.environ),
        )

    yield command
    for instance in running():
        stop(instance)


def exported(output: str) -> dict[str, str]:
    """Return the environment variables of a shell that has evaluated `output`."""
    pairs = (shlex.split(line) for line in output.splitlines())
    return dict(words[1].split("=", 1) for words in pairs if words[0] == "export")


def test_up_deploys_a_stack_that_outlives_it_and_down_removes_everything(run: Run) -> None:
    up = run("up", "--allow-source", "127.0.0.1:9")
    assert up.returncode == 0, up.stderr
    assert len(up.stdout.splitlines()) == 5
    variables = exported(up.stdout)
    assert (variables["AWS_ACCESS_KEY_ID"], variables["AWS_REGION"]) == ("test", "us-east-1")
    (instance,) = running()
    assert instance.endpoint == variables["AWS_ENDPOINT_URL"]
    assert LocalAws(instance).outputs().stack == "dev"
    assert Path(instance.folder, "bridge.log").is_file()  # its metrics are with_metrics
    down = run("down")
    assert down.returncode == 0, down.stderr
    assert running() == []
    assert not group_is_alive(instance.group)
    assert not Path(instance.folder).exists()


def test_persistent_state_is_restored(run: Run, tmp_path: Path) -> None:
    """Table, objects and functions, on the same port, which is in the queues' URLs."""
    folder = tmp_path / "kept"
    same = ("up", "--state", str(folder), "--allow-source", "127.0.0.1:9")
    first = run(*same)
    assert first.returncode == 0, first.stderr
    (instance,) = running()
    (listed,) = json.loads(run("status", "--json").stdout)
    assert (listed["port"], listed["is_deployed"]) == (instance.port, True)
    assert listed["state"] == str(folder)
    aws = LocalAws(instance)
    outputs = aws.outputs()
    aws.clients.s3.put_object(Bucket=outputs.output_bucket, Key="a/b c", Body=b"kept")
    aws.clients.sqs.send_message(
        QueueUrl=outputs.dead_letter_urls["sweeper"], MessageBody="a letter"
    )
    twice = run(*same)
    assert (twice.returncode, twice.stdout) == (0, first.stdout)
    assert "is already running on" in twice.stderr
    busy = run("up", "--state", str(folder))
    assert busy.returncode != 0
    assert f"on port {instance.port} is using" in busy.stderr
    down = run("down")
    assert f"local up --state {folder}" in down.stderr
    again = run(*same)
    assert again.returncode == 0, again.stderr
    assert again.stdout == first.stdout
    assert "is restored on" in again.stderr
    clients = LocalAws(running()[0]).clients
    assert LocalAws(running()[0]).outputs() == outputs
    stored = clients.s3.get_object(Bucket=outputs.output_bucket, Key="a/b c")["Body"].read()
    assert stored == b"kept"
    received = clients.sqs.receive_message(QueueUrl=outputs.dead_letter_urls["sweeper"])
    assert [message["Body"] for message in received["Messages"]] == ["a letter"]
    mappings = clients.functions.list_event_source_mappings()["EventSourceMappings"]
    assert {mapping["State"] for mapping in mappings} == {"Enabled"}


def test_the_same_call_works_after_a_reboot(run: Run, tmp_path: Path) -> None:
    """A killed AWS has saved nothing, or what an earlier ``down`` saved."""
    same = ("up", "--state", str(tmp_path / "kept"))
    first = run(*same)
    assert first.returncode == 0, first.stderr
    os.killpg(running()[0].group, signal.SIGKILL)
    second = run(*same)
    assert (second.returncode, second.stdout) == (0, first.stdout), second.stderr
    assert "was not saved" in second.stderr
    assert LocalAws(running()[0]).outputs().stack == "dev"
    assert run("down").returncode == 0
    assert run(*same).returncode == 0
    os.killpg(running()[0].group, signal.SIGKILL)
    third = run(*same)
    assert third.returncode == 0, third.stderr
    assert "is restored on" in third.stderr


def test_status_says_when_nothing_runs(run: Run) -> None:
    assert "no embedded AWS is running" in run("status").stderr
    assert run("status", "--json").stdout == "[]\n"


def test_a_taken_port_is_reported_in_one_line() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port} is taken"):
            LocalAws.start(port=port)


def test_a_failed_installation_of_ministack_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A machine without network and with an empty cache."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_TOOL_DIR", str(tmp_path / "tools"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(UserError, match="the embedded AWS did not start: ") as caught:
        LocalAws.start()
    assert "\n" not in str(caught.value)
    assert "ministack" in str(caught.value)


def test_an_unknown_stack_is_reported_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="no stack 'qa'; known stacks: dev, prod"):
        stack_settings("qa")


def test_two_can_run_and_down_needs_to_know_which(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = LocalAws.start(), LocalAws.start()
    try:
        first.clients.s3.create_bucket(Bucket="only-in-the-first")
        assert second.clients.s3.list_buckets()["Buckets"] == []
        undecided = run("down")
        assert undecided.returncode != 0
        assert "several are running" in undecided.stderr
        monkeypatch.setenv("AWS_ENDPOINT_URL", first.endpoint)
        assert run("down").returncode == 0  # the shell's own
        assert [instance.port for instance in running()] == [second.instance.port]
        assert run("down", "--port", str(second.instance.port)).returncode == 0
        assert running() == []
    finally:
        first.stop()
        second.stop()


def test_down_with_nothing_running_says_so(run: Run) -> None:
    assert "no embedded AWS is running" in run("down").stderr
    assert run("down", "--all").returncode == 0


def test_a_killed_server_is_unregistered(run: Run) -> None:
    aws = LocalAws.start()
    os.killpg(aws.instance.group, 9)
    aws.stop()
    assert running() == []
    assert "no embedded AWS is running" in run("down").stderr
