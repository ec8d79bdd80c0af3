"""The demo's path at a larger scale, all on this machine: MariaDB, push, embedded AWS, collages.

As in the demo: rows in all of its shapes, its covers (drawn beforehand, so that drawing is not
timed), ``stream-ingest push --flush --wait``. The time is from the start of the push to the end of
the batch. ``BENCH_IMAGES`` sets the number of images, in hundreds.

Over HTTPS the embedded AWS, and so its functions, trusts the authority of the run by
``SSL_CERT_FILE``, which OpenSSL reads.

Idle is the time in which a stage had work and did nothing: windowing, until its last invocation
started; the collage function, while a window's message waited; the machine, the unused seconds of
its cores.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec

from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.local.mysql.binary import ensure_mariadbd
from ops_dashboard.local.mysql.server import PrivateMariaDb
from ops_dashboard.local.mysql.videos_table import create_schema, load_rows
from ops_dashboard.local.samples.cover_model import UrlSigner
from ops_dashboard.local.samples.creators import SampleCreator
from ops_dashboard.local.samples.generator import Sample, generate_sample
from tests.bench.certificates import certificates_of
from tests.bench.cover_server import HOST, serving
from tests.bench.measure import hand_over, say
from tests.bench.results import OURS, Limit, Measure
from tests.bench.stages import SAMPLE_PERIOD_S, Sampler, idle_s, invocations, machine_idle_s
from tests.fakes.sampling import called_every

IMAGES = int(os.environ.get("BENCH_IMAGES", "20000"))
IMAGES_OF_A_CREATOR = 100
_LEAST = {"end_to_end": 300, "end_to_end.https": 250, "end_to_end.with_originals": 180}


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one run."""

    seconds: float
    images: int
    peaks_mb: dict[str, float]
    cpu_s: dict[str, float]
    idle_s: dict[str, float]


def sample(base_url: str) -> Sample:
    """Return the rows, with covers of a server."""
    creators = [
        SampleCreator(
            index=number, name=f"creator.{number}", caption="bench", covers=IMAGES_OF_A_CREATOR
        )
        for number in range(IMAGES // IMAGES_OF_A_CREATOR)
    ]
    signer = UrlSigner(base_url=base_url, secret=b"bench")
    return generate_sample(now=datetime.now(UTC), signer=signer, creators=creators, awkward=False)


async def _load(url: str, planned: Sample) -> None:
    await create_schema(url)
    await load_rows(url, planned.rows)


def run(*, tls: bool = False, keep_originals: bool = False) -> Run:
    """Run the whole path once, on a new embedded AWS."""
    with ExitStack() as stack:
        certificates = stack.enter_context(certificates_of(HOST)) if tls else None
        trust = certificates.environment() if certificates else {}
        host, server = stack.enter_context(serving("demo", certificates=certificates))
        database = stack.enter_context(PrivateMariaDb(ensure_mariadbd(say)))
        asyncio.run(_load(database.url, sample(f"{'https' if tls else 'http'}://{host}")))
        with patch.dict(os.environ, trust):
            aws = stack.enter_context(LocalAws.start())
        aws.deploy(allowed_sources=[host], settings={"keepOriginals": keep_originals})
        say(f"{IMAGES:,} rows are in MariaDB, the stack is deployed")
        return _push(aws, database, server)


def _push(aws: LocalAws, database: PrivateMariaDb, server: int) -> Run:
    outputs = aws.outputs()
    functions = {"windowing": outputs.windowing_function, "collage": outputs.collage_function}
    command = [str(Path(sys.executable).with_name("stream-ingest")), "push", "--flush", "--wait"]
    began, idle_before_s = time.time(), machine_idle_s()
    with subprocess.Popen(  # noqa: S603 - our own arguments
        [*command, "--json", "--batch-id=bench"],
        env={**os.environ, **aws.environment(), "MYSQL_URL": database.url},
        stdout=subprocess.PIPE,
    ) as push:
        others = {"push": push.pid, "covers": server, "mariadb": database.pid or 0}
        waiting = partial(_waiting, aws, outputs.collage_queue_url)
        sampler = Sampler(aws.instance.group, others, waiting)
        with called_every(SAMPLE_PERIOD_S, sampler.sample):
            output, _ = push.communicate()
        seconds, idle_after_s = time.time() - began, machine_idle_s()
    assert push.returncode == 0, "the push failed"
    progress = json.loads(output)["progress"]
    say(f"{progress['images_ok']:,} images in {seconds:.0f} s")
    ran = {stage: invocations(aws, name) for stage, name in functions.items()}
    sending = [(moment, 1) for moment, _ in sampler.waited if moment < ran["windowing"][-1][0]]
    return Run(
        seconds=seconds,
        images=progress["images_ok"],
        peaks_mb=dict(sampler.peaks_mb),
        cpu_s=sampler.cpu_s(),
        idle_s={
            "windowing": idle_s(ran["windowing"], sending),
            "collage": idle_s(ran["collage"], sampler.waited),
            "machine": idle_after_s - idle_before_s,
        },
    )


def _waiting(aws: LocalAws, queue_url: str) -> int:
    """Return how many windows wait for a collage."""
    name: Any = "ApproximateNumberOfMessages"
    found = aws.clients.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=[name])
    return int(found["Attributes"][name])


def measures(name: str, found: Run) -> list[Measure]:
    """Return the measures of a run."""
    assert found.images == IMAGES, f"{found.images} images of {IMAGES}"
    cpu = ", ".join(f"{process} {used:.0f}" for process, used in sorted(found.cpu_s.items()))
    rate = Measure(
        name=name,
        unit="images/s",
        ours=found.images / found.seconds,
        limits={OURS: Limit(least=_LEAST[name])},
        note=f"{found.images:,} images in {found.seconds:.0f} s; CPU seconds: {cpu}",
    )
    peaks = [
        Measure(name=f"{name}.peak.{process}", unit="MB", ours=peak, more_is_better=False)
        for process, peak in sorted(found.peaks_mb.items())
    ]
    idle = [
        Measure(name=f"{name}.idle.{stage}", unit="s", ours=seconds, more_is_better=False)
        for stage, seconds in found.idle_s.items()
    ]
    return [rate, *peaks, *idle]


def main() -> None:
    """Measure."""
    hand_over(
        [
            *measures("end_to_end", run()),
            *measures("end_to_end.https", run(tls=True)),
            *measures("end_to_end.with_originals", run(keep_originals=True)),
        ]
    )


if __name__ == "__main__":
    main()
