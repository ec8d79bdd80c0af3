"""One embedded AWS with the stack deployed, and servers of sample covers beside it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.local.samples.cover_server import CoverServer
from tests.end_to_end.console_browser import Visit, chromium, visit
from tests.end_to_end.faulty_stack import FaultyStack, faulty_stack
from tests.end_to_end.people_stack import PeopleStack, people_stack
from tests.end_to_end.photo_stack import SETTINGS, PhotoStack
from tests.end_to_end.pipeline import Pipeline


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="package")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with (
        pytest.MonkeyPatch.context() as patch,
        CoverServer() as covers,
        CoverServer() as mortal_covers,
    ):
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        late_covers = CoverServer(port=free_port())
        with LocalAws.start() as aws:
            servers = (covers, mortal_covers, late_covers)
            outputs = aws.deploy(allowed_sources=[server.address for server in servers])
            yield Pipeline(aws, outputs, covers, mortal_covers, late_covers)


@pytest.fixture(scope="package")
def photo_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhotoStack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        with LocalAws.start() as aws:
            yield PhotoStack(aws, aws.deploy(settings=SETTINGS))


@pytest.fixture(scope="module")
def people_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeopleStack]:
    """A stack on an AWS that enforces IAM, with people who have the documented rights.

    Each module has its own: both use up its dead letters.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        with people_stack(tmp_path_factory.mktemp("rows")) as found:
            yield found


@pytest.fixture(scope="package")
def shared_faulty_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyStack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        with faulty_stack(tmp_path_factory.mktemp("faults")) as stack:
            yield stack


@pytest.fixture
def stack(shared_faulty_stack: FaultyStack) -> Iterator[FaultyStack]:
    """A stack whose functions can be struck: nothing armed, their clock on time."""
    shared_faulty_stack.faults.disarm()
    shared_faulty_stack.faults.set_clock(0)
    yield shared_faulty_stack
    shared_faulty_stack.faults.release()
    shared_faulty_stack.faults.set_clock(0)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for a module; while it runs, nothing else in this process may use asyncio."""
    with chromium() as program:
        yield program


@pytest.fixture
def here(address: str, browser: Browser) -> Iterator[Visit]:
    """A window of the browser at the console whose `address` the module has."""
    with visit(browser, address) as window:
        yield window
