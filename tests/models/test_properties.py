"""A nested property that pulumi-aws does not know, or of another type, is a problem."""

from __future__ import annotations

from typing import Any

import pytest

import pulumi
from tests.models.properties import property_problems

LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
RULE: dict[str, Any] = {"id": "a", "status": "Enabled", "filter": {"prefix": ""}}
FUNCTION: dict[str, Any] = {
    "role": "arn",
    "runtime": "python3.13",
    "architectures": ["arm64"],
    "memorySize": 128.0,
    "code": pulumi.FileArchive("x.zip"),
    "environment": {"variables": {"A": "x"}},
}


def rules(**change: object) -> dict[str, Any]:
    return {"bucket": "b", "rules": [RULE | change]}


def test_correct_properties_have_no_problem() -> None:
    transitions = [{"days": 30.0, "storageClass": "GLACIER"}]
    assert list(property_problems(LIFECYCLE, rules(transitions=transitions))) == []
    assert list(property_problems("aws:lambda/function:Function", FUNCTION)) == []


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ({"bucket": "b", "rule": []}, ".rule: unknown"),
        (rules(expires={"days": 1.0}), ".rules[0].expires: unknown"),
        (rules(expiration={"day": 1.0}), ".rules[0].expiration.day: unknown"),
        (rules(abort_incomplete_multipart_upload={}), ".rules[0].abort_incomplete_multipart_upl"),
        (rules(status=None), ".rules[0].status: missing"),
        (rules(transitions=[{"days": 1.0}]), ".rules[0].transitions[0].storageClass: missing"),
        (rules(expiration={"days": "1"}), ".rules[0].expiration.days: '1' is no int"),
        (rules(expiration={"days": True}), ".rules[0].expiration.days: True is no int"),
        (rules(id=1.0), ".rules[0].id: 1.0 is no str"),
        (rules(filter="x"), ".rules[0].filter: no block"),
        ({"bucket": "b", "rules": "x"}, ".rules: no list"),
    ],
)
def test_a_wrong_property_is_a_problem_that_names_it(inputs: dict[str, Any], problem: str) -> None:
    assert [each[: len(problem)] for each in property_problems(LIFECYCLE, inputs)] == [problem]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"environment": {"variables": {"A": 1.0}}},
            ".environment.variables['A']: 1.0 is no str",
        ),
        ({"environment": {"variables": ["A"]}}, ".environment.variables: no mapping"),
        ({"code": "x.zip"}, ".code: 'x.zip' is no "),
        ({"publish": "yes"}, ".publish: 'yes' is no bool"),
        ({"vpcConfig": {"subnetIds": ["s"]}}, ".vpcConfig.securityGroupIds: missing"),
    ],
)
def test_maps_archives_and_flags_are_checked_too(change: dict[str, Any], problem: str) -> None:
    found = list(property_problems("aws:lambda/function:Function", FUNCTION | change))
    assert [each[: len(problem)] for each in found] == [problem]
