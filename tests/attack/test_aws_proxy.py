"""The proxy's faults are what AWS's clients know: boto3 reads each service's error as AWS's."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.attack.harness.aws_proxy import AwsProxy
from tests.attack.harness.fault_draws import ALL, EXECUTED, Draws, Fault, Rate, report

CALLS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "cloudwatch": ("ListMetrics", lambda client: client.list_metrics()),
    "dynamodb": ("ListTables", lambda client: client.list_tables()),
    "events": ("ListRules", lambda client: client.list_rules()),
    "kinesis": ("ListStreams", lambda client: client.list_streams()),
    "lambda": ("Invoke", lambda client: client.invoke(FunctionName="f")),
    "logs": ("DescribeLogGroups", lambda client: client.describe_log_groups()),
    "s3": ("GetObject", lambda client: client.get_object(Bucket="b", Key="k/ä x")),
    "scheduler": ("GET /schedules", lambda client: client.list_schedules()),
    "secretsmanager": ("ListSecrets", lambda client: client.list_secrets()),
    "sqs": ("ListQueues", lambda client: client.list_queues()),
    "ssm": ("DescribeParameters", lambda client: client.describe_parameters()),
    "sts": ("GetCallerIdentity", lambda client: client.get_caller_identity()),
}
THROTTLED = {
    "dynamodb": "ProvisionedThroughputExceededException",
    "kinesis": "ProvisionedThroughputExceededException",
    "lambda": "TooManyRequestsException",
    "s3": "SlowDown",
    "sqs": "RequestThrottled",
    "sts": "Throttling",
}
INTERNAL = {
    "s3": "InternalError",
    "dynamodb": "InternalServerError",
    "lambda": "ServiceException",
}


class Objects(ThreadingHTTPServer):
    """Objects by path, as little of S3 as the proxy needs; it answers POST with an empty result."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.hosts: set[str] = set()
        self.posts = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Objects

    def do_PUT(self) -> None:
        self.server.objects[self.path] = self._body()
        self._answer(b"")

    def do_GET(self) -> None:
        self.server.hosts.add(self.headers["Host"])
        self._answer(self.server.objects[self.path.partition("?")[0]])

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self._body()
        self.server.posts += 1
        self._answer(b"{}")

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@pytest.fixture
def upstream() -> Iterator[Objects]:
    with Objects() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def client_of(service: str, url: str) -> Any:  # noqa: ANN401 - boto3 builds its classes at run time
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            retries={"total_max_attempts": 1}, proxies={}, s3={"addressing_style": "path"}
        ),
    )


@contextmanager
def always(url: str, service: str, *kinds: Fault) -> Iterator[AwsProxy]:
    rate = Rate(share=1, kinds=kinds, delays_s=(0, 0.01))
    with AwsProxy(url, Draws(seed=1, rates={service: rate})) as proxy:
        yield proxy


@pytest.mark.parametrize("service", CALLS)
def test_each_service_refuses_in_its_own_words(upstream: Objects, service: str) -> None:
    operation, call = CALLS[service]
    expected = {
        Fault.THROTTLE: THROTTLED.get(service, "ThrottlingException"),
        Fault.ERROR_500: INTERNAL.get(service, "InternalFailure"),
        Fault.ERROR_503: "ServiceUnavailable",
    }
    for kind, code in expected.items():
        with always(upstream.url, service, kind) as proxy:
            with pytest.raises(ClientError) as error:
                call(client_of(service, proxy.url))
            assert error.value.response["Error"]["Code"] == code
            assert proxy.draws.counts == {(service, operation, kind): 1}


@pytest.mark.parametrize("kind", sorted(set(ALL) - {Fault.DELAY}))
def test_a_fault_after_the_effect_has_had_it_and_one_before_has_not(
    upstream: Objects, kind: Fault
) -> None:
    for service, effect in (("s3", lambda: len(upstream.objects)), ("sqs", lambda: upstream.posts)):
        with always(upstream.url, service, kind) as proxy:
            client = client_of(service, proxy.url)
            with pytest.raises((ClientError, BotoCoreError)):
                _write(client, service)
        assert effect() == (kind in EXECUTED)


def _write(client: Any, service: str) -> None:  # noqa: ANN401 - as above
    if service == "s3":  # its answer has no body to cut: the connection is reset
        client.put_object(Bucket="b", Key="k", Body=b"x")
    else:
        client.send_message(QueueUrl="https://queue", MessageBody="x")


def test_a_cut_answer_ends_in_the_middle_of_an_object(upstream: Objects) -> None:
    upstream.objects["/b/k"] = b"x" * 1_000_000
    with always(upstream.url, "s3", Fault.CUT_ANSWER) as proxy:
        answer = client_of("s3", proxy.url).get_object(Bucket="b", Key="k")
        with pytest.raises(BotoCoreError):
            answer["Body"].read()


def test_streams_and_presigned_urls_pass_unchanged(upstream: Objects) -> None:
    body = bytes(range(256)) * 20_000
    key = {"Bucket": "b", "Key": "a b/ä+c"}
    with always(upstream.url, "s3", Fault.DELAY) as proxy:
        s3 = client_of("s3", proxy.url)
        s3.put_object(**key, Body=body, ChecksumAlgorithm="SHA256")
        assert list(upstream.objects) == ["/b/a%20b/%C3%A4%2Bc"]
        assert s3.get_object(**key)["Body"].read() == body
        assert s3.head_object(**key)["ContentLength"] == len(body)
        url = s3.generate_presigned_url("get_object", Params=key)
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the proxy's
            assert answer.read() == body
    assert upstream.hosts == {proxy.url.removeprefix("http://")}, "the signature covers it"
    assert proxy.draws.never_injected("s3") == []


def test_the_report_counts_faults_and_names_those_that_never_happened(upstream: Objects) -> None:
    rate = Rate(share=0, kinds=(Fault.DELAY, Fault.THROTTLE))
    with AwsProxy(upstream.url, Draws(seed=1, rates={"sqs": rate})) as proxy:
        client_of("sqs", proxy.url).list_queues()
        assert proxy.draws.never_injected("sqs") == ["sqs: delay", "sqs: throttle"]
        lines = report([("functions", proxy.draws)]).splitlines()
    assert lines[1].split() == ["functions", "sqs", "ListQueues", "none", "1"]


def test_the_same_seed_draws_the_same_faults_of_a_service_whatever_others_do() -> None:
    rates = {name: Rate(share=0.5) for name in ("s3", "sqs")}
    first, second = (Draws(seed=7, rates=rates) for _ in range(2))
    drawn = [first.draw("s3", "GetObject") for _ in range(100)]
    again = []
    for _ in range(100):
        second.draw("sqs", "SendMessage")
        again.append(second.draw("s3", "GetObject"))
    assert drawn == again
    assert len(set(drawn)) == 1 + len(ALL)


def test_each_fault_comes_once_a_round() -> None:
    draws = Draws(seed=1, rates={"s3": Rate(share=1)})
    for _ in range(3):
        assert sorted(draws.draw("s3", "GetObject") for _ in ALL) == sorted(ALL)
