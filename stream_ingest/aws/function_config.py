"""Configuration of the boto3 clients of Lambda functions. Edge (botocore)."""

from __future__ import annotations

from botocore.config import Config


def function_config(connections: int) -> Config:
    """Return the configuration of a function's clients, each with up to `connections` connections.

    Time-outs are shorter than those of the command lines: an invocation that waits is billed, and
    its event is delivered again if it fails.
    """
    return Config(
        retries={"mode": "standard", "max_attempts": 5},
        max_pool_connections=connections,
        connect_timeout=5,
        read_timeout=20,
    )
