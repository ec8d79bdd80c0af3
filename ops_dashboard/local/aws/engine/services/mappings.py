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


def _mapping(clients: Clients, inputs: Inputs) -> tuple[str, dict[str, Any]]:
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
    created = clients.untyped("lambda").create_event_source_mapping(**parameters)
    return created["UUID"], {"uuid": created["UUID"], "functionArn": created["FunctionArn"]}


CREATE = {"aws:lambda/eventSourceMapping:EventSourceMapping": _mapping}
