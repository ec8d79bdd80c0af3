"""A server that answers with raw bytes, in a network where every name leads to it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import aiohttp
import pytest
import trustme

from tests.fakes.collage import raw_answers
from tests.fakes.collage.network import (
    WARM_UP,
    ConnectionRedirect,
    Names,
    RawServer,
    answer,
    kept_alive,
)
from tests.fakes.collage.raw_answers import BODY
from tests.fakes.collage.windows import OpenWindows, Windows


@pytest.fixture(params=["new", "reused"])
def connection_kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test twice: its first request goes over a new connection, or over an open one."""
    kind: str = request.param
    monkeypatch.setattr(raw_answers, "WARM_UPS", [WARM_UP] if kind == "reused" else [])
    return kind


@pytest.fixture(scope="module")
def raw_network() -> Iterator[RawServer]:
    with RawServer() as running:
        yield running


@pytest.fixture
def raw_server(raw_network: RawServer, monkeypatch: pytest.MonkeyPatch) -> RawServer:
    ConnectionRedirect(monkeypatch, raw_network.port)
    raw_network.requests.clear()
    raw_network.answers.clear()
    raw_network.answers["/good"] = [answer(BODY)]
    return raw_network


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the contexts of a client, and of a server with names, but not ``other.test``."""
    authority, server = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("cdn.test", "*.many.test").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return client, server


@pytest.fixture(params=["http", "https"])
def scheme(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def keeping_server(
    scheme: str,
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[RawServer]:
    client_tls, server_tls = contexts
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", client_tls)
    with RawServer(server_tls if scheme == "https" else None, keeps_alive=True) as running:
        running.answers["/good"] = [kept_alive(BODY)]
        yield running


@pytest.fixture
def network(keeping_server: RawServer, monkeypatch: pytest.MonkeyPatch) -> ConnectionRedirect:
    return ConnectionRedirect(monkeypatch, keeping_server.port)


@pytest.fixture
def open_windows(scheme: str, network: ConnectionRedirect) -> Iterator[OpenWindows]:  # noqa: ARG001 - every connection is to be redirected
    opened: list[Windows] = []

    def open_one(lookup: Names | None = None, **limits: object) -> Windows:
        opened.append(Windows(lookup, scheme, **limits))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture
def windows(open_windows: OpenWindows) -> Windows:
    return open_windows()
