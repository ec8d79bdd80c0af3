"""Runs the program as Pulumi does, with a recorder as the engine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import source_pb2

from ops_dashboard.local.aws.engine.program import run_with
from ops_dashboard.local.aws.stack import stack_settings
from ops_dashboard.packaging.bundles import Bundle
from tests.pulumi.recorder import Recorder

_register = MockMonitor.RegisterResource


def declare(
    folder: Path, stack: str, recorder: Recorder, name: str, settings: Mapping[str, object]
) -> Recorder:
    """Run the program once; its bundles are small stand-ins in `folder`.

    `name` names the stack differently from its file.
    """

    def build_bundle(bundle: str, platform: str) -> Bundle:
        path = folder / f"{bundle}-{platform}.zip"
        path.write_bytes(f"{bundle} for {platform}".encode())
        return Bundle(path=path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())

    config = stack_settings(stack) | {f"coverstream:{key}": settings[key] for key in settings}
    texts = {key: v if isinstance(v, str) else json.dumps(v) for key, v in config.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ops_dashboard.packaging.bundles.build_bundle", build_bundle)
        patch.setattr(MockMonitor, "RegisterResource", _registering(recorder))
        # For error messages of Pulumi's engine; most of the frames are pytest's.
        patch.setattr("pulumi.runtime.resource._get_stack_trace", source_pb2.StackTrace)
        run_with(recorder, name or stack, texts)
    return recorder


def _registering(recorder: Recorder) -> Callable[..., Any]:
    def call(monitor: MockMonitor, request: Any) -> Any:  # noqa: ANN401 - as in Pulumi
        recorder.register(request)
        return _register(monitor, request)

    return call
