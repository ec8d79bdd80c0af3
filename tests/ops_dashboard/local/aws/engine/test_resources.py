"""The engine rejects what it does not support; small programs run against moto."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

import pulumi
from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine import program as language_host
from ops_dashboard.local.aws.engine.inputs import EngineError
from ops_dashboard.local.aws.engine.resources import Change
from tests.fakes.deployment_records import RecordsInMemory


@pytest.fixture
def clients() -> Iterator[Clients]:
    with mock_aws():
        yield Clients("https://sqs.us-east-1.amazonaws.com")


def run_program(
    clients: Clients,
    stack: str,
    config: dict[str, str],
    folder: Path,
    records: RecordsInMemory | None = None,
) -> list[Change]:
    """Run a program; moto has only the service of the clients' endpoint, so not its records."""
    return language_host.run_program(clients, stack, config, folder, records or RecordsInMemory())


def program(folder: Path, *lines: str) -> Path:
    """Write a Pulumi program of these lines, without bytecode of one written in the same second."""
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
    header = ["import pulumi", "import pulumi_aws as aws"]
    (folder / "__main__.py").write_text("\n".join([*header, *lines]), encoding="utf-8")
    return folder


QUEUE = (
    "q = aws.sqs.Queue('q', name='q', message_retention_seconds=60, visibility_timeout_seconds=30,"
    " receive_wait_time_seconds=0, sqs_managed_sse_enabled=True{more})"
)


def test_a_resource_is_created_and_its_real_outputs_reach_the_next(
    clients: Clients, tmp_path: Path
) -> None:
    lines = (
        QUEUE.format(more=""),
        "statement = {'Effect': 'Deny', 'Principal': '*', 'Action': 'sqs:*', 'Resource': q.arn}",
        "text = pulumi.Output.json_dumps({'Version': '2012-10-17', 'Statement': [statement]})",
        "aws.sqs.QueuePolicy('q', queue_url=q.url, policy=text)",
    )
    created = run_program(clients, "dev", {}, program(tmp_path, *lines))
    assert sorted(change.type for change in created) == [
        "aws:sqs/queue:Queue",
        "aws:sqs/queuePolicy:QueuePolicy",
    ]
    url = clients.sqs.get_queue_url(QueueName="q")["QueueUrl"]
    found = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert found["MessageRetentionPeriod"] == "60"
    assert found["QueueArn"] in found["Policy"]


EDGE_FUNCTION = "aws.cloudfront.Function('edge', runtime='cloudfront-js-2.0', code='')"


def test_an_unknown_type_is_an_error(clients: Clients, tmp_path: Path) -> None:
    with pytest.raises(
        EngineError, match="aws:cloudfront/function:Function edge: the engine does not support"
    ):
        run_program(clients, "dev", {}, program(tmp_path, EDGE_FUNCTION))


def test_an_unknown_input_is_an_error(clients: Clients, tmp_path: Path) -> None:
    lines = QUEUE.format(more=", delay_seconds=5")
    with pytest.raises(EngineError, match="Queue q: the engine does not support delaySeconds"):
        run_program(clients, "dev", {}, program(tmp_path, lines))


def test_an_unknown_invoke_is_an_error(clients: Clients, tmp_path: Path) -> None:
    line = "pulumi.export('zones', aws.get_availability_zones_output().names)"
    with pytest.raises(EngineError, match="getAvailabilityZones"):
        run_program(clients, "dev", {}, program(tmp_path, line))


def test_an_aws_error_names_the_resource(clients: Clients, tmp_path: Path) -> None:
    line = "aws.sqs.QueuePolicy('p', queue_url='https://localhost/1/none', policy='{}')"
    with pytest.raises(EngineError, match=r"QueuePolicy p: .*NonExistentQueue"):
        run_program(clients, "dev", {}, program(tmp_path, line))


def test_a_string_made_of_an_unknown_output_is_an_error(clients: Clients, tmp_path: Path) -> None:
    """It would put a message of Pulumi, not the queue's ARN, into the policy."""
    lines = (QUEUE.format(more=""), "pulumi.log.info(f'{q.arn}')")
    with pytest.raises(Exception, match="Calling __str__ on an Output"):
        run_program(clients, "dev", {}, program(tmp_path, *lines))


def test_an_error_of_the_program_propagates(clients: Clients, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        run_program(clients, "dev", {}, program(tmp_path, "1 / 0"))


def test_each_run_has_its_own_configuration_and_stack(clients: Clients, tmp_path: Path) -> None:
    name = "pulumi.get_stack() + '-' + pulumi.Config('coverstream').require('word')"
    folder = program(tmp_path, QUEUE.format(more="").replace("name='q'", f"name={name}"))
    run_program(clients, "one", {"coverstream:word": "first"}, folder)
    run_program(clients, "two", {"coverstream:word": "second"}, folder)
    urls = clients.sqs.list_queues()["QueueUrls"]
    assert [url.rpartition("/")[2] for url in urls] == ["one-first", "two-second"]
    with pytest.raises(pulumi.ConfigMissingError, match="word"):
        run_program(clients, "three", {}, folder)


def test_a_second_run_of_the_same_program_changes_nothing(clients: Clients, tmp_path: Path) -> None:
    records, folder = RecordsInMemory(), program(tmp_path, QUEUE.format(more=""))
    assert len(run_program(clients, "dev", {}, folder, records)) == 1
    assert run_program(clients, "dev", {}, folder, records) == []


def test_a_changed_input_updates_its_resource(clients: Clients, tmp_path: Path) -> None:
    records = RecordsInMemory()
    lines = QUEUE.format(more="")
    run_program(clients, "dev", {}, program(tmp_path, lines), records)
    longer = lines.replace("message_retention_seconds=60", "message_retention_seconds=90")
    (change,) = run_program(clients, "dev", {}, program(tmp_path, longer), records)
    assert change.inputs == ("messageRetentionSeconds",)
    url = clients.sqs.get_queue_url(QueueName="q")["QueueUrl"]
    found = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert found["MessageRetentionPeriod"] == "90"
    assert run_program(clients, "dev", {}, program(tmp_path, longer), records) == []


def test_a_change_that_needs_a_new_resource_is_refused(clients: Clients, tmp_path: Path) -> None:
    records = RecordsInMemory()
    run_program(clients, "dev", {}, program(tmp_path, QUEUE.format(more="")), records)
    renamed = QUEUE.format(more="").replace("name='q'", "name='other'")
    with pytest.raises(EngineError, match="Queue q: the engine cannot change name of what is dep"):
        run_program(clients, "dev", {}, program(tmp_path, renamed), records)


def test_a_resource_that_is_no_longer_declared_is_an_error(
    clients: Clients, tmp_path: Path
) -> None:
    records = RecordsInMemory()
    run_program(clients, "dev", {}, program(tmp_path, QUEUE.format(more="")), records)
    with pytest.raises(EngineError, match="no longer declared: aws:sqs/queue:Queue q"):
        run_program(clients, "dev", {}, program(tmp_path, ""), records)
