from __future__ import annotations

import msgspec
import pytest

from stream_ingest.contracts import stack_parts

HERE = "eu-central-1:123456789012"


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        (f"arn:aws:sqs:{HERE}:coverstream-dev-collage", "coverstream-dev-collage"),
        (f"arn:aws:kinesis:{HERE}:stream/coverstream-dev-rows", "coverstream-dev-rows"),
        (f"arn:aws:lambda:{HERE}:function:coverstream-dev-intake", "coverstream-dev-intake"),
        ("arn:aws:s3:::coverstream-dev-output", "coverstream-dev-output"),
        (f"arn:aws-cn:events:{HERE}:rule/bus/ready", "ready"),
        ("plain-name", "plain-name"),
        ("", ""),
    ],
)
def test_the_name_is_the_end_of_an_arn(arn: str, name: str) -> None:
    assert stack_parts.name_in(arn) == name


def test_patterns_that_mean_the_same_have_the_same_digest() -> None:
    digest = stack_parts.pattern_digest('{"a": ["1"], "b": ["2"]}')
    assert digest == stack_parts.pattern_digest('{"b":["2"],"a":["1"]}')
    assert digest != stack_parts.pattern_digest('{"b":["2"],"a":["3"]}')


def test_parts_survive_the_wire_and_unknown_ones_of_newer_releases_are_ignored() -> None:
    text = stack_parts.to_wire({"queues": [{"name": "q", "max_receives": 3}], "alarms": ["a"]})
    assert text == '{"queues":[{"name":"q","max_receives":3}],"alarms":["a"]}'
    newer = text[:-1] + ',"gateways":[{"name":"g"}]}'
    assert stack_parts.from_wire(newer) == stack_parts.from_wire(text)
    with pytest.raises(msgspec.ValidationError):
        stack_parts.to_wire({"queues": [{"title": "q"}]})
