"""Each rule of the grammar of a resource's policy is checked: these policies break one each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.models.policies import resource_policy_problems

QUEUE = "arn:aws:sqs:us-east-1:123456789012:collage"
STATEMENT: dict[str, Any] = {
    "Sid": "Deliver",
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": ["sqs:SendMessage"],
    "Resource": [QUEUE],
    "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:events:us-east-1:123456789012:rule/r"}},
}


def problems(*statements: dict[str, Any], version: str = "2012-10-17") -> list[str]:
    document = {"Version": version, "Statement": list(statements)}
    return list(resource_policy_problems("sqs", json.dumps(document)))


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        {"AWS": "*"},
        {"AWS": ["123456789012", "arn:aws-cn:iam::123456789012:role/r"]},
        {"Service": ["events.amazonaws.com", "logs.eu-central-1.amazonaws.com"]},
        {"CanonicalUser": "0" * 64},
    ],
)
def test_a_correct_policy_has_no_problem(principal: object) -> None:
    assert problems(STATEMENT | {"Principal": principal}) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"Principal": None}, "Statement[0].Principal: None is neither * nor a kind"),
        (
            {"Principal": "events.amazonaws.com"},
            "Statement[0].Principal: 'events.amazonaws.com' is",
        ),
        ({"Principal": {}}, "Statement[0].Principal: {} is neither"),
        (
            {"Principal": {"Services": "s3.amazonaws.com"}},
            "Statement[0].Principal: Services is none",
        ),
        ({"Principal": {"Service": "events"}}, "Statement[0].Principal.Service: 'events' does not"),
        ({"Principal": {"Service": []}}, "Statement[0].Principal.Service: empty"),
        ({"Principal": {"AWS": "ann"}}, "Statement[0].Principal.AWS: 'ann' does not match"),
        ({"Principal": {"AWS": 123456789012}}, "Statement[0].Principal.AWS: 123456789012 does"),
        ({"Action": "sns:Publish"}, "Statement[0]: sns:Publish is no action of sqs"),
        ({"Action": []}, "Policy statement must contain actions"),
        ({"Effect": "Permit"}, "Syntax errors in policy"),
        ({"Conditions": {}}, "Syntax errors in policy"),
        ({"Condition": {"ArnIs": {"aws:SourceArn": "a"}}}, "Syntax errors in policy"),
        ({"Resource": "collage"}, "Resource collage must be in ARN format"),
    ],
)
def test_a_broken_rule_is_a_problem_that_names_it(change: dict[str, Any], problem: str) -> None:
    (found,) = problems(STATEMENT | change)
    assert found.startswith(problem)


@pytest.mark.parametrize("part", ["Effect", "Principal", "Action", "Resource"])
def test_a_statement_without_a_part_is_a_problem(part: str) -> None:
    assert len(problems({key: STATEMENT[key] for key in STATEMENT if key != part})) == 1


def test_a_policy_of_another_version_or_with_a_repeated_sid_is_a_problem() -> None:
    assert len(problems(STATEMENT, version="2012-10-18")) == 1
    assert problems(STATEMENT, STATEMENT) == [
        "Statement IDs (SID) in a single policy must be unique."
    ]
