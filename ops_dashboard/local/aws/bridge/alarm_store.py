"""What an alarm watches, kept for the local run beside the alarm itself. Edge (SSM).

ministack evaluates alarms by itself, but passes over their dimensions, expressions and missing
data, and forgets the queries (docs/facts.md#ministack): the depth of the collage queue would raise
the alarm of every dead-letter queue. So the engine gives it alarms that name no metric, which it
leaves alone, and keeps here what they watch; `ops_dashboard.local.aws.bridge.alarm_rules` evaluates
them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ops_dashboard.local.aws.bridge.alarm_rules import Definition
from ops_dashboard.local.aws.clients import Clients

_FOLDER = "/ministack/alarms"


def keep(clients: Clients, definition: Definition) -> None:
    """Keep an alarm's definition; the latest of a name replaces an earlier one."""
    clients.ssm.put_parameter(
        Name=f"{_FOLDER}/{definition.name}",
        Value=msgspec.json.encode(definition).decode(),
        Type="String",
        Overwrite=True,
    )


def load(clients: Clients) -> list[Definition]:
    """Return the definitions of all alarms."""
    pages = clients.ssm.get_paginator("get_parameters_by_path").paginate(Path=_FOLDER)
    values: list[Any] = [item["Value"] for page in pages for item in page["Parameters"]]
    return [msgspec.json.decode(value, type=Definition) for value in values]
