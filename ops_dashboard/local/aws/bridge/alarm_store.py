"""Stores the alarms' metric queries for the local run. Edge (SSM).

ministack evaluates alarms itself, but ignores their dimensions, expressions and missing data, and
does not return their queries (docs/facts.md#ministack): the depth of the collage queue would
trigger the alarm of every dead-letter queue. So the engine creates alarms without a metric, which
ministack does not evaluate, and stores their definitions in SSM parameters; the bridge evaluates
those (`ops_dashboard.local.aws.bridge.alarm_rules`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ops_dashboard.local.aws.bridge.alarm_rules import AlarmDefinition
from ops_dashboard.local.aws.clients import Clients

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

_FOLDER = "/ministack/alarms"


def save(clients: Clients, definition: AlarmDefinition) -> None:
    """Store an alarm's definition; it replaces an earlier one of the same name."""
    clients.ssm.put_parameter(
        Name=f"{_FOLDER}/{definition.name}",
        Value=msgspec.json.encode(definition).decode(),
        Type="String",
        Overwrite=True,
    )


def load(clients: Clients) -> list[AlarmDefinition]:
    """Return the definitions of all alarms."""
    pages = clients.ssm.get_paginator("get_parameters_by_path").paginate(Path=_FOLDER)
    values: list[Any] = [item["Value"] for page in pages for item in page["Parameters"]]
    return [msgspec.json.decode(value, type=AlarmDefinition) for value in values]


def load_one(ssm: SSMClient, name: str) -> AlarmDefinition:
    """Return the definition of one alarm; raises boto3's ``ParameterNotFound`` without one."""
    found = ssm.get_parameter(Name=f"{_FOLDER}/{name}")
    return msgspec.json.decode(found["Parameter"].get("Value", ""), type=AlarmDefinition)
