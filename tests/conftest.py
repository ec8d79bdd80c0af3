"""Fixtures that several folders of tests share."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Iterator
from contextlib import nullcontext
from functools import cache, lru_cache
from pathlib import Path

import pytest
from botocore import useragent
from botocore.loaders import create_loader
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.local.mysql.server import PrivateMariaDb, find_mariadbd, install_hint
from tests.fakes.command_line import Commands
from tests.models.checked import checked_requests

LONGEST_FIRST = (
    "end_to_end",
    "ops_dashboard/local/aws",
    "faults",
    "pulumi",
    "packaging_wheel",
    "ops_dashboard/packaging",
    "ops_dashboard/console/browser",
    "ops_dashboard/erase",
    "test_simulate.py",
)
"""Folders and files under tests/ that take longest, which start first to keep workers busy."""
PIPELINE = "alarms console intake main_job mysql operator poison recovery secrets"
CONSOLE = "charts header outage runs"
PHOTOS = "photos photos_operating photos_page upload_links"
TOGETHER = {
    **{f"end_to_end/test_{name}.py": "pipeline" for name in PIPELINE.split()},
    **{f"end_to_end/test_console_{name}.py": "console" for name in CONSOLE.split()},
    **{f"end_to_end/test_{name}.py": "photos" for name in PHOTOS.split()},
    "end_to_end/test_fault_points.py": "faulty stack",
    "end_to_end/test_prefetched_covers.py": "faulty stack",
    "ops_dashboard/local/aws/bridge/test_metrics_bridge.py": "local_aws",
    "ops_dashboard/local/aws/test_deploy.py": "local_aws",
}
"""Files under tests/ that share a deployed stack, which is deployed once, by its name.

By path, because pytest 9.2 ignores the names that pytest-xdist 3.8 makes of ``xdist_group``.
"""

CHECKED = ("collage_lambda", "stream_ingest")
"""Folders under tests/ in which every request is checked against the model of its service."""


class WholeFiles(LoadFileScheduling):
    """Schedules whole files, and files that share a stack, on one worker, in collection order."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        inside = file.removeprefix("tests/")
        folder = inside.rpartition("/")[0]
        return TOGETHER.get(inside, folder if folder == "pulumi" else file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WholeFiles | None:
    return WholeFiles(config, log) if config.option.dist == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _rank(item.path))


@cache
def _rank(path: Path) -> int:
    file = path.relative_to(Path(__file__).parent)
    places = {file.as_posix(), *(folder.as_posix() for folder in file.parents)}
    ranks = (rank for rank, place in enumerate(LONGEST_FIRST) if place in places)
    return next(ranks, len(LONGEST_FIRST))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Collect garbage less often, and never modules and collected tests, which stay to the end."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def shared_descriptions() -> Iterator[None]:
    """Load botocore's descriptions of services once for all sessions, not 0.1 s for each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", cache(create_loader))
        yield


@pytest.fixture(scope="session", autouse=True)
def cached_user_agents() -> Iterator[None]:
    """Let botocore clean each part of its header User-Agent once, not for each request."""
    name = "sanitize_user_agent_string_component"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(useragent, name, lru_cache(1024)(getattr(useragent, name)))
        yield


@pytest.fixture(scope="session", autouse=True)
def botocore_alone_is_mocked() -> Iterator[None]:
    """Let moto register nothing for the library `requests`, which takes 8 ms for each test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("moto.core.models.RESPONSES_METHODS", [])
        yield


@pytest.fixture(scope="module", autouse=True)
def valid_requests(request: pytest.FixtureRequest) -> Iterator[None]:
    """Refuse what AWS would refuse of functions and commands (`tests.models.checked`)."""
    folder = request.path.relative_to(Path(__file__).parent).parts[0]
    with checked_requests() if folder in CHECKED else nullcontext():
        yield


@pytest.fixture(scope="session")
def cover_socket() -> Iterator[socket.socket]:
    """A socket bound to a free loopback port: the only address that the local stack may fetch from.

    A test that serves covers listens on it (with aiohttp's SockSite).
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
    """The ``mysql://`` URL of a private server, without a database.

    Required if ``CI=true``; else tests are skipped on a machine without MariaDB.
    """
    if find_mariadbd() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(install_hint())
        pytest.skip(install_hint())
    with PrivateMariaDb() as server:
        yield server.url


@pytest.fixture
def commands(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Our commands, run in the process of the test."""
    return Commands(capsys, monkeypatch)
