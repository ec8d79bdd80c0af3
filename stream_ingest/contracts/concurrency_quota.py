"""Lambda's quota of concurrent executions, and how to request more. Pure."""

from __future__ import annotations

SERVICE, QUOTA = "lambda", "L-B99A9384"
"""The quota "Concurrent executions"; 1,000 by default, 10 in new accounts."""


def quota_request(value: int) -> str:
    """Return how to request a quota of `value`."""
    return (
        "request more with `aws service-quotas request-service-quota-increase"
        f" --service-code {SERVICE} --quota-code {QUOTA}"
        f" --desired-value {value}`"
    )
