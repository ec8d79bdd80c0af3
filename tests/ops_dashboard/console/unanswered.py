"""Lets AWS not answer some requests of a console's S3 client, which tests of a process share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import EndpointConnectionError

from ops_dashboard.console.account import Account

_READ = "before-call.s3.GetObject"


@contextmanager
def unanswered(account: Account, part: str) -> Iterator[None]:
    """Fail reads of objects whose keys contain `part`, during a ``with`` block."""

    def fail(params: dict[str, str], **_: object) -> None:
        if part in params["url"]:
            raise EndpointConnectionError(endpoint_url=params["url"])

    events = account.s3.meta.events
    events.register(_READ, fail)
    try:
        yield
    finally:
        events.unregister(_READ, fail)
