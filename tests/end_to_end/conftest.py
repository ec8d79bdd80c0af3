"""One embedded AWS with the stack deployed, and a server of sample covers beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ops_dashboard.local.covers import CoverServer
from ops_dashboard.local.stack import LocalAws
from tests.end_to_end.pipeline import Pipeline


@pytest.fixture(scope="package")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with pytest.MonkeyPatch.context() as patch, CoverServer() as covers:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        with LocalAws.start() as aws:
            outputs = aws.deploy(allowed_sources=[covers.address])
            yield Pipeline(aws, outputs, covers)
