"""Creates Lambda event source mappings. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.inputs import Inputs

_NUMBERS = {
    "batchSize": "BatchSize",
    "maximumBatchingWindowInSeconds": "MaximumBatchingWindowInSeconds",
    "parallelizationFactor": "ParallelizationFactor",
    "maximumRetryAttempts": "MaximumRetryAttempts",
    "maximumRecordAgeInSeconds": "MaximumRecordAgeInSeconds",
}


_FIXED = ("EventSourceArn", "StartingPosition")
"""What Lambda sets once, when a mapping is created."""


def _mapping(clients: Clients, inputs: Inputs) -> tuple[str, dict[str, Any]]:
    created = clients.untyped("lambda").create_event_source_mapping(**_parameters(inputs))
    return created["UUID"], {"uuid": created["UUID"], "functionArn": created["FunctionArn"]}


def _update(clients: Clients, inputs: Inputs, id_: str) -> None:
    parameters = _parameters(inputs)
    changeable = {key: parameters[key] for key in parameters if key not in _FIXED}
    clients.untyped("lambda").update_event_source_mapping(UUID=id_, **changeable)


def _parameters(inputs: Inputs) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "EventSourceArn": inputs.text("eventSourceArn"),
        "FunctionName": inputs.text("functionName"),
        "FunctionResponseTypes": inputs.texts("functionResponseTypes"),
        "Enabled": inputs.flag("enabled", default=True),
    }
    for ours, theirs in _NUMBERS.items():
        number = inputs.number_or_none(ours)
        if number is not None:
            parameters[theirs] = number
    if position := inputs.text_or_none("startingPosition"):
        parameters["StartingPosition"] = position
    if inputs.raw("bisectBatchOnFunctionError") is not None:
        parameters["BisectBatchOnFunctionError"] = inputs.flag("bisectBatchOnFunctionError")
    if destinations := inputs.block("destinationConfig"):
        failure = destinations.required_block("onFailure")
        parameters["DestinationConfig"] = {
            "OnFailure": {"Destination": failure.text("destinationArn")}
        }
    if scaling := inputs.block("scalingConfig"):
        parameters["ScalingConfig"] = {"MaximumConcurrency": scaling.number("maximumConcurrency")}
    return parameters


UPDATE = {"aws:lambda/eventSourceMapping:EventSourceMapping": _update}
CREATE = {"aws:lambda/eventSourceMapping:EventSourceMapping": _mapping}
