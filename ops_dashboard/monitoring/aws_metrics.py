"""The metrics of AWS that we use, with the dimensions that AWS documents for them. Pure.

`check_documented` rejects any other name or dimension when the Pulumi program runs; AWS would
accept it and show an empty chart (docs/facts.md#empty-charts).

Sources, by namespace: AWS/Lambda "Types of metrics for Lambda functions"; AWS/Kinesis "Monitoring
Kinesis Data Streams with CloudWatch" (stream-level); AWS/SQS "Available CloudWatch metrics for
Amazon SQS"; AWS/Events "Monitoring Amazon EventBridge" (a rule of a custom bus: by bus and rule);
AWS/DynamoDB "DynamoDB metrics and dimensions"; AWS/Logs "Monitoring usage with CloudWatch metrics".
"""

from __future__ import annotations

from collections.abc import Iterable

_ACCOUNT = frozenset[str]()
"""No dimension: the sum of the account in a region."""
_FUNCTION = (frozenset({"FunctionName"}),)
_STREAM = (frozenset({"StreamName"}),)
_QUEUE = (frozenset({"QueueName"}),)
_RULE = (frozenset({"EventBusName", "RuleName"}),)
_LOG_GROUP = (frozenset({"LogGroupName"}),)
_TABLE = (frozenset({"TableName"}), frozenset({"TableName", "GlobalSecondaryIndexName"}))

DOCUMENTED: dict[str, dict[str, tuple[frozenset[str], ...]]] = {
    "AWS/Lambda": dict.fromkeys(
        (
            "Invocations",
            "Errors",
            "Throttles",
            "Duration",
            "IteratorAge",
            "DestinationDeliveryFailures",
        ),
        _FUNCTION,
    )
    | {"ConcurrentExecutions": (*_FUNCTION, _ACCOUNT)},
    "AWS/Kinesis": dict.fromkeys(
        (
            "IncomingBytes",
            "IncomingRecords",
            "GetRecords.IteratorAgeMilliseconds",
            "WriteProvisionedThroughputExceeded",
            "ReadProvisionedThroughputExceeded",
        ),
        _STREAM,
    ),
    "AWS/SQS": dict.fromkeys(
        (
            "ApproximateNumberOfMessagesVisible",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateAgeOfOldestMessage",
            "NumberOfMessagesSent",
            "NumberOfMessagesDeleted",
        ),
        _QUEUE,
    ),
    "AWS/Events": dict.fromkeys(
        ("TriggeredRules", "Invocations", "FailedInvocations", "InvocationsSentToDlq"), _RULE
    ),
    "AWS/DynamoDB": dict.fromkeys(
        (
            "ConsumedReadCapacityUnits",
            "ConsumedWriteCapacityUnits",
            "ReadThrottleEvents",
            "WriteThrottleEvents",
        ),
        _TABLE,
    ),
    "AWS/Logs": dict.fromkeys(("EMFParsingErrors", "EMFValidationErrors"), _LOG_GROUP),
}


def check_documented(namespace: str, name: str, dimensions: Iterable[str]) -> None:
    """Raise `ValueError` for a metric that AWS does not document under these dimensions."""
    given = frozenset(dimensions)
    if given not in DOCUMENTED.get(namespace, {}).get(name, ()):
        msg = f"{namespace} {name} is not documented by {', '.join(sorted(given))}"
        raise ValueError(msg)
