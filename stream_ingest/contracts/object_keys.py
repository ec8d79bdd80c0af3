"""Prefixes of object keys that several parts share. Pure."""

from __future__ import annotations

ATTEMPTS_PREFIX = "processing/attempts/"
"""Marks of single records that are being folded, in the bucket of temporary files."""

BY_CREATOR = "by-creator"
"""Folder under ``collages/`` of the copies by creator."""
REFUSED_PREFIX = "failed/rows/"
"""Refused rows, in a folder for each batch."""
QUARANTINE_PREFIX = "failed/records/"
"""Records that could not be read: ``failed/records/YYYY/MM/DD/<sequence number>.json``."""
DROPPED_PREFIX = "failed/dropped/"
"""Copies of dead letters that were dropped: ``failed/dropped/<kind>/…``."""
FAILED_BATCHES_PREFIX = "aws/lambda/"
"""Batches that Lambda gave up on, from the S3 destination of an event source mapping.

AWS chose the prefix: https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""


def refused_prefix(batch_id: str) -> str:
    """Return the folder of a batch's refused rows in the output bucket."""
    return f"{REFUSED_PREFIX}{batch_id}/"
