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


def _update_log_group(clients: Clients, inputs: Inputs, id_: str) -> None:
    inputs.text("name")
    clients.untyped("logs").put_retention_policy(
        logGroupName=id_, retentionInDays=inputs.number("retentionInDays")
    )


def _parameter(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    clients.untyped("ssm").put_parameter(**_parameter_inputs(inputs))
    return name, {"name": name, "arn": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{name}"}


def _update_parameter(clients: Clients, inputs: Inputs, _: str) -> None:
    clients.untyped("ssm").put_parameter(**_parameter_inputs(inputs), Overwrite=True)


def _parameter_inputs(inputs: Inputs) -> dict[str, str]:
    return {
        "Name": inputs.text("name"),
        "Type": inputs.text("type"),
        "Value": inputs.text("value"),
        "Tier": inputs.text_or_none("tier") or "Standard",
    }


UPDATE = {
    "aws:cloudwatch/logGroup:LogGroup": _update_log_group,
    "aws:ssm/parameter:Parameter": _update_parameter,
}
CREATE = {
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:ssm/parameter:Parameter": _parameter,
}
