"""A console on moto's AWS, with the pipeline's table but no other part of a stack."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import msgspec
import pytest
from moto import mock_aws

from ops_dashboard.console.access import Access
from ops_dashboard.console.account import Account, open_account
from ops_dashboard.console.api.uploads import Uploads
from ops_dashboard.console.server import make_app, new_access
from ops_dashboard.recovery import dead_letter_queues
from stream_ingest.contracts.stack_outputs import parameter_name
from stream_ingest.records.codec import BatchHeader
from stream_ingest.sources.source_options import SourceOptions
from tests.fakes.cached_session import CachedSession
from tests.fakes.ops.photos import DOMAIN, OpsPhotos
from tests.fakes.ops.stack_outputs import stack_outputs
from tests.fakes.ops.table import OpsTable
from tests.ops_dashboard.console.running import RunningConsole, running


@dataclass
class FakePush:
    """Replaces `stream-ingest push`: records its arguments, fails on request."""

    sent: list[tuple[str, BatchHeader]] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    error: Exception | None = None
    may_end: threading.Event = field(default_factory=threading.Event)

    def __call__(self, chosen: SourceOptions, header: BatchHeader) -> None:
        assert chosen.csv is not None
        self.sent.append((chosen.csv.read_bytes().decode(errors="replace"), header))
        self.names.append(chosen.uploaded_as)
        assert self.may_end.wait(20)
        if self.error:
            raise self.error


@pytest.fixture(scope="session")
def moto_session() -> boto3.Session:
    """One session for all tests, whose clients are made once."""
    with mock_aws():
        return CachedSession()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Moto has all messages at once."""
    monkeypatch.setattr(dead_letter_queues, "WAIT_S", 0)


@pytest.fixture
def account(ops_table: OpsTable, moto_session: boto3.Session) -> Account:  # noqa: ARG001 - the table must exist
    sqs = moto_session.client("sqs")
    urls = {
        name: sqs.create_queue(QueueName=f"coverstream-test-{name}")["QueueUrl"]
        for name in ("collage", "window-rule", "sweeper", "work")
    }
    outputs = stack_outputs(stack="test", collage_queue_url=urls.pop("work"), dead_letter_urls=urls)
    moto_session.client("ssm").put_parameter(
        Name=parameter_name("test"), Value=msgspec.json.encode(outputs).decode(), Type="String"
    )
    return open_account(moto_session, "test")


@pytest.fixture
def photos(ops_table: OpsTable, moto_session: boto3.Session) -> OpsPhotos:  # noqa: ARG001 - under moto
    return OpsPhotos(moto_session)


@pytest.fixture
def photos_account(account: Account, photos: OpsPhotos, moto_session: boto3.Session) -> Account:
    """The account of a stack that renders photos, behind a domain."""
    outputs = msgspec.structs.replace(account.outputs, photos=photos.create(domain=DOMAIN))
    moto_session.client("ssm").put_parameter(
        Name=parameter_name("test"),
        Value=msgspec.json.encode(outputs).decode(),
        Type="String",
        Overwrite=True,
    )
    return open_account(moto_session, "test")


@pytest.fixture
def photos_console(
    photos_account: Account, access: Access, fake_push: FakePush, upload_folder: Path
) -> Iterator[RunningConsole]:
    """A console of a stack that renders photos."""
    with running(
        lambda: make_app(photos_account, access, Uploads(fake_push, upload_folder)), access
    ) as there:
        yield there


@pytest.fixture
def fake_push() -> Iterator[FakePush]:
    push = FakePush()
    push.may_end.set()
    yield push
    push.may_end.set()


@pytest.fixture
def upload_folder(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.fixture
def access() -> Access:
    return new_access(None)


@pytest.fixture
def console(
    account: Account, access: Access, fake_push: FakePush, upload_folder: Path
) -> Iterator[RunningConsole]:
    """A console on loopback, without an access token."""
    with running(
        lambda: make_app(account, access, Uploads(fake_push, upload_folder)), access
    ) as there:
        yield there
