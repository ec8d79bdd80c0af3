"""Creates log groups and parameters. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.local.aws.clients import ACCOUNT, REGION, Clients
from ops_dashboard.local.aws.engine.inputs import Inputs

Created = tuple[str, dict[str, Any]]


def _log_group(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    clients.untyped("logs").create_log_group(logGroupName=name)
    clients.untyped("logs").put_retention_policy(
        logGroupName=name, retentionInDays=inputs.number("retentionInDays")
    )
    return name, {"name": name, "arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"}


def _parameter(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    clients.untyped("ssm").put_parameter(
        Name=name,
        Type=inputs.text("type"),
        Value=inputs.text("value"),
        Tier=inputs.text_or_none("tier") or "Standard",
    )
    return name, {"name": name, "arn": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{name}"}


CREATE = {
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:ssm/parameter:Parameter": _parameter,
}
