"""A proxy for the embedded AWS that answers PutRecords as a test requires.

The command line talks to it as to AWS. Every other call passes.
"""

from __future__ import annotations

import http.client
import itertools
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Answer = tuple[int, bytes]
Forward = Callable[[bytes], Answer]
"""Hands a PutRecords body on to AWS and returns its status and body."""
Meddle = Callable[[int, bytes, Forward], Answer | None]
"""Called with the number of a PutRecords request (from 1) and its body; None drops the answer."""

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
_PATIENCE_S = 30.0
_POLL_S = 0.05
_START_PATIENCE_S = 60.0


def throttle(times: int) -> Meddle:
    """Refuse the first requests whole."""

    def meddle(number: int, body: bytes, forward: Forward) -> Answer | None:
        if number > times:
            return forward(body)
        name = "ProvisionedThroughputExceededException"
        return 400, json.dumps({"__type": name, "message": "by a test"}).encode()

    return meddle


def refuse_every_third_record(times: int) -> Meddle:
    """Take all but every third record of the first requests, as a hot shard does."""

    def meddle(number: int, body: bytes, forward: Forward) -> Answer | None:
        if number > times:
            return forward(body)
        request = json.loads(body)
        records: list[Any] = request["Records"]
        taken = {at: record for at, record in enumerate(records) if at % 3}
        results: list[Any] = []
        if taken:
            _, answer = forward(json.dumps(request | {"Records": list(taken.values())}).encode())
            results = json.loads(answer)["Records"]
        for at in range(len(records)):
            if at not in taken:
                code = "ProvisionedThroughputExceededException"
                results.insert(at, {"ErrorCode": code, "ErrorMessage": "by a test"})
        refused = len(records) - len(taken)
        return 200, json.dumps({"FailedRecordCount": refused, "Records": results}).encode()

    return meddle


def lose_answers(times: int) -> Meddle:
    """Hand the first requests on and lose what AWS answers."""

    def meddle(number: int, body: bytes, forward: Forward) -> Answer | None:
        answer = forward(body)
        return answer if number > times else None

    return meddle


@dataclass
class StandStill:
    """From request `number` on nothing is answered; that one is taken by AWS if `takes_it` says."""

    number: int
    takes_it: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def __call__(self, number: int, body: bytes, forward: Forward) -> Answer | None:
        """Hold a request until the test is over."""
        if number < self.number:
            return forward(body)
        if number == self.number and self.takes_it:
            forward(body)
        self.reached.set()
        self.over.wait(_PATIENCE_S)
        return None


@contextmanager
def proxy(endpoint: str, meddle: Meddle) -> Iterator[str]:
    """Run a proxy before `endpoint`; give its own URL."""
    server = _Server(endpoint, meddle)
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_S,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def kill_push(
    endpoint: str, variables: Mapping[str, str], moment: StandStill, *options: str
) -> None:
    """Run ``stream-ingest push`` through a proxy and end the process with SIGKILL at a moment."""
    with proxy(endpoint, moment) as url:
        program = Path(sys.executable).with_name("stream-ingest")
        with subprocess.Popen(  # noqa: S603 - our own command, no shell
            [program, "push", *options],
            env={**variables, "AWS_ENDPOINT_URL": url},
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                assert moment.reached.wait(_START_PATIENCE_S), "the push never reached the moment"
            finally:
                process.kill()
            assert process.wait() == -signal.SIGKILL
        moment.over.set()


class _Server(ThreadingHTTPServer):
    """Counts PutRecords requests."""

    def __init__(self, endpoint: str, meddle: Meddle) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.place, self.meddle = urlsplit(endpoint).netloc, meddle
        self._numbers = itertools.count(1)

    def next_number(self) -> int:
        """Return the number of the next request; taking it is atomic in CPython."""
        return next(self._numbers)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("X-Amz-Target", "").endswith(".PutRecords"):
            self._meddle(body)
        else:
            self._answer(*self._forward(body))

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _meddle(self, body: bytes) -> None:
        number = self.server.next_number()
        answer = self.server.meddle(number, body, lambda data: self._forward(data)[:2])
        if answer is None:
            self.close_connection = True
        else:
            self._answer(*answer, {"Content-Type": "application/x-amz-json-1.1"})

    def _forward(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPConnection(self.server.place, timeout=_PATIENCE_S)
        try:
            headers = {**dict(self.headers), "Content-Length": str(len(body))}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.headers)
        finally:
            connection.close()

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
