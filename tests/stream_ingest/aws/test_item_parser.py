from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from botocore.parsers import JSONParser, RestXMLParser

from stream_ingest.aws import clients
from stream_ingest.aws.item_parser import ItemParser

VALUES: dict[str, dict[str, Any]] = {
    "text": {"S": "\u0645 <b>"},
    "empty": {"S": ""},
    "number": {"N": "-1.5E+3"},
    "bytes": {"B": "AAECAw=="},
    "yes": {"BOOL": False},
    "nothing": {"NULL": True},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
    "parts": {"BS": ["AAE=", ""]},
    "list": {"L": [{"S": "a"}, {"B": "AA=="}, {"L": []}]},
    "map": {"M": {"S": {"M": {"B": {"B": "/w=="}}}, "none": {"M": {}}}},
}


def parsed(parser: JSONParser, service: str, operation: str, body: object) -> Any:  # noqa: ANN401 - as botocore's
    model: Any = botocore.session.get_session().get_service_model(service)
    response = {"status_code": 200, "headers": {}, "body": json.dumps(body).encode()}
    return parser.parse(response, model.operation_model(operation).output_shape)


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("GetItem", {"Item": VALUES}),
        ("GetItem", {}),
        ("Query", {"Items": [VALUES, {}], "Count": 2, "LastEvaluatedKey": {"a": {"S": "b"}}}),
        ("UpdateItem", {"Attributes": VALUES}),
        ("BatchGetItem", {"Responses": {"t": [VALUES]}, "UnprocessedKeys": {}}),
        (
            "BatchGetItem",
            {"Responses": {}, "UnprocessedKeys": {"t": {"Keys": [{"a": {"S": "b"}}]}}},
        ),
    ],
)
def test_items_are_parsed_as_botocore_parses_them(operation: str, body: object) -> None:
    own = parsed(ItemParser(), "dynamodb", operation, body)
    assert own == parsed(JSONParser(), "dynamodb", operation, body)


def test_a_map_of_another_service_with_a_shape_of_the_same_name_is_left_alone() -> None:
    body = {"Entries": [{"a": "b"}], "TypeName": "t"}
    own = parsed(ItemParser(), "ssm", "ListInventoryEntries", body)
    assert own == parsed(JSONParser(), "ssm", "ListInventoryEntries", body)
    assert own["Entries"] == [{"a": "b"}]


def test_the_clients_of_a_session_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client: Any = clients.session().client("dynamodb")
    factory = client._endpoint._response_parser_factory  # noqa: SLF001 - shown nowhere else
    assert isinstance(factory.create_parser("json"), ItemParser)
    assert isinstance(factory.create_parser("rest-xml"), RestXMLParser)
