"""Creates SQS queues and their policies. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.inputs import Inputs

Created = tuple[str, dict[str, Any]]


def _queue(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    made = clients.untyped("sqs").create_queue(QueueName=name, Attributes=_attributes(inputs))
    url = made["QueueUrl"]
    found = clients.untyped("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, {"name": name, "url": url, "arn": found["Attributes"]["QueueArn"]}


def _update_queue(clients: Clients, inputs: Inputs, id_: str) -> None:
    inputs.text("name")
    clients.untyped("sqs").set_queue_attributes(QueueUrl=id_, Attributes=_attributes(inputs))


def _attributes(inputs: Inputs) -> dict[str, str]:
    attributes = {
        "MessageRetentionPeriod": str(inputs.number("messageRetentionSeconds")),
        "VisibilityTimeout": str(inputs.number("visibilityTimeoutSeconds")),
        "ReceiveMessageWaitTimeSeconds": str(inputs.number("receiveWaitTimeSeconds")),
        **_encryption(inputs),
    }
    if inputs.raw("redrivePolicy") is not None:
        attributes["RedrivePolicy"] = inputs.document("redrivePolicy")
    return attributes


def _encryption(inputs: Inputs) -> dict[str, str]:
    key = inputs.text_or_none("kmsMasterKeyId")
    if key is None:
        return {"SqsManagedSseEnabled": str(inputs.flag("sqsManagedSseEnabled")).lower()}
    reuse_s = inputs.number("kmsDataKeyReusePeriodSeconds")
    return {"KmsMasterKeyId": key, "KmsDataKeyReusePeriodSeconds": str(reuse_s)}


def _policy(clients: Clients, inputs: Inputs) -> Created:
    url = inputs.text("queueUrl")
    clients.untyped("sqs").set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": inputs.document("policy")}
    )
    return url, {}


def _redrive_allow(clients: Clients, inputs: Inputs) -> Created:
    url = inputs.text("queueUrl")
    clients.untyped("sqs").set_queue_attributes(
        QueueUrl=url, Attributes={"RedriveAllowPolicy": inputs.document("redriveAllowPolicy")}
    )
    return url, {}


UPDATE = {"aws:sqs/queue:Queue": _update_queue}
REPLACING = {
    "aws:sqs/queuePolicy:QueuePolicy": _policy,
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": _redrive_allow,
}
CREATE = {"aws:sqs/queue:Queue": _queue, **REPLACING}
