from __future__ import annotations

import pytest

from stream_ingest.cli.argv import without_passwords


@pytest.mark.parametrize(
    ("given", "hidden"),
    [
        ("--mysql=mysql://ann:secret@db/videos", "--mysql=mysql://ann:******@db/videos"),
        ("mariadb://ann:secret@db/videos", "mariadb://ann:******@db/videos"),
        ("mysql://ann:s@cr:t/@db/videos", "mysql://ann:*******@db/videos"),
        ("mysql://:secret@db/videos", "mysql://:******@db/videos"),
        ("mysql+pymysql://ann:secret@db/v", "mysql+pymysql://ann:******@db/v"),
        (
            "jdbc:mysql://db/v?user=ann&password=secret&ssl=true",
            "jdbc:mysql://db/v?user=ann&password=******&ssl=true",
        ),
        ("mysql://ann@db/videos", "mysql://ann@db/videos"),
        ("mysql://db:3306/videos", "mysql://db:3306/videos"),
        ("--creator=a:b@c", "--creator=a:b@c"),
    ],
)
def test_a_password_becomes_stars_and_nothing_else_changes(given: str, hidden: str) -> None:
    assert without_passwords(f"push\0{given}\0me@here\0".encode()) == (
        f"push\0{hidden}\0me@here\0".encode()
    )
