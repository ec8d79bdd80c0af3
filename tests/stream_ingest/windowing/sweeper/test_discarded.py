from __future__ import annotations

import pytest

from stream_ingest.windowing.sweeper.discarded import DiscardedDeliveries
from tests.fakes.ingest.aws import OUTPUT, TEMP, IngestAws


@pytest.mark.parametrize("bucket", [OUTPUT, TEMP])
def test_deliveries_that_lambda_discarded_are_counted_until_they_are_gone(
    aws: IngestAws, bucket: str
) -> None:
    discarded = DiscardedDeliveries(aws.s3, (OUTPUT, TEMP))
    aws.s3.put_object(Bucket=OUTPUT, Key="failed/records/x", Body=b"")
    assert discarded.count() == 0
    key = "aws/lambda/uuid/shardId-000000000000/2026/11/21/2026-11-21T10.00.00-x"
    aws.s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
    assert discarded.count() == 1
    aws.s3.delete_object(Bucket=bucket, Key=key)
    assert discarded.count() == 0
