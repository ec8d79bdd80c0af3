"""``local up``, ``local down`` and ``local status``; what outlives a process is started by one."""

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

import msgspec
import psutil
import pytest

from ops_dashboard.local.aws.bridge.process import start_bridge
from ops_dashboard.local.aws.engine.waiting import wait_until
from ops_dashboard.local.aws.instances import Instance, running
from ops_dashboard.local.aws.ministack import stop
from ops_dashboard.local.aws.process import group_is_alive
from ops_dashboard.local.aws.stack import LocalAws, stack_settings
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.stack_outputs import StackOutputs, parameter_name
from tests.fakes.command_line import Commands, Outcome

Run = Callable[..., Outcome]
PATIENCE_S = 60


@pytest.fixture(autouse=True)
def state_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A registry of instances that is empty at first; what still runs at the end is stopped."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    yield
    for instance in running():
        stop(instance)


@pytest.fixture
def run(commands: Commands) -> Run:
    """Run ``ops-dashboard local …`` in this process."""
    return lambda *arguments: commands.run("ops-dashboard", "local", *arguments)


def run_apart(*arguments: str) -> Outcome:
    """Run ``ops-dashboard local …`` in a process that ends before the next command starts."""
    program = Path(sys.executable).with_name("ops-dashboard")
    done = subprocess.run(  # noqa: S603 - our own arguments
        [program, "local", *arguments], capture_output=True, text=True, check=False
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def exported(output: str) -> dict[str, str]:
    """Return the environment variables of a shell that has evaluated `output`."""
    pairs = (shlex.split(line) for line in output.splitlines())
    return dict(words[1].split("=", 1) for words in pairs if words[0] == "export")


def test_the_same_up_finds_restores_or_deploys_and_down_removes_everything(
    run: Run, tmp_path: Path
) -> None:
    """One history, because each deployment takes some ten seconds."""
    same = ("up", "--state", str(tmp_path / "kept"), "--allow-source", "127.0.0.1:9")
    first = run_apart(*same)
    assert first.code == 0, first.err
    check_variables(first.out)
    kill(running()[0])  # before anything was saved
    second = run_apart(*same)
    assert (second.code, second.out) == (0, first.out), second.err
    assert "was not saved" in second.err
    (instance,) = running()
    check_use(run, same, instance)
    outputs = leave_traces(LocalAws(instance))
    check_bridge_exits_with_its_aws(run, instance)
    assert running() == []
    assert not group_is_alive(instance.group)
    assert not Path(instance.folder).exists()

    for _ in ("after down", "after a kill"):  # which loses what came after the last save
        again = run_apart(*same)
        assert (again.code, again.out) == (0, first.out), again.err
        assert "is restored on" in again.err
        check_traces(LocalAws(running()[0]), outputs)
        kill(running()[0])


def kill(instance: Instance) -> None:
    """End an embedded AWS as a reboot does."""
    os.killpg(instance.group, signal.SIGKILL)


def check_variables(output: str) -> None:
    """The output of ``local up`` leads a shell to a deployed stack that outlives the command."""
    assert len(output.splitlines()) == 5
    variables = exported(output)
    assert (variables["AWS_ACCESS_KEY_ID"], variables["AWS_REGION"]) == ("test", "us-east-1")
    (instance,) = running()
    assert instance.endpoint == variables["AWS_ENDPOINT_URL"]
    assert LocalAws(instance).outputs().stack == "dev"


def check_an_older_stack_is_not_used(run: Run, same: tuple[str, ...], aws: LocalAws) -> None:
    """A stack that an older release deployed is not used, and not deleted either."""
    now = aws.outputs()
    store_outputs(aws, msgspec.structs.replace(now, level=0))
    refused = run(*same)
    assert (refused.code, refused.out) == (2, "")
    assert f"level 1: stop it (ops-dashboard local down --port {aws.instance.port})" in refused.err
    (listed,) = json.loads(run("status", "--json").out)
    assert (listed["is_deployed"], listed["fits"]) == (True, False)
    store_outputs(aws, now)


def store_outputs(aws: LocalAws, outputs: StackOutputs) -> None:
    aws.clients.ssm.put_parameter(
        Name=parameter_name("dev"),
        Value=msgspec.json.encode(outputs).decode(),
        Type="String",
        Overwrite=True,
    )


def check_use(run: Run, same: tuple[str, ...], instance: Instance) -> None:
    """A running instance is listed, found by the same call, and refused to any other."""
    (listed,) = json.loads(run("status", "--json").out)
    assert (listed["port"], listed["is_deployed"]) == (instance.port, True)
    assert listed["fits"]
    assert listed["state"] == instance.state
    twice = run(*same)
    assert (twice.code, len(twice.out.splitlines())) == (0, 5)
    assert "is already running on" in twice.err
    check_an_older_stack_is_not_used(run, same, LocalAws(instance))
    busy = run("up", f"--state={instance.state}")
    assert busy.code != 0
    assert f"on port {instance.port} is using" in busy.err


def leave_traces(aws: LocalAws) -> StackOutputs:
    """Write an object and a message; return the outputs of the stack."""
    outputs = aws.outputs()
    aws.clients.s3.put_object(Bucket=outputs.output_bucket, Key="a/b c", Body=b"kept")
    aws.clients.sqs.send_message(
        QueueUrl=outputs.dead_letter_urls["sweeper"], MessageBody="a letter"
    )
    return outputs


def check_traces(aws: LocalAws, outputs: StackOutputs) -> None:
    """Table, objects and functions are there, on the same port, which is in the queues' URLs."""
    assert aws.outputs() == outputs
    stored = aws.clients.s3.get_object(Bucket=outputs.output_bucket, Key="a/b c")["Body"].read()
    assert stored == b"kept"
    received = aws.clients.sqs.receive_message(
        QueueUrl=outputs.dead_letter_urls["sweeper"], VisibilityTimeout=0
    )
    assert [message["Body"] for message in received["Messages"]] == ["a letter"]
    mappings = aws.clients.functions.list_event_source_mappings()["EventSourceMappings"]
    assert {mapping["State"] for mapping in mappings} == {"Enabled"}


def check_bridge_exits_with_its_aws(run: Run, instance: Instance) -> None:
    """``up`` has started a bridge, which publishes metrics; one of the test's own exits with 0."""
    aws = LocalAws(instance)
    cloudwatch = aws.clients.untyped("cloudwatch")
    wait_until(lambda: bool(cloudwatch.list_metrics(Namespace="AWS/SQS")["Metrics"]), "metrics")
    assert Path(instance.folder, "bridge.log").read_text() == ""
    process = start_bridge(instance)
    wait_until(lambda: psutil.Process(process.pid).net_connections() != [], "a connection")
    down = run("down")
    assert down.code == 0, down.err
    assert f"local up --state {instance.state}" in down.err
    assert process.wait(timeout=PATIENCE_S) == 0


def test_status_says_when_nothing_runs(run: Run) -> None:
    assert "no embedded AWS is running" in run("status").err
    assert run("status", "--json").out == "[]\n"


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
        assert undecided.code != 0
        assert "several are running" in undecided.err
        monkeypatch.setenv("AWS_ENDPOINT_URL", first.endpoint)
        assert run("down").code == 0  # the shell's own
        assert [instance.port for instance in running()] == [second.instance.port]
        assert run("down", "--port", str(second.instance.port)).code == 0
        assert running() == []
    finally:
        first.stop()
        second.stop()


def test_down_with_nothing_running_says_so(run: Run) -> None:
    assert "no embedded AWS is running" in run("down").err
    assert run("down", "--all").code == 0


def test_a_killed_server_is_unregistered(run: Run) -> None:
    aws = LocalAws.start()
    os.killpg(aws.instance.group, 9)
    aws.stop()
    assert running() == []
    assert "no embedded AWS is running" in run("down").err
