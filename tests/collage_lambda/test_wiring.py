from __future__ import annotations

import os
from logging import LogRecord
from typing import Any
from unittest import mock

import pytest

from collage_lambda import wiring
from collage_lambda.handler import logger
from collage_lambda.image import scaling
from tests.fakes.lambda_variables import lambda_variables


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The facts of the log lines."""
    found: list[dict[str, Any]] = []

    def note(record: LogRecord) -> None:
        found.append(vars(record) | {"message": record.getMessage()})

    monkeypatch.setattr(logger.registered_handler, "emit", note)
    return found


@pytest.mark.parametrize(
    ("switch", "found", "name"),
    [
        ("on", scaling.resize_by_pillow, "pic-scale"),
        ("on", None, "Pillow"),
        ("off", scaling.resize_by_pillow, "Pillow"),
    ],
)
def test_a_process_logs_what_it_scales_images_by(
    lines: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    switch: str,
    found: scaling.Resize | None,
    name: str,
) -> None:
    """Pillow scales too if pic-scale has no wheel for the platform, or fails its test picture."""
    monkeypatch.setattr(scaling, "simd_resize", lambda: found)
    monkeypatch.setattr(wiring, "configure_process", lambda: None)
    monkeypatch.setattr(wiring, "connect", lambda _: mock.Mock())
    with mock.patch.dict(os.environ, lambda_variables(SIMD_SCALING=switch)):
        wiring.from_environment()
    (line,) = [each for each in lines if each["message"] == "process started"]
    assert line["scaler"] == name
