"""Creates EventBridge buses, archives, rules, targets and schedules. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.inputs import Inputs

Created = tuple[str, dict[str, Any]]


def _bus(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    arn = clients.untyped("events").create_event_bus(Name=name)["EventBusArn"]
    return name, {"name": name, "arn": arn}


def _archive(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    made = clients.untyped("events").create_archive(
        ArchiveName=name,
        EventSourceArn=inputs.text("eventSourceArn"),
        EventPattern=inputs.document("eventPattern"),
        RetentionDays=inputs.number("retentionDays"),
    )
    return name, {"name": name, "arn": made["ArchiveArn"]}


def _update_archive(clients: Clients, inputs: Inputs, id_: str) -> None:
    inputs.text("name")
    inputs.text("eventSourceArn")  # cannot change without the bus
    clients.untyped("events").update_archive(
        ArchiveName=id_,
        EventPattern=inputs.document("eventPattern"),
        RetentionDays=inputs.number("retentionDays"),
    )


def _rule(clients: Clients, inputs: Inputs) -> Created:
    name, bus = inputs.text("name"), inputs.text("eventBusName")
    made = clients.untyped("events").put_rule(
        Name=name, EventBusName=bus, EventPattern=inputs.document("eventPattern"), State="ENABLED"
    )
    return f"{bus}/{name}", {"name": name, "arn": made["RuleArn"], "eventBusName": bus}


def _target(clients: Clients, inputs: Inputs) -> Created:
    rule, bus, id_ = inputs.text("rule"), inputs.text("eventBusName"), inputs.text("targetId")
    target: dict[str, Any] = {
        "Id": id_,
        "Arn": inputs.text("arn"),
        "RetryPolicy": _retry(inputs),
        "DeadLetterConfig": {"Arn": inputs.required_block("deadLetterConfig").text("arn")},
    }
    if (role := inputs.text_or_none("roleArn")) is not None:
        target["RoleArn"] = role
    if (transformer := inputs.block("inputTransformer")) is not None:
        target["InputTransformer"] = {
            "InputPathsMap": transformer.map("inputPaths"),
            "InputTemplate": transformer.text("inputTemplate"),
        }
    answer = clients.untyped("events").put_targets(Rule=rule, EventBusName=bus, Targets=[target])
    if answer["FailedEntryCount"]:
        raise inputs.invalid(name="arn", expected=f"accepted: {answer['FailedEntries']}")
    return f"{rule}-{id_}", {}


def _connection(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    key = inputs.required_block("authParameters").required_block("apiKey")
    made = clients.untyped("events").create_connection(
        Name=name,
        AuthorizationType=inputs.text("authorizationType"),
        AuthParameters={
            "ApiKeyAuthParameters": {
                "ApiKeyName": key.text("key"),
                "ApiKeyValue": key.text("value"),
            }
        },
    )
    return name, {"name": name, "arn": made["ConnectionArn"]}


def _api_destination(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    made = clients.untyped("events").create_api_destination(
        Name=name,
        ConnectionArn=inputs.text("connectionArn"),
        InvocationEndpoint=inputs.text("invocationEndpoint"),
        HttpMethod=inputs.text("httpMethod"),
        InvocationRateLimitPerSecond=inputs.number("invocationRateLimitPerSecond"),
    )
    return name, {"name": name, "arn": made["ApiDestinationArn"]}


def _schedule(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    made = clients.untyped("scheduler").create_schedule(**_schedule_parameters(inputs))
    outputs = {"name": name, "arn": made["ScheduleArn"], "groupName": "default"}
    return f"default/{name}", outputs


def _update_schedule(clients: Clients, inputs: Inputs, _: str) -> None:
    clients.untyped("scheduler").update_schedule(**_schedule_parameters(inputs))


def _schedule_parameters(inputs: Inputs) -> dict[str, Any]:
    target = inputs.required_block("target")
    letters = target.block("deadLetterConfig")
    return {
        "Name": inputs.text("name"),
        "ScheduleExpression": inputs.text("scheduleExpression"),
        "FlexibleTimeWindow": {"Mode": inputs.required_block("flexibleTimeWindow").text("mode")},
        "State": "ENABLED",
        "Target": {
            "Arn": target.text("arn"),
            "RoleArn": target.text("roleArn"),
            "RetryPolicy": _retry(target),
            **({"Input": event} if (event := target.text_or_none("input")) else {}),
            **({"DeadLetterConfig": {"Arn": letters.text("arn")}} if letters else {}),
        },
    }


def _retry(inputs: Inputs) -> dict[str, int]:
    retry = inputs.required_block("retryPolicy")
    return {
        "MaximumEventAgeInSeconds": retry.number("maximumEventAgeInSeconds"),
        "MaximumRetryAttempts": retry.number("maximumRetryAttempts"),
    }


REPLACING = {
    "aws:cloudwatch/eventRule:EventRule": _rule,
    "aws:cloudwatch/eventTarget:EventTarget": _target,
}
UPDATE = {
    "aws:cloudwatch/eventArchive:EventArchive": _update_archive,
    "aws:scheduler/schedule:Schedule": _update_schedule,
}
CREATE = {
    **REPLACING,
    "aws:cloudwatch/eventBus:EventBus": _bus,
    "aws:cloudwatch/eventArchive:EventArchive": _archive,
    "aws:cloudwatch/eventConnection:EventConnection": _connection,
    "aws:cloudwatch/eventApiDestination:EventApiDestination": _api_destination,
    "aws:scheduler/schedule:Schedule": _schedule,
}
