"""Fixtures that several folders of tests share."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from ops_dashboard.local.mariadb import PrivateMariaDb, find_mariadbd, install_hint
from ops_dashboard.local.stack import LocalAws


@pytest.fixture(scope="session")
def cover_socket() -> Iterator[socket.socket]:
    """A socket bound to a free loopback port: the one address that the local stack may fetch from.

    A test that serves covers listens on it (aiohttp's SockSite takes it as it is).
    """
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


@pytest.fixture(scope="session")
def local_aws(
    tmp_path_factory: pytest.TempPathFactory, cover_socket: socket.socket
) -> Iterator[LocalAws]:
    """The whole stack on an embedded AWS: one for each worker of pytest-xdist, on a free port."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        with LocalAws.start() as aws:
            aws.deploy(allowed_sources=[f"127.0.0.1:{cover_socket.getsockname()[1]}"])
            yield aws


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """The ``mysql://`` URL of a server of our own; its database is not made yet.

    Required where ``CI=true``; elsewhere a machine without MariaDB skips what needs it.
    """
    if find_mariadbd() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(install_hint())
        pytest.skip(install_hint())
    with PrivateMariaDb() as server:
        yield server.url
