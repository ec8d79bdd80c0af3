"""A server that answers with raw bytes, in a network where every name leads to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.collage.network import ConnectionRedirect, RawServer, answer
from tests.fakes.collage.raw_answers import BODY


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
