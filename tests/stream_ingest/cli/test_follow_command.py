"""`stream-ingest follow`: its options, its lock and its health file."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from stream_ingest.cli.follow import _only_follower
from stream_ingest.contracts.errors import PermanentError, UserError
from stream_ingest.follow.health import check_health
from stream_ingest.sources.source_options import SourceOptions
from tests.stream_ingest.cli.conftest import OUTPUTS, World


def test_two_followers_of_a_table_on_one_machine_are_refused(world: World) -> None:
    errors: list[str] = []

    def follow_again() -> None:
        with pytest.raises(UserError, match="is being followed by another process") as caught:
            follow_app()
        errors.append(str(caught.value))

    def follow_app() -> None:
        chosen = SourceOptions(
            mysql=world.database.url,
            mysql_secret=None,
            table="tiktok_creator.videos_links",
            csv=None,
            columns=None,
            since=None,
            until=None,
            creators=(),
        )
        with _only_follower(chosen, OUTPUTS):
            pass

    world.follow(follow_again)
    assert len(errors) == 1
    follow_app()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--every", "0s"], "duration '0s'|at least 1s"),
        (["--every", "soon"], "duration 'soon'"),
        (["--overlap", "100d"], "longer than the 90 days"),
        (["--since", "soon"], "date 'soon'"),
        (["--no-dedup"], "needs dedup"),
        (["--table", "a.b.c"], "expected TABLE or DATABASE.TABLE"),
    ],
)
def test_a_mistake_ends_the_command_with_one_line(
    world: World, arguments: list[str], complaint: str
) -> None:
    with pytest.raises(AssertionError, match=complaint) as caught:
        world.follow(options=tuple(arguments))
    assert str(caught.value).count("stream-ingest: ") == 1


def test_a_health_file_is_checked(world: World) -> None:
    world.insert(1)
    world.follow()
    now = datetime.now(UTC)
    assert re.match(r"\S+/videos_links is read up to 20\d\d-", check_health(world.health_file, now))
    with pytest.raises(PermanentError, match="was last read 3,6"):
        check_health(world.health_file, now + timedelta(hours=1))
    with pytest.raises(PermanentError, match="cannot read"):
        check_health(world.health_file.with_name("nothing"), now)
    world.health_file.write_text("{}")
    with pytest.raises(PermanentError, match="is not a health file"):
        check_health(world.health_file, now)
