from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest

from stream_ingest.contracts.settings import DAY_S
from stream_ingest.contracts.watermarks import WATERMARK_LIFE_S
from stream_ingest.push import resuming
from stream_ingest.push.checkpoint import PushPlan
from stream_ingest.push.chunks import Chunk
from stream_ingest.push.resuming import RESUMABLE_S, TooLateError, check_in_time
from tests.fakes.ingest.aws import IngestAws
from tests.fakes.ingest.rows import NOW_S, header
from tests.stream_ingest.push.test_checkpoint import CHUNK, plan

DEDUP = plan()


def with_settings(**changes: bool) -> PushPlan:
    settings = msgspec.structs.replace(DEDUP.header.settings, **changes)
    return msgspec.structs.replace(
        DEDUP, header=msgspec.structs.replace(DEDUP.header, settings=settings)
    )


NO_DEDUP = with_settings(dedup=False)
MIXED = with_settings(dedup=False, group_by_creator=False)


@pytest.fixture(autouse=True)
def now(aws: IngestAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming, "time", SimpleNamespace(time=aws.clock))


def test_a_push_is_resumed_only_while_its_rows_are_recognised(aws: IngestAws) -> None:
    """After nine days its rows counted as duplicates, and the batch never settled."""
    assert RESUMABLE_S == WATERMARK_LIFE_S - DAY_S
    check_in_time(DEDUP, CHUNK, NOW_S - RESUMABLE_S, aws.registry)
    wanted = (
        r"batch 'b1' stopped 8 days ago, too long to tell .*\(stream-ingest abandon b1"
        r" --stack dev\) and push its rows again"
    )
    with pytest.raises(TooLateError, match=wanted):
        check_in_time(DEDUP, CHUNK, NOW_S - RESUMABLE_S - 1, aws.registry)


@pytest.mark.parametrize(
    "chunk",
    [
        None,
        msgspec.structs.replace(CHUNK, records=()),
        msgspec.structs.replace(CHUNK, ends=True),
    ],
)
def test_what_has_no_rows_can_always_be_sent_again(aws: IngestAws, chunk: Chunk | None) -> None:
    check_in_time(DEDUP, chunk, NOW_S - 100 * DAY_S, aws.registry)


def test_a_creator_may_have_forgotten_a_batch_after_many_others(
    aws: IngestAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With deduplication its images are known still; without, they would be shown twice."""
    monkeypatch.setattr(resuming, "MAX_BATCHES_SINCE", 3)
    for number in range(4):
        aws.clock.advance(60)
        aws.registry.register(header(f"later-{number}"))
    aws.registry.move("later-1", "sending", "ended")
    check_in_time(DEDUP, CHUNK, NOW_S, aws.registry)
    check_in_time(MIXED, CHUNK, NOW_S, aws.registry)
    check_in_time(NO_DEDUP, CHUNK, NOW_S + DAY_S + 61, aws.registry)
    with pytest.raises(TooLateError, match=r"more than 3 batches ago.* then push only the rows"):
        check_in_time(NO_DEDUP, CHUNK, NOW_S, aws.registry)
