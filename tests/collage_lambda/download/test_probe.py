"""The probe of `ops-dashboard doctor`, through the session of covers."""

from __future__ import annotations

import socket
from typing import Any

import msgspec
import pytest

from collage_lambda.download.downloader import DownloadSettings
from collage_lambda.download.probe import answer_probe
from stream_ingest.contracts import network_probe
from stream_ingest.contracts.network_probe import (
    INTERNET,
    KEY,
    NetworkProbe,
    ProbeAnswer,
    probe_event,
    probe_of,
)
from tests.fakes.collage.network import RawServer, answer, redirect

HERE = "127.0.0.1"


def closed_port() -> int:
    with socket.socket() as one:
        one.bind((HERE, 0))
        return int(one.getsockname()[1])


def reached(
    *sources: tuple[str, int], internet: bool = False, addresses: dict[str, str] | None = None
) -> dict[str, tuple[bool, str]]:
    async def lookup(host: str, _: int) -> list[str]:
        if host == HERE:
            return [HERE]
        if addresses is None or host not in addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [addresses[host]]

    settings = DownloadSettings(allowed=frozenset(sources), at_once=4, at_once_per_host=4)
    found = answer_probe(settings, lookup, NetworkProbe(internet=internet))
    whole = msgspec.convert(found, ProbeAnswer)
    return {each.host: (each.is_reachable, each.detail) for each in whole.sources + whole.internet}


@pytest.mark.parametrize(
    ("response", "detail"),
    [
        (answer(b"an image"), "HTTP 200"),
        (redirect("http://10.0.0.1/"), "HTTP 302"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP 404"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "answers, but not as HTTP should"),
    ],
)
def test_any_answer_of_an_allowed_source_is_one(response: bytes, detail: str) -> None:
    with RawServer() as server:
        server.answers["/"] = [response]
        assert reached((HERE, server.port)) == {f"{HERE}:{server.port}": (True, detail)}
        assert len(server.requests) == 1  # the redirect was not followed


def test_a_source_that_does_not_answer_is_named_with_the_reason() -> None:
    port = closed_port()
    found = reached((HERE, port), ("mirror.test", 80))
    assert found[f"{HERE}:{port}"] == (False, "ClientConnectorError")
    assert found["mirror.test:80"] == (False, "host name not found")


def test_the_internet_is_tried_only_if_asked_and_never_at_a_private_address() -> None:
    assert reached() == {}
    found = reached(internet=True, addresses=dict.fromkeys(INTERNET, HERE))
    assert found == {
        f"{host}:443": (False, f"{host} resolves to {HERE}") for host in network_probe.INTERNET
    }


@pytest.mark.parametrize(
    "event", [{"Records": []}, {}, {KEY: {"internet": True}, "Records": []}, {"detail": 1}]
)
def test_every_other_event_is_no_probe(event: dict[str, Any]) -> None:
    assert probe_of(event) is None


def test_a_probe_cannot_name_a_host() -> None:
    assert probe_of(probe_event(internet=True)) == NetworkProbe(internet=True)
    for more in ("host", "hosts", "url", "sources"):
        with pytest.raises(msgspec.ValidationError, match="unknown field"):
            probe_of({KEY: {"internet": True, more: "10.0.0.1"}})
