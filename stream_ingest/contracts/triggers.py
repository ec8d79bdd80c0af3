"""Triggers: how a batch came in. Pure."""

from __future__ import annotations

from enum import StrEnum


class Trigger(StrEnum):
    """How a batch came in; part of the keys in S3."""

    MYSQL_PUSH = "mysql-push"
    MYSQL_FOLLOW = "mysql-follow"
    CSV_PUSH = "csv-push"
    S3_TRIGGER = "s3-trigger"
    """A file that was dropped into the input bucket."""
    SQS_TRIGGER = "sqs-trigger"
    """A file that a request names."""
    SMOKE = "smoke"
    """`ops-dashboard smoke`."""
