"""Runs the whole Pulumi program once a stack, against mocks that write down what it declares."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pulumi.runtime.mocks import MockMonitor

from ops_dashboard.local.aws.engine.program import run_with
from ops_dashboard.local.aws.stack import stack_settings
from ops_dashboard.packaging.bundles import Bundle
from tests.pulumi.recorder import Recorder

Deploy = Callable[..., Recorder]


@pytest.fixture(scope="session")
def deploy(tmp_path_factory: pytest.TempPathFactory) -> Deploy:
    """Run the program: ``deploy("dev", streamShards=2)``, with a recorder or a new one.

    `name` names the stack differently from its file. Its bundles are small stand-ins.
    """
    folder = tmp_path_factory.mktemp("bundles")

    def build_bundle(name: str, platform: str) -> Bundle:
        path = folder / f"{name}-{platform}.zip"
        path.write_bytes(f"{name} for {platform}".encode())
        return Bundle(path=path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())

    register = MockMonitor.RegisterResource

    def registering(recorder: Recorder) -> Callable[..., Any]:
        def call(monitor: MockMonitor, request: Any) -> Any:  # noqa: ANN401 - as in Pulumi
            recorder.register(request)
            return register(monitor, request)

        return call

    def run(
        stack: str, recorder: Recorder | None = None, name: str = "", **settings: object
    ) -> Recorder:
        recorder = recorder or Recorder()
        config = stack_settings(stack) | {f"coverstream:{key}": settings[key] for key in settings}
        texts = {key: v if isinstance(v, str) else json.dumps(v) for key, v in config.items()}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ops_dashboard.packaging.bundles.build_bundle", build_bundle)
            patch.setattr(MockMonitor, "RegisterResource", registering(recorder))
            run_with(recorder, name or stack, texts)
        return recorder

    return run


@pytest.fixture(scope="session")
def dev(deploy: Deploy) -> Recorder:
    """The dev stack."""
    return deploy("dev")


CHANGED: Mapping[str, object] = {
    "alarmCostUsdPerDay": 3,
    "alarmDeadLetters": 0,
    "alarmDurationS": 60,
    "alarmErrorPercent": 7,
    "alarmFailedImagesPercent": 50,
    "alarmIdleMinutes": 30,
    "alarmIteratorAgeMinutes": 3,
    "alarmMemoryPercent": 70,
    "alarmWindowAgeMinutes": 20,
    "allowedInputBuckets": ["tiktok-image-input"],
    "allowedPorts": ["80", "443"],
    "allowedSources": ["127.0.0.1:8000", "covers.test:80"],
    "byCreatorCopy": False,
    "collageTimeoutS": 900,
    "contentDedup": True,
    "dedupHorizonDays": 7,
    "defaultBackground": "black",
    "defaultFlush": "never",
    "defaultGrid": "3x4",
    "downloadsAtOnce": 8,
    "downloadTimeoutS": 30,
    "downloadTries": 1,
    "downloadUserAgent": "covers/1.0",
    "failureBucket": "temp",
    "intakeMaxConcurrency": 7,
    "intakeTimeoutS": 900,
    "keepOriginals": False,
    "keyTemplate": "{batch}/{creator}_{kind}_{window}",
    "minSidePx": 100,
    "originalsExpireDays": 90,
    "partialResponses": "raise",
    "prefetchCovers": False,
    "refusedImages": ["ab" * 32],
    "streamShards": 3,
    "tableName": "restored-table",
}


@pytest.fixture(scope="session")
def changed(deploy: Deploy) -> Recorder:
    """The dev stack with other values for settings that do not depend on each other.

    One run of the program takes a second, so tests of such a setting share it.
    """
    return deploy("dev", **CHANGED)


@pytest.fixture(scope="session")
def prod(deploy: Deploy) -> Recorder:
    """The prod stack."""
    return deploy("prod")
