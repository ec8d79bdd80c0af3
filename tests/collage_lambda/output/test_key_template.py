from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collage_lambda.output.key_template import (
    DEFAULT_TEMPLATE,
    MAX_KEY_BYTES,
    expand,
    longest_key,
    template_problems,
)
from collage_lambda.output.keys import keys_of
from stream_ingest.contracts.naming import MAX_BATCH_ID, MAX_CREATOR_BYTES, MAX_TRIGGER
from stream_ingest.contracts.settings import MAX_PREFIX
from tests.fakes.collage.events import window_image, window_ready

IMAGES = [window_image("http://a/b")]
GOOD = [
    DEFAULT_TEMPLATE,
    "{creator}_{kind}_{window}",
    "{batch}/{window}-{creator}{kind}",
    "{creator}/{date}/{kind}.{creator}.{window}_{closed}",
    "all/{trigger}.{batch}/{kind}_{creator}-{window}",
]
names = st.text(alphabet="ab_-.0=/é1", min_size=1, max_size=8)


@pytest.mark.parametrize("template", GOOD)
def test_a_template_whose_keys_are_safe_and_distinct_has_no_problem(template: str) -> None:
    assert template_problems(template) == []


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{date}/{creator}_{kind}_{window}_{when}", "unknown field {when}; the fields are {batch}"),
        ("{}/{creator}_{kind}_{window}", "unknown field {}"),
        ("{creator!r}_{kind}_{window}", "unknown field {creator!r}"),
        ("{creator}_{window}", "needs {kind} once"),
        ("{creator}_{kind}", "needs {window} once"),
        ("{creator}/{kind}_{window}", "needs {creator} once"),
        ("{creator}_{kind}_{window}/{batch}", "needs {creator} once"),
        ("{creator}_{creator}_{kind}_{window}", "needs {creator} once"),
        ("{batch}_{creator}_{kind}_{window}", "{batch} belongs into a folder"),
        ("{creator}_{kind}_{window}_{trigger}", "{trigger} belongs into a folder"),
        ("{creator}{window}_{kind}", "{window} needs a separator"),
        ("{kind}_{window}{creator}", "{window} needs a separator"),
        ("{creator}_{kind}_0{window}", "{window} needs a separator"),
        ("{creator}_{kind}_{window}7", "{window} needs a separator"),
        ("on-{date}/{creator}_{kind}_{window}", "{date} is the folders YYYY/MM/DD"),
        ("{date}_{creator}_{kind}_{window}", "{date} is the folders YYYY/MM/DD"),
        ("by-creator/{creator}_{kind}_{window}", "copies by creator"),
        ("/{creator}_{kind}_{window}", "expected folders"),
        ("a//{creator}_{kind}_{window}", "expected folders"),
        ("../{creator}_{kind}_{window}", "expected folders"),
        (".a/{creator}_{kind}_{window}", "expected folders"),
        ("a b/{creator}_{kind}_{window}", "expected folders"),
        ("{creator}_{kind}_{window}\n", "expected folders"),
        ("{creator}_{kind}_{window}}", "expected folders"),
        ("", "expected folders"),
        ("x" * 250 + "/{creator}_{kind}_{window}", "256 characters at most"),
        ("{creator}/{creator}_{kind}_{window}/{creator}_{kind}_{window}", "S3 takes 1024"),
    ],
)
def test_an_unusable_template_is_described(template: str, problem: str) -> None:
    assert any(problem in each for each in template_problems(template))


@pytest.mark.parametrize("template", GOOD)
def test_the_longest_key_is_at_least_as_long_as_any_real_one(template: str) -> None:
    event = window_ready(
        IMAGES,
        creator="\u00e9" * (MAX_CREATOR_BYTES // 2),
        number=10**12 - 1,
        trigger="t" * MAX_TRIGGER,
        batch_id="b" * MAX_BATCH_ID,
        prefix="p" * MAX_PREFIX,
        key_template=template,
    )
    keys = keys_of(event)
    found = [len(key) for key in (keys.collage, keys.by_creator, keys.thumbnail, keys.metadata)]
    assert max(found) <= longest_key(template) <= max(found) + len("thumbnails")
    assert longest_key(template) <= MAX_KEY_BYTES


@pytest.mark.parametrize("template", GOOD)
@given(windows=st.lists(st.tuples(names, names, st.integers(1, 10**12 - 1)), min_size=2))
def test_windows_never_share_a_key_whatever_their_creators_and_batches_are_called(
    template: str, windows: list[tuple[str, str, int]]
) -> None:
    owners: dict[str, tuple[str, int]] = {}
    for creator, batch, number in windows:
        event = window_ready(
            IMAGES, creator=creator, number=number, batch_id=batch, key_template=template
        )
        keys = keys_of(event)
        for key in (keys.collage, keys.by_creator, keys.thumbnail, keys.metadata):
            assert owners.setdefault(key, (creator, number)) == (creator, number)


def test_names_made_to_collide_do_not() -> None:
    """A creator may be called like the rest of another one's file name."""
    creators = [
        "a",
        "a_collage",
        "a_collage_000001",
        "a_collage_20261120_233000_000001",
        "a-000001",
    ]
    for template in GOOD:
        keys = [
            keys_of(window_ready(IMAGES, creator=creator, number=number, key_template=template))
            for creator, number in itertools.product(creators, (1, 11, 1_000_001))
        ]
        assert len({each.collage for each in keys}) == len(keys)


def test_fields_are_replaced_and_nothing_else() -> None:
    assert expand("{a}-{b}/x", {"a": "{b}", "b": "2"}) == "{b}-2/x"
