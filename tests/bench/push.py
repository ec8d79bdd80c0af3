"""``stream-ingest push`` from MariaDB into the embedded Kinesis, the whole command: rows a second.

The stack is deployed, but nothing reads the stream. The peer is async-kinesis without its rate
limit per shard, with a JSON record for each row, on fewer rows of the same database. Seconds are
those of reading and sending, without the start of the process. The database and the embedded AWS
share its cores, so `push.cpu` has the rows per CPU second of the whole process, its start included.

``python -m tests.bench.push URL ENDPOINT STREAM ROWS`` is one run of the peer.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from asyncmy.cursors import SSCursor

from ops_dashboard.local.aws.stack import LocalAws
from stream_ingest.sources.mysql.address import parse_address
from stream_ingest.sources.mysql.connection import connect
from tests.bench.database import filled, table_name
from tests.bench.measure import ROOT, Watched, hand_over, paired, say, watched
from tests.bench.peers import missing_module
from tests.bench.results import OURS, Limit, Measure

ROWS = 500_000
PEER_ROWS = 20_000
ROUNDS = 3
_PEER = "async-kinesis"
_WITHOUT_LIMIT = 10**9


@contextmanager
def silent_stack() -> Iterator[LocalAws]:
    """Start an embedded AWS with the stack, whose functions are never invoked."""
    with LocalAws.start() as aws:
        aws.deploy()
        functions = aws.clients.untyped("lambda")
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.delete_event_source_mapping(UUID=mapping["UUID"])
        yield aws


class OurPush:
    """Pushes the whole table repeatedly, each time as another batch."""

    def __init__(self, url: str, aws: LocalAws, rows: int) -> None:
        """Push from the database at `url`."""
        self._url, self._aws, self._rows = url, aws, rows
        self.runs: list[Watched] = []

    def __call__(self) -> float:
        """Return the seconds a row takes."""
        command: list[str | Path] = [Path(sys.executable).with_name("stream-ingest"), "push"]
        command += [f"--table={table_name(self._rows)}", "--json"]
        command += [f"--batch-id=bench-{len(self.runs)}"]
        environment = self._aws.environment() | {"MYSQL_URL": self._url}
        done = watched(command, environment=environment)
        report = json.loads(done.output)
        assert report["rows_sent"] == self._rows, report
        self.runs.append(done)
        say(f"{self._rows / report['seconds']:,.0f} rows/s, {done.peak_mb:.0f} MB")
        return float(report["seconds"]) / self._rows


async def peer(url: str, endpoint: str, stream: str, rows: int) -> float:
    """Send a record for each of the first `rows` rows; return the seconds."""
    kinesis = importlib.import_module("kinesis")
    producer = kinesis.Producer(
        stream,
        endpoint_url=endpoint,
        region_name="us-east-1",
        put_rate_limit_per_shard=_WITHOUT_LIMIT,
        put_bandwidth_limit_per_shard=_WITHOUT_LIMIT,
    )
    began = time.perf_counter()
    async with (
        producer,
        connect(parse_address(url)) as connection,
        connection.cursor(SSCursor) as cursor,
    ):
        await cursor.execute(
            f"SELECT creator, cover, created_at FROM {table_name(rows)}"  # noqa: S608 - a constant
        )
        async for creator, cover, created_at in cursor:
            fields = {"creator": creator, "cover": cover, "created_at": str(created_at)}
            await producer.put(fields, partition_key=creator)
        await producer.flush()
    return time.perf_counter() - began


class PeerPush:
    """Sends the first rows with the peer, repeatedly."""

    def __init__(self, url: str, aws: LocalAws) -> None:
        """Send from the database at `url`."""
        self._url, self._aws = url, aws
        self.runs: list[Watched] = []

    def __call__(self) -> float:
        """Return the seconds a row takes, in its own process."""
        command = [sys.executable, "-m", "tests.bench.push", self._url, self._aws.endpoint]
        command += [self._aws.outputs().stream_name, str(PEER_ROWS)]
        done = watched(command, environment=self._aws.environment(), cwd=ROOT)
        self.runs.append(done)
        say(f"{_PEER}: {PEER_ROWS / float(done.output):,.0f} rows/s")
        return float(done.output) / PEER_ROWS


def main() -> None:
    """Measure."""
    why = missing_module("kinesis")
    with filled(ROWS, PEER_ROWS) as url, silent_stack() as aws:
        ours, theirs = OurPush(url, aws, ROWS), PeerPush(url, aws)
        figures = paired({OURS: ours, **({} if why else {_PEER: theirs})}, ROUNDS)
    rates = {name: 1 / statistics.median(values) for name, values in figures.items()}
    speed = Measure(
        name="push",
        unit="rows/s",
        ours=rates[OURS],
        peers={_PEER: why or rates[_PEER]},
        limits={OURS: Limit(least=100_000), _PEER: Limit(least=10)},
    )
    cpu = Measure(
        name="push.cpu",
        unit="rows/CPU-s",
        ours=_rows_per_cpu_s(ROWS, ours.runs),
        peers={_PEER: why or _rows_per_cpu_s(PEER_ROWS, theirs.runs)},
    )
    memory = Measure(
        name="push.peak",
        unit="MB",
        ours=max(run.peak_mb for run in ours.runs),
        more_is_better=False,
        limits={OURS: Limit(most=150)},
    )
    hand_over([speed, cpu, memory])


def _rows_per_cpu_s(rows: int, runs: Sequence[Watched]) -> float:
    return rows / statistics.median(run.cpu_s for run in runs[1:])  # as `paired` counts them


if __name__ == "__main__":
    if len(sys.argv) > 1:
        url, endpoint, stream, rows = sys.argv[1:]
        sys.stdout.write(str(asyncio.run(peer(url, endpoint, stream, int(rows)))))
    else:
        main()
