"""The main job from MySQL: a first push, what came after it, and an export."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops_dashboard.local.demo.batches import DEFAULT_LAYOUT
from ops_dashboard.local.demo.check import collage_differences, figure_differences
from ops_dashboard.local.mysql.server import PrivateMariaDb
from ops_dashboard.local.mysql.videos_table import create_schema, load_rows
from ops_dashboard.local.samples.creators import CREATORS
from ops_dashboard.local.samples.video_row import VideoRow
from tests.end_to_end.pipeline import Pipeline
from tests.end_to_end.samples import make_sample, plain_creator

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def own_mariadb_url(mariadb_url: str) -> Iterator[str]:
    """A server for this test alone; without MariaDB the shared fixture skips or fails first."""
    assert mariadb_url
    with PrivateMariaDb() as server:
        yield server.url


def load(url: str, rows: tuple[VideoRow, ...]) -> None:
    async def both() -> None:
        await create_schema(url)
        await load_rows(url, rows)

    asyncio.run(both())


def test_rows_of_mysql_become_collages_and_last_push_reads_only_what_is_new(
    pipeline: Pipeline, own_mariadb_url: str, tmp_path: Path
) -> None:
    sample = make_sample(pipeline.covers, CREATORS[3:6], seed=21)
    load(own_mariadb_url, sample.rows)
    source = f"--mysql={own_mariadb_url}"
    pipeline.push(source, "--since=last_push", "--flush", "--batch-id=mysql")
    status = pipeline.status("mysql")
    assert figure_differences(dict(sample.expectation.summary()), status) == []
    assert status["trigger"] == "mysql-push"

    newer = make_sample(pipeline.covers, [plain_creator("new.one", 57, 2)], seed=22, awkward=False)
    now = datetime.now(UTC)
    rows = tuple(
        row._replace(created_at=now + timedelta(seconds=5 + index))
        for index, row in enumerate(newer.rows)
    )
    load(own_mariadb_url, rows)
    report = pipeline.push(
        source, "--since=last_push", f"--until={(now + timedelta(hours=1)).isoformat()}", "--flush"
    )
    assert report["rows_read"] - report["rows_again"] == len(rows)
    keys = [key for key in pipeline.keys("collages/2") if "new.one" in key]
    collages = {Path(key).name: pipeline.read(key) for key in keys}
    assert collage_differences(newer.expectation, collages, DEFAULT_LAYOUT) == []

    done = pipeline.command(
        "stream-ingest", "export", "--raw", f"--out={tmp_path}", source, "--creator=new.one"
    )
    (path,) = tmp_path.glob("cover_urls_*.csv")
    assert done.stdout.strip() == str(path)
    assert len(path.read_text().splitlines()) == 1 + len(rows)
