from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING

import msgspec
import pytest
from settings import Settings, SettingsError
from stack_config import read_settings

import pulumi
from ops_dashboard.local.aws.stack import LOCAL_SETTINGS
from stream_ingest.contracts.batch_options import settings_of
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import BatchSettings
from tests.pulumi.recorder import Recorder

if TYPE_CHECKING:
    from conftest import Deploy

KNOWN = {setting.encode_name for setting in msgspec.structs.fields(Settings)}


def read(**values: str) -> Settings:
    """Read settings as the program does; a name with a colon has a namespace of its own."""
    config = {
        name if ":" in name else f"coverstream:{name}": value for name, value in values.items()
    }

    def run() -> Settings:
        pulumi.runtime.set_all_config(config)
        return read_settings(pulumi.Config("coverstream"))

    return contextvars.copy_context().run(run)


def test_every_setting_has_a_default() -> None:
    assert read() == Settings()


def test_the_local_runs_overrides_are_settings() -> None:
    assert {*LOCAL_SETTINGS, "allowedSources"} <= KNOWN


def test_values_are_parsed_from_the_clis_strings() -> None:
    settings = read(
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
def test_a_value_out_of_bounds_is_refused_by_name(key: str, value: str) -> None:
    with pytest.raises(SettingsError, match=key):
        read(**{key: value})


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read(streamShards="x", logLevel="loud", collageTimeoutS="0")
    for key in ("streamShards", "logLevel", "collageTimeoutS"):
        assert key in str(caught.value)


def test_reserving_less_than_the_maximum_concurrency_is_refused() -> None:
    """Throttled messages would use up their receipts and end as dead letters."""
    with pytest.raises(SettingsError, match="collageReservedConcurrency"):
        read(collageReservedConcurrency="5", collageMaxConcurrency="10")


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
    values: dict[str, str], complaint: str
) -> None:
    with pytest.raises(SettingsError, match=complaint):
        read(**values)


def test_batches_of_a_stack_without_settings_differ_from_those_without_a_stack_in_one_thing() -> (
    None
):
    """Records in flight at an upgrade keep what they had; new batches leave out empty rows."""
    settings = settings_of(Settings().batch_defaults)
    layout = msgspec.structs.replace(settings.layout, fit_rows=False)
    assert settings.layout.fit_rows
    assert msgspec.structs.replace(settings, layout=layout) == BatchSettings()


def test_a_setting_by_its_former_name_is_refused_with_its_name_now() -> None:
    with pytest.raises(SettingsError, match="downloads is called downloadsAtOnce now"):
        read(downloads="8")


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
    key: str, value: str, expected: str
) -> None:
    with pytest.raises(SettingsError, match=expected) as caught:
        read(**{key: value})
    assert "regex" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("outputbucket", "outputbucket is not a setting; did you mean outputBucket?"),
        ("OUTPUT_BUCKET", "OUTPUT_BUCKET is not a setting; did you mean outputBucket?"),
        ("output-bucket", "output-bucket is not a setting; did you mean outputBucket?"),
        ("outputBuket", "outputBuket is not a setting; did you mean outputBucket?"),
        ("stream_shards", "stream_shards is not a setting; did you mean streamShards?"),
        ("alarmCostUSDPerDay", "alarmCostUSDPerDay is not a setting; did you mean"),
        ("protected", "protected is not a setting; did you mean protect?"),
        ("colour", "colour is not a setting"),
        ("downloads", "downloads is called downloadsAtOnce now"),
        ("coverstrem:streamShards", "did you mean coverstream:streamShards?"),
        ("Coverstream:streamShards", "did you mean coverstream:streamShards?"),
        ("cover-stream:streamShards", "did you mean coverstream:streamShards?"),
    ],
)
def test_a_name_that_no_setting_has_is_refused_with_the_nearest_one(
    name: str, complaint: str
) -> None:
    """It would have no effect: a bucket would get another name than its owner asked for."""
    with pytest.raises(SettingsError) as caught:
        read(**{name: "1"})
    assert complaint in str(caught.value)
    assert ";" not in str(caught.value).partition("did you mean")[2]


@pytest.mark.parametrize("name", ["aws:region", "pulumi:tags", "aws-native:region", "datadog:x"])
def test_names_of_other_namespaces_are_left_to_their_owners(name: str) -> None:
    assert read(**{name: "1"}) == Settings()


def test_unknown_names_and_wrong_values_are_one_error() -> None:
    with pytest.raises(SettingsError) as caught:
        read(outputbucket="a", tempbucket="b", streamShards="x")
    for part in ("outputBucket?", "tempBucket?", "streamShards is 'x'"):
        assert part in str(caught.value)


def test_what_is_refused_is_one_line_for_pulumi_and_for_the_commands() -> None:
    """Pulumi and our commands print these errors without a traceback."""
    with pytest.raises(pulumi.RunError) as caught:
        read(outputbucket="a")
    assert isinstance(caught.value, UserError)


def test_names_that_the_cli_passes_in_its_environment_are_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The CLI passes the configuration in this variable; the embedded AWS sets it in-process."""
    monkeypatch.setenv("PULUMI_CONFIG", '{"coverstream:outputbucket": "mine"}')
    with pytest.raises(SettingsError, match="did you mean outputBucket"):
        read()


def test_an_unknown_name_stops_the_program_before_it_declares_anything(deploy: Deploy) -> None:
    recorder = Recorder()
    with pytest.raises(SettingsError, match="did you mean streamShards"):
        deploy("dev", recorder, streamshards=2)
    assert recorder.declared == []
