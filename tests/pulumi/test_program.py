from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import msgspec
import pytest
import yaml

from ops_dashboard.local.aws.engine.resources import CREATE
from stream_ingest.contracts.levels import LEVEL, OLDEST_COMMANDS
from stream_ingest.contracts.stack_outputs import StackOutputs, parameter_name
from tests.paths import ROOT

if TYPE_CHECKING:
    from tests.pulumi.recorder import Recorder


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_parameter_lists_where_everything_is(
    request: pytest.FixtureRequest, stack: str
) -> None:
    recorder: Recorder = request.getfixturevalue(stack)
    parameter = recorder.one("Parameter", "directory").inputs
    assert parameter["name"] == parameter_name(stack)
    outputs = msgspec.json.decode(parameter["value"], type=StackOutputs)
    assert outputs.stack == stack
    assert (outputs.level, outputs.oldest_commands) == (LEVEL, OLDEST_COMMANDS)
    assert outputs.release == version("coverstream")
    assert outputs.region == "eu-central-1"
    assert outputs.window_rule_arn == "arn:EventRule:window-ready"
    assert outputs.dead_letter_urls == {
        "collage": "https://Queue/collage-dead-letters",
        "window-rule": "https://Queue/window-rule-dead-letters",
        "sweeper": "https://Queue/sweeper-dead-letters",
        "intake": "https://Queue/intake-dead-letters",
        "prefetch": "https://Queue/prefetch-dead-letters",
    }


def test_every_resource_is_part_of_a_component(dev: Recorder) -> None:
    components = [one for one in dev.declared if not one.custom]
    assert {one.type.partition(":")[0] for one in components} == {"coverstream"}
    assert len(components) >= 9


def test_the_engine_knows_every_type_of_the_program(dev: Recorder, prod: Recorder) -> None:
    for recorder in (dev, prod):
        assert {one.type for one in recorder.declared if one.custom} <= set(CREATE)


def test_nothing_in_pulumi_shadows_the_sdk() -> None:
    assert not (ROOT / "pulumi" / "__init__.py").exists()
    assert not (ROOT / "tests" / "pulumi" / "__init__.py").exists()


def test_the_project_runs_with_uv_and_its_lock_file() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert project["runtime"] == {"name": "python", "options": {"toolchain": "uv"}}
    assert (ROOT / project["main"] / "__main__.py").is_file()
