"""A session of boto3 whose clients outlive a test."""

from __future__ import annotations

from typing import Any

import boto3


class CachedSession(boto3.Session):
    """Makes one client for each service and configuration; under moto it is of any test's AWS.

    A client takes some 50 ms of processor time, and a console has eight.
    """

    def __init__(self) -> None:
        super().__init__(
            aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
        )
        self._made: dict[tuple[str, object], Any] = {}

    def client(self, service_name: str, *, config: object = None) -> Any:  # type: ignore[override]  # noqa: ANN401 - boto3 builds its classes at run time
        key = (service_name, config)
        if key not in self._made:
            self._made[key] = super().client(service_name, config=config)  # type: ignore[call-overload]  # by name
        return self._made[key]
