"""The handlers on moto's AWS: the real composition, with what a test may not touch replaced."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from stream_ingest.windowing import wiring
from tests.fakes.ingest.aws import BUS, OUTPUT, TABLE, TEMP, IngestAws
from tests.fakes.lambda_variables import lambda_variables

_CACHED = (
    "settings",
    "_threads",
    "_emitter",
    "_store",
    "_registry",
    "windowing",
    "open_work",
    "sweeper",
)


@pytest.fixture
def deployed(aws: IngestAws, monkeypatch: pytest.MonkeyPatch) -> IngestAws:
    """The environment of a deployed stack; threads, clock and bus are the fakes."""
    for name in _CACHED:
        getattr(wiring, name).cache_clear()
    variables = lambda_variables(table=TABLE, bus=BUS, output=OUTPUT, temp=TEMP)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    made = aws.clients | {"events": aws.bus}

    def client(service: str, config: object) -> Any:  # noqa: ANN401 - any client
        assert config is not None
        return made[service]

    monkeypatch.setattr(wiring, "boto3", SimpleNamespace(client=client))
    monkeypatch.setattr(wiring, "time", SimpleNamespace(time=aws.clock))
    monkeypatch.setattr(wiring, "_threads", lambda: aws.threads)
    return aws
