"""A delivery that Lambda gave up on, as AWS stores it: the embedded AWS has no such destination."""

from __future__ import annotations

import base64
import json
import time

from ops_dashboard.local.samples.generator import Sample
from stream_ingest.contracts.settings import BATCH_END, BatchSettings
from stream_ingest.records.codec import BatchHeader
from stream_ingest.records.packer import Packer
from stream_ingest.records.rows import CoverRow, admit
from tests.end_to_end.pipeline import Pipeline


def store_discarded(pipeline: Pipeline, sample: Sample) -> None:
    """Store the rows of a sample, in one record of batch ``lost``, as a discarded delivery."""
    settings = BatchSettings(flush=BATCH_END)
    packer = Packer(BatchHeader(batch_id="lost", trigger="csv-push", settings=settings))
    for row in sample.rows:
        admitted = admit(*row, int(time.time()))
        assert isinstance(admitted, CoverRow)
        packer.add(admitted)
    (record,) = packer.flush()
    payload = {"Records": [{"kinesis": {"data": base64.b64encode(record.data).decode()}}]}
    body = {
        "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 11},
        "timestamp": "2026-11-21T03:00:00Z",
        "KinesisBatchInfo": {"shardId": "shardId-000000000000", "batchSize": 1},
        "payload": json.dumps(payload),
    }
    pipeline.aws.clients.s3.put_object(
        Bucket=pipeline.outputs.output_bucket,
        Key="aws/lambda/uuid/shardId-000000000000/2026/11/21/one.json",
        Body=json.dumps(body).encode(),
    )
