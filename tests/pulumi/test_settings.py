from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from settings import Settings, SettingsError
from stack_config import read_settings

import pulumi
from ops_dashboard.local.aws.stack import LOCAL_SETTINGS, stack_settings
from stream_ingest.contracts.batch_options import settings_of
from stream_ingest.contracts.settings import BatchSettings

if TYPE_CHECKING:
    from conftest import Deploy

KNOWN = {setting.encode_name for setting in msgspec.structs.fields(Settings)}


def read(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    config = pulumi.Config("coverstream")
    monkeypatch.setattr(config, "get", values.get)
    return read_settings(config)


def test_every_setting_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch) == Settings()


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_stacks_file_has_no_unknown_settings(stack: str) -> None:
    keys = [key.removeprefix("coverstream:") for key in stack_settings(stack)]
    assert not [key for key in keys if not key.startswith("aws:") and key not in KNOWN]


def test_the_local_runs_overrides_are_settings() -> None:
    assert {*LOCAL_SETTINGS, "allowedSources"} <= KNOWN


def test_values_are_parsed_from_the_clis_strings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(
        monkeypatch,
        streamShards="4",
        protect="true",
        partialResponses="raise",
        allowedSources='["127.0.0.1:8000"]',
    )
    assert settings.stream_shards == 4
    assert settings.protect is True
    assert settings.partial_responses == "raise"
    assert settings.allowed_sources == ("127.0.0.1:8000",)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("streamShards", "-1"),
        ("streamShards", "two"),
        ("collageTimeoutS", "901"),
        ("collageMaxConcurrency", "1"),
        ("protect", "yes"),
        ("failureBucket", "input"),
        ("allowedSources", "127.0.0.1:8000"),
        ("allowedSources", "[8000]"),
        ("allowedSources", '["127.0.0.1"]'),
        ("allowedSources", '["http://127.0.0.1:80"]'),
        ("allowedPorts", "443"),
        ("allowedPorts", '["https"]'),
        ("allowedPorts", '["65536"]'),
        ("refusedImages", '["abc"]'),
        ("keyTemplate", "{creator}_{kind}"),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=key):
        read(monkeypatch, **{key: value})


def test_all_problems_are_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        read(monkeypatch, streamShards="x", logLevel="loud", collageTimeoutS="0")
    for key in ("streamShards", "logLevel", "collageTimeoutS"):
        assert key in str(caught.value)


def test_reserving_less_than_the_maximum_concurrency_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Throttled messages would use up their receipts and end as dead letters."""
    with pytest.raises(SettingsError, match="collageReservedConcurrency"):
        read(monkeypatch, collageReservedConcurrency="5", collageMaxConcurrency="10")


def test_a_wrong_setting_stops_the_program_before_it_declares_anything(deploy: Deploy) -> None:
    with pytest.raises(SettingsError, match="streamShards"):
        deploy("dev", streamShards=-1)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"defaultGrid": "5"}, "defaultGrid '5': expected rows x columns, such as 5x7"),
        ({"defaultGrid": "40x40"}, "limit them with defaultImagesPerWindow"),
        ({"defaultImagesPerWindow": "36"}, "defaultImagesPerWindow 36 does not fit 5x7 cells"),
        ({"defaultBackground": "blurple"}, "defaultBackground 'blurple': expected a colour name"),
        ({"defaultFlush": "soon"}, "defaultFlush 'soon': expected never, batch-end or idle:"),
        ({"allowedInputBuckets": '["A_B"]'}, "allowedInputBuckets"),
    ],
)
def test_a_default_of_batches_that_none_could_have_is_refused(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], complaint: str
) -> None:
    with pytest.raises(SettingsError, match=complaint):
        read(monkeypatch, **values)


def test_batches_of_a_stack_without_settings_differ_from_those_without_a_stack_in_one_thing() -> (
    None
):
    """Records in flight at an upgrade keep what they had; new batches leave out empty rows."""
    settings = settings_of(Settings().batch_defaults)
    layout = msgspec.structs.replace(settings.layout, fit_rows=False)
    assert settings.layout.fit_rows
    assert msgspec.structs.replace(settings, layout=layout) == BatchSettings()


def test_a_setting_by_its_former_name_is_refused_with_its_name_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(SettingsError, match="downloads is called downloadsAtOnce now"):
        read(monkeypatch, downloads="8")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("allowedSources", '["http://127.0.0.1:80"]', "expected host:port, such as"),
        ("refusedImages", '["abc"]', "expected 64 hexadecimal digits"),
        ("allowedInputBuckets", '["A_B"]', "expected names of buckets"),
        ("vpcId", "vpc", "expected the id of a VPC"),
        ("downloadUserAgent", "caf\u00e9", "expected printable ASCII text"),
    ],
)
def test_a_form_is_explained_without_a_regular_expression(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str, expected: str
) -> None:
    with pytest.raises(SettingsError, match=expected) as caught:
        read(monkeypatch, **{key: value})
    assert "regex" not in str(caught.value)
