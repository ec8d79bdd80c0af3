"""Runs ministack with complete logs, fast queries and a CDN that reads by TLS. Edge.

``python -I server.py`` is started in ministack's environment, so it imports nothing of ours.

ministack reads what a function prints through a pipe, in a thread. When an invocation has ended it
takes the lines that have arrived, and stops 50 ms after the end, or 5 ms after a line. On a busy
machine that is too early: the rest goes to the log of the worker's next invocation, and is lost if
there is none. The last line of an invocation has its metrics, so charts showed one collage or one
batch too few. Here the worker prints a mark after each invocation, and its log ends at the mark.

ministack splits and checks the text of a condition again for each item that it is applied to, which
is most of the time of a query over thousands of items. Here each text is split and checked once, as
is the text that names the attributes to return. A condition is evaluated once for all items of a
query that have the same values of the attributes that it names.

Without ``AUTH`` ministack takes what its CloudFront reads from S3 for plain HTTP, which policies of
buckets refuse. CloudFront reads by TLS from a bucket, so here it does.
"""

from __future__ import annotations

import functools
import importlib
import os
import queue
import time
from typing import Any

_MARK = "\x1eend of the invocation"
_INVOKE = "            result = handler_fn(event, context)\n"
_INVOKE_AND_MARK = f"""\
            try:
                result = handler_fn(event, context)
            finally:
                print({_MARK!r}, file=sys.stderr, flush=True)
"""
_WAIT_S = 10.0
"""Maximum wait for the lines of a worker that was killed before it printed a mark."""
_POLL_S = 0.01
_CONDITION = "ConditionExpression"
_CONDITIONS = 1024
"""Maximum number of conditions whose parts are kept; the product has about a hundred."""


def complete_logs(runtime: Any) -> None:  # noqa: ANN401 - a module that only ministack has
    """Change ministack's runtime of functions; raises `RuntimeError` if it is another version."""
    script = runtime._PYTHON_WORKER_SCRIPT  # noqa: SLF001 - nothing else is public
    if script.count(_INVOKE) != 1:
        msg = "this version of ministack invokes functions differently"
        raise RuntimeError(msg)
    runtime._PYTHON_WORKER_SCRIPT = script.replace(_INVOKE, _INVOKE_AND_MARK)  # noqa: SLF001
    runtime.Worker._drain_stderr_bounded = _lines_of_invocation  # noqa: SLF001
    runtime.Worker._drain_stderr = _lines_of_invocation  # noqa: SLF001


def _lines_of_invocation(worker: Any) -> str:  # noqa: ANN401 - as above
    """Return what an invocation has printed: all up to the mark, or to the end of its worker."""
    lines: list[str] = []
    deadline_s = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline_s:
        ended = not worker._stderr_thread.is_alive()  # noqa: SLF001 - before the queue is read
        try:
            line = worker._stderr_queue.get(timeout=_POLL_S)  # noqa: SLF001
        except queue.Empty:
            if ended:
                break
            continue
        if line == _MARK:
            break
        lines.append(line)
    return "\n".join(lines)


def read_by_tls(s3: Any, evaluator: Any) -> None:  # noqa: ANN401 - modules that only ministack has
    """Change how CloudFront reads from S3; raises `RuntimeError` if it is another version."""
    names = ((s3, "_cloudfront_origin_allows"), (evaluator, "_request_origin"))
    if not all(hasattr(module, name) for module, name in names):
        msg = "this version of ministack reads from the origins of CloudFront differently"
        raise RuntimeError(msg)
    allows, origin = s3._cloudfront_origin_allows, evaluator._request_origin  # noqa: SLF001 - nothing else is public

    def allows_by_tls(*arguments: Any) -> bool:  # noqa: ANN401 - as they are passed on
        token = origin.set((origin.get()[0], True))
        try:
            return bool(allows(*arguments))
        finally:
            origin.reset(token)

    s3._cloudfront_origin_allows = allows_by_tls  # noqa: SLF001


def read_conditions_once(dynamodb: Any) -> None:  # noqa: ANN401 - a module that only ministack has
    """Let ministack read each condition once; raises `RuntimeError` if it is another version."""
    if not all(hasattr(dynamodb, name) for name in ("_tokenize", "_condition_syntax_error")):
        msg = "this version of ministack reads the conditions of DynamoDB differently"
        raise RuntimeError(msg)
    split = functools.lru_cache(_CONDITIONS)(dynamodb._tokenize)  # noqa: SLF001 - nothing else is public
    dynamodb._tokenize = lambda text: list(split(text))  # noqa: SLF001
    check = dynamodb._condition_syntax_error  # noqa: SLF001
    dynamodb._condition_syntax_error = functools.lru_cache(_CONDITIONS)(check)  # noqa: SLF001


def evaluate_conditions_once(dynamodb: Any) -> None:  # noqa: ANN401 - a module that only ministack has
    """Let ministack evaluate a condition once for equal values; `RuntimeError` as above."""
    if not all(hasattr(dynamodb, name) for name in ("_evaluate_condition", "_tokenize")):
        msg = "this version of ministack evaluates the conditions of DynamoDB differently"
        raise RuntimeError(msg)
    evaluate = dynamodb._evaluate_condition  # noqa: SLF001 - nothing else is public
    latest: list[Any] = [(None, None, None, None, (), {})]

    def evaluate_once(*request: Any, slot: str = _CONDITION) -> Any:  # noqa: ANN401 - as it is passed on
        text, item, values, aliases = request
        known = latest[0]
        is_same = known[0] == text and known[3] == slot
        try:
            if not (is_same and known[1] is values and known[2] is aliases):
                tokens = dynamodb._tokenize(text)  # noqa: SLF001
                names = tuple((aliases or {}).get(token[1], token[1]) for token in tokens)
                known = latest[0] = (text, values, aliases, slot, names, {})
            *_, names, results = known
            named = tuple(tuple(item[name].items()) if name in item else None for name in names)
            if named not in results:
                results[named] = evaluate(*request, slot=slot)
        except (AttributeError, TypeError, ValueError):  # no text, no condition, a list or a map
            return evaluate(*request, slot=slot)
        return results[named]

    dynamodb._evaluate_condition = evaluate_once  # noqa: SLF001


def read_projections_once(dynamodb: Any) -> None:  # noqa: ANN401 - a module that only ministack has
    """Let ministack read each projection once; raises `RuntimeError` if it is another version."""
    if not hasattr(dynamodb, "_project_item"):
        msg = "this version of ministack reads the projections of DynamoDB differently"
        raise RuntimeError(msg)
    project = dynamodb._project_item  # noqa: SLF001 - nothing else is public

    @functools.lru_cache(_CONDITIONS)
    def names_in(text: str, aliases: tuple[tuple[str, str], ...]) -> tuple[str, ...] | None:
        """Return the attributes that a text names; None if it names parts of them."""
        project({}, text, dict(aliases))  # raises for what DynamoDB refuses
        if "." in text or "[" in text:
            return None
        paths = (path.strip() for path in text.split(","))
        return tuple(dict(aliases).get(path, path) for path in paths if path)

    def project_once(item: Any, text: Any, aliases: Any) -> Any:  # noqa: ANN401 - as they are passed on
        names = names_in(text, tuple((aliases or {}).items())) if text else None
        if names is None:
            return project(item, text, aliases)
        return {name: item[name] for name in names if name in item}

    dynamodb._project_item = project_once  # noqa: SLF001


def trust_itself() -> None:
    """Let its functions and webhooks trust its own certificate, if it has one."""
    certificate = os.environ.get("AWS_CA_BUNDLE")
    if certificate:
        os.environ["SSL_CERT_FILE"] = certificate


if __name__ == "__main__":
    trust_itself()
    complete_logs(importlib.import_module("ministack.core.lambda_runtime"))
    dynamodb = importlib.import_module("ministack.services.dynamodb")
    read_conditions_once(dynamodb)
    evaluate_conditions_once(dynamodb)
    read_projections_once(dynamodb)
    read_by_tls(
        importlib.import_module("ministack.services.s3"),
        importlib.import_module("ministack.core.iam_evaluator"),
    )
    importlib.import_module("ministack.app").main()
