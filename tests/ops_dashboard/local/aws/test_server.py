from __future__ import annotations

import subprocess
import sys
from contextvars import ContextVar
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uv

from ops_dashboard.local.aws import ministack, server

PROGRAM = '''
import io, os, queue, runpy, sys, time, zipfile
from ministack.core import lambda_runtime

if sys.argv[1] == "complete":
    runpy.run_path({server!r})["complete_logs"](lambda_runtime)
lambda_runtime._REAP_GRACE = 0.1

read = lambda_runtime.Worker._read_stderr


class SlowQueue(queue.Queue):
    """Lines arrive late, as when the thread that reads them has to wait for the CPU."""

    def put(self, line):
        time.sleep(0.1)
        super().put(line)


def slow(worker):
    worker._stderr_queue = SlowQueue()
    read(worker)


lambda_runtime.Worker._read_stderr = slow
code = """
import os, sys, time
def handle(event, context):
    print("first")
    print("last")
    if event == "raise":
        raise ValueError("no")
    if event == "die":
        os._exit(1)
    if event == "hang":
        time.sleep(60)
"""
packed = io.BytesIO()
with zipfile.ZipFile(packed, "w") as file:
    file.writestr("work.py", code)
config = {{
    "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:work",
    "FunctionName": "work", "Handler": "work.handle", "Runtime": "python3.13", "Timeout": 2,
}}
worker = lambda_runtime.Worker("work", config, packed.getvalue())
for event in ("return", "return", "raise", "die", "hang", "return"):
    print(event, worker.invoke(event, "id")["log"].split())
worker.kill()
'''


def run(mode: str) -> list[str]:
    """Return what ministack logs of each invocation of one worker whose lines arrive late."""
    command = [
        uv.find_uv_bin(), "tool", "run", "--quiet", "--python", sys.executable,
        "--from", f"ministack=={ministack.VERSION}", "python", "-I", "-c",
        PROGRAM.format(server=str(Path(server.__file__))), mode,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_last_line_of_every_invocation_is_in_its_log() -> None:
    """It has the metrics of the invocation; one that was lost was a collage missing in a chart."""
    both = "['first', 'last']"
    events = ("return", "return", "raise", "die", "hang", "return")
    assert run("complete") == [f"{event} {both}" for event in events]


def test_ministack_by_itself_loses_lines_that_arrive_late() -> None:
    """If this fails, a new version may need no help."""
    assert run("as it is")[-1] != "return ['first', 'last']"


def test_another_version_of_ministack_is_refused() -> None:
    class Other:
        _PYTHON_WORKER_SCRIPT = "handler_fn(event)"

    with pytest.raises(RuntimeError, match="invokes functions differently"):
        server.complete_logs(Other)


def test_cloudfront_reads_by_tls() -> None:
    """Policies of buckets refuse plain HTTP, as which ministack takes it without `AUTH`."""
    origin = ContextVar("origin", default=("127.0.0.1", False))

    def allows(key: str) -> bool:
        return key == "a.jpg" and origin.get() == ("127.0.0.1", True)

    s3 = SimpleNamespace(_cloudfront_origin_allows=allows)
    server.read_by_tls(s3, SimpleNamespace(_request_origin=origin))
    (changed,) = vars(s3).values()

    assert changed("a.jpg") is True
    assert changed("b.jpg") is False
    assert origin.get() == ("127.0.0.1", False)
    with pytest.raises(RuntimeError, match="origins of CloudFront differently"):
        server.read_by_tls(SimpleNamespace(), SimpleNamespace())


def test_the_text_of_a_condition_is_read_once() -> None:
    """A query applies its condition to each item of a partition."""
    read: list[str] = []

    def tokens(text: str) -> list[str]:
        read.append(text)
        return text.split()

    def fault(text: str, slot: str) -> str:
        read.append(slot)
        return f"{slot}: {text}"

    dynamodb = SimpleNamespace(_tokenize=tokens, _condition_syntax_error=fault)
    server.read_conditions_once(dynamodb)
    split, check = vars(dynamodb).values()
    split("a = b").clear()

    assert split("a = b") == ["a", "=", "b"]
    assert [check("a", "Filter") for _ in range(2)] == ["Filter: a"] * 2
    assert read == ["a = b", "Filter"]

    with pytest.raises(RuntimeError, match="conditions of DynamoDB differently"):
        server.read_conditions_once(SimpleNamespace(_tokenize=tokens))


def test_a_condition_is_evaluated_once_for_equal_values() -> None:
    read: list[object] = []

    def evaluate(text: str, item: dict[str, Any], *_: object, slot: str) -> bool:
        read.append(item)
        if text == "wrong":
            msg = f"wrong {slot}"
            raise ValueError(msg)
        return bool(item.get("a") == {"S": "x"})

    def tokens(text: str) -> list[tuple[str, str]]:
        return [("NAME_REF", each) for each in text.split()]

    dynamodb = SimpleNamespace(_evaluate_condition=evaluate, _tokenize=tokens)
    server.evaluate_conditions_once(dynamodb)
    values, aliases = {":x": {"S": "x"}}, {"#a": "a"}

    def holds(item: dict[str, Any], given: dict[str, Any] = values) -> bool:
        return bool(dynamodb._evaluate_condition("#a = :x", item, given, aliases, slot="Filter"))  # noqa: SLF001 - ministack's

    items: list[dict[str, Any]] = [{"a": {"S": each}, "b": {"N": each}} for each in "xyxyx"]
    assert list(map(holds, items)) == [True, False, True, False, True]
    assert read == items[:2]
    assert holds({"a": {"S": "x"}}, dict(values)) is True  # another query
    assert [holds({"a": {"L": []}}) for _ in range(2)] == [False, False]
    assert [holds({}) for _ in range(2)] == [False, False]
    assert len(read) == 2 + 1 + 2 + 1
    with pytest.raises(ValueError, match="wrong ConditionExpression"):
        dynamodb._evaluate_condition("wrong", {}, None, None)  # noqa: SLF001

    with pytest.raises(RuntimeError, match="evaluates the conditions of DynamoDB differently"):
        server.evaluate_conditions_once(SimpleNamespace())


def test_the_text_of_a_projection_is_read_once() -> None:
    """It is applied to each item that a query returns."""
    read: list[str] = []

    def project(item: dict[str, int], text: str, _: dict[str, str]) -> dict[str, int]:
        read.append(text)
        if text == "size":
            msg = "reserved"
            raise ValueError(msg)
        return item

    dynamodb = SimpleNamespace(_project_item=project)
    server.read_projections_once(dynamodb)
    items = [{"a": 1, "b": 2, "c": 3}, {"b": 4}]

    assert [dynamodb._project_item(each, "#x, b", {"#x": "a"}) for each in items] == [  # noqa: SLF001 - ministack's
        {"a": 1, "b": 2},
        {"b": 4},
    ]
    assert dynamodb._project_item(items[0], "#x", {"#x": "c"}) == {"c": 3}  # noqa: SLF001
    assert dynamodb._project_item(items[0], None, None) == items[0]  # noqa: SLF001
    assert read == ["#x, b", "#x", None]
    assert dynamodb._project_item(items[1], "b.c", {}) == items[1]  # noqa: SLF001
    for _ in range(2):
        with pytest.raises(ValueError, match="reserved"):
            dynamodb._project_item(items[1], "size", {})  # noqa: SLF001

    with pytest.raises(RuntimeError, match="projections of DynamoDB differently"):
        server.read_projections_once(SimpleNamespace())
