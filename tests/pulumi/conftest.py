"""Runs the whole Pulumi program once a stack, against mocks that write down what it declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.pulumi.all_options import ALL_OPTIONS, NAME
from tests.pulumi.declaring import declare
from tests.pulumi.recorder import Recorder
from tests.pulumi.requested import Requested

Deploy = Callable[..., Recorder]


@pytest.fixture(scope="session")
def deploy(tmp_path_factory: pytest.TempPathFactory) -> Deploy:
    """Run the program: ``deploy("dev", streamShards=2)``, with a recorder or a new one.

    `name` names the stack differently from its file. Its bundles are small stand-ins.
    """
    folder = tmp_path_factory.mktemp("bundles")

    def run(
        stack: str, recorder: Recorder | None = None, name: str = "", **settings: object
    ) -> Recorder:
        return declare(folder, stack, recorder or Recorder(), name, settings)

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
    "collageMemoryMb": 1_024,
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
    "simdScaling": False,
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


@pytest.fixture(scope="session")
def full(deploy: Deploy) -> Requested:
    """A stack with all options, with the requests that the engine makes of it."""
    requested = Requested()
    deploy("prod", requested, NAME, **ALL_OPTIONS)
    return requested


@pytest.fixture(scope="session")
def stacks(deploy: Deploy, full: Requested) -> dict[str, Requested]:
    """Stacks with the requests that the engine makes for them."""
    dev, prod = Requested(), Requested()
    deploy("dev", dev)
    deploy("prod", prod)
    return {"dev": dev, "prod": prod, NAME: full}
