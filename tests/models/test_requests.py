"""Each rule of a service's model is checked: these requests break one each."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.model import Shape, StructureShape
from botocore.session import Session

from tests.models.requests import request_problems

LAMBDA = Session().get_service_model("lambda")
EVENTS = Session().get_service_model("events")

FUNCTION: dict[str, Any] = {
    "FunctionName": "coverstream-dev-collage",
    "Role": "arn:aws:iam::123456789012:role/coverstream-dev-collage-function",
    "Code": {"ZipFile": b"zip"},
    "Timeout": 120,
    "Runtime": "python3.13",
    "Environment": {"Variables": {"COVERSTREAM_TABLE": "t"}},
}
TARGETS: dict[str, Any] = {"Rule": "r", "Targets": [{"Id": "queue", "Arn": "arn:aws:sqs:r:a:q"}]}


def shape_of(service: Any, operation: str) -> Shape:  # noqa: ANN401 - botocore has no types here
    shape = service.operation_model(operation).input_shape
    assert shape is not None
    return shape


CREATE_FUNCTION = shape_of(LAMBDA, "CreateFunction")
PUT_TARGETS = shape_of(EVENTS, "PutTargets")


def test_a_correct_request_has_no_problem() -> None:
    assert list(request_problems(CREATE_FUNCTION, FUNCTION)) == []
    assert list(request_problems(PUT_TARGETS, TARGETS)) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"Role": None}, ".Role: NoneType is no string"),
        ({"Rolle": "x"}, ".Rolle: unknown"),
        ({"Code": {"Zip": b""}}, ".Code.Zip: unknown"),
        ({"Timeout": "120"}, ".Timeout: str is no integer"),
        ({"Timeout": True}, ".Timeout: bool is no integer"),
        ({"Timeout": 0}, ".Timeout: 0 is below 1"),
        ({"MemorySize": 64}, ".MemorySize: 64 is below 128"),
        ({"MemorySize": 40_000}, ".MemorySize: 40000 is above 32768"),
        ({"Runtime": "python4"}, ".Runtime: 'python4' is none of "),
        ({"Architectures": ["arm"]}, ".Architectures[0]: 'arm' is none of arm64, x86_64"),
        ({"Architectures": []}, ".Architectures: shorter than 1"),
        ({"Architectures": ["arm64", "x86_64"]}, ".Architectures: longer than 1"),
        ({"Description": "d" * 257}, ".Description: longer than 256"),
        ({"FunctionName": "a b"}, ".FunctionName: 'a b' does not match "),
        ({"Role": "role"}, ".Role: 'role' does not match arn:"),
        ({"Environment": {"Variables": {"0": "x"}}}, ".Environment.Variables['0']: '0' does not"),
        (
            {"Environment": {"Variables": {"AB": 1}}},
            ".Environment.Variables['AB']: int is no string",
        ),
        ({"Publish": "yes"}, ".Publish: str is no boolean"),
        ({"Code": []}, ".Code: list is no structure"),
    ],
)
def test_a_broken_rule_is_a_problem_that_names_the_member(
    change: dict[str, Any], problem: str
) -> None:
    (found,) = request_problems(CREATE_FUNCTION, FUNCTION | change)
    assert found.startswith(problem)


@pytest.mark.parametrize("name", ["FunctionName", "Role", "Code"])
def test_a_missing_member_is_a_problem(name: str) -> None:
    less = {key: FUNCTION[key] for key in FUNCTION if key != name}
    assert list(request_problems(CREATE_FUNCTION, less)) == [f".{name}: missing"]


def test_every_problem_of_a_nested_list_is_reported() -> None:
    targets = [{"Id": "a b", "Arn": "a"}, {"Id": "i" * 65}]
    found = list(request_problems(PUT_TARGETS, {"Rule": "r" * 65, "Targets": targets}))
    assert [each.partition(": ")[0] for each in found] == [
        ".Rule",
        ".Targets[0].Id",
        ".Targets[1].Arn",
        ".Targets[1].Id",
    ]


def test_a_union_has_exactly_one_member() -> None:
    members = {"A": {"shape": "S"}, "B": {"shape": "S"}}
    model = {"type": "structure", "members": members, "union": True}
    string = Shape("S", {"type": "string"})

    class Resolver:
        def get_shape_by_name(self, *_: object) -> Shape:
            return string

        resolve_shape_ref = get_shape_by_name

    union = StructureShape("U", model, Resolver())
    assert list(request_problems(union, {"A": "x"})) == []
    assert list(request_problems(union, {"A": "x", "B": "y"})) == [": not exactly one of A, B"]
    assert list(request_problems(union, {})) == [": not exactly one of A, B"]


def test_a_pattern_that_python_cannot_read_is_reported_instead_of_skipped() -> None:
    shape = Shape("S", {"type": "string", "pattern": r"[\p{L}]+"})
    (found,) = request_problems(shape, "x")
    assert "unchecked" in found
