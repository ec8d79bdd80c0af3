"""Two implementations of one table, called with the same requests: moto's and `FakeDynamoDb`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tests.fakes.ingest.aws import TABLE, create_table
from tests.faults.harness.aws.dynamodb import FakeDynamoDb

_DROPPED = (
    "ResponseMetadata",
    "ConsumedCapacity",
    "ItemCollectionMetrics",
    "ScannedCount",
    "UnprocessedKeys",
)


class DynamoDbPair:
    """The same table in moto and in `FakeDynamoDb`."""

    def __init__(self, moto: Any) -> None:  # noqa: ANN401 - a boto3 client
        self.moto, self.fake = moto, FakeDynamoDb(page_items=1_000)
        if TABLE in moto.list_tables()["TableNames"]:
            moto.delete_table(TableName=TABLE)
        create_table(moto)
        create_table(self.fake)

    def both(self, operation: str, **request: Any) -> Any:  # noqa: ANN401 - as boto3
        """Call both, assert that they answer alike, and return the answer."""
        answers = [answer(getattr(each, operation), request) for each in (self.moto, self.fake)]
        assert answers[1] == answers[0], (operation, request)
        return answers[1]

    def same(self) -> None:
        """Assert that both tables are equal."""
        moto, fake = (each.scan(TableName=TABLE)["Items"] for each in (self.moto, self.fake))
        assert sorted(map(ordered, fake)) == sorted(map(ordered, moto))


def ordered(item: dict[str, Any]) -> str:
    """Return an item's text, with the members of sets sorted."""
    return repr(sorted((name, sorted_set(value)) for name, value in item.items()))


def sorted_set(value: dict[str, Any]) -> object:
    ((kind, content),) = value.items()
    return (kind, sorted(content) if kind in {"NS", "SS"} else content)


def answer(call: Callable[..., Any], request: dict[str, Any]) -> Any:  # noqa: ANN401 - as boto3
    """Return a comparable answer, or an error's code, reasons and item."""
    try:
        found = {name: each for name, each in call(**request).items() if name not in _DROPPED}
    except ClientError as error:
        response: Any = error.response
        reasons = [each.get("Code") for each in response.get("CancellationReasons", [])]
        return (
            response["Error"]["Code"],
            reasons,
            response.get("Item") and ordered(response["Item"]),
        )
    for listed in ("Items", "Responses"):
        if listed in found:
            items = found[listed] if listed == "Items" else found[listed].get(TABLE, [])
            found[listed] = sorted(map(ordered, items))
    if "Attributes" in found:
        found["Attributes"] = ordered(found["Attributes"])
    return found
