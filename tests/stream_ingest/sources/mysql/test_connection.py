"""What can be said of MySQL without a server; `test_table` asks a real one."""

from __future__ import annotations

import asyncio
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql.connection import (
    MySqlAddress,
    connect,
    database_now,
    parse_address,
    quote,
)
from stream_ingest.sources.mysql.table import condition_after


def address(**changes: object) -> MySqlAddress:
    fields = {"host": "h", "port": 3306, "user": "u", "password": "p", "database": "db"}
    return MySqlAddress(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mysql://u:p@h:3307/db", address(port=3307)),
        ("mysql://u:p@h/db", address()),
        ("mariadb://u:p@h/db/", address()),
        ("mysql://h/db", address(user="root", password="")),
        ("mysql://u@h/db", address(password="")),
        ("mysql://u%40x:p%2F%3A%40%23@h/db", address(user="u@x", password="p/:@#")),
        ("mysql://u:p@h/d%20b", address(database="d b")),
        ("mysql://u:p@[::1]:3306/db", address(host="::1")),
        (
            "mysql://u:p@localhost/db?unix_socket=/run/mysqld/s.sock",
            address(host="localhost", unix_socket="/run/mysqld/s.sock"),
        ),
        ("mysql://u:p@h/db?ssl=true", address(tls=True)),
        ("mysql://u:p@h/db?ssl=REQUIRED", address(tls=True)),
        ("mysql://u:p@h/db?ssl=false&charset=utf8", address()),
    ],
)
def test_an_address_is_parsed(url: str, expected: MySqlAddress) -> None:
    assert parse_address(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tiktok_creator",
        "postgres://u:hunter2@h/db",
        "mysql://u:hunter2@h",
        "mysql://u:hunter2@h/",
        "mysql://u:hunter2@/db",
        "mysql://u:hunter2@h:port/db",
        "mysql://u:hunter2@h:99999/db",
        "mysql://u:hunter2@[::1/db",
        "mysql://u:hunter2#x@h/db",
        "mysql://u:hunter2?x@h/db",
        "mysql://u:hunter2/x@h/db",
        "mysql://u:12/hunter2@h/db",
        "mysql://u:hunter2@h\u2100/db",
    ],
)
def test_the_error_for_an_invalid_address_does_not_quote_it(url: str) -> None:
    """A password with a `/` or `#` in it ends up in any part of what urllib makes of the URL."""
    with pytest.raises(UserError, match="expected mysql://user:password@host") as caught:
        parse_address(url)
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(caught.value.__cause__)


def test_a_password_shows_in_no_text_of_an_address() -> None:
    secret = parse_address("mysql://u:hunter2@h/db")
    assert repr(secret) == "mysql://u@h:3306/db"
    for text in (str(secret), f"{secret!r}", f"{secret}", repr([secret]), secret.place):
        assert "hunter2" not in text


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [("a", "`a`"), ("a`b", "`a``b`"), ("50%", "`50%%`"), ("a.b", "`a.b`"), ("`; --", "```; --`")],
)
def test_identifiers_are_quoted(identifier: str, expected: str) -> None:
    assert quote(identifier) == expected


def test_the_condition_after_a_row_starts_with_a_range_that_an_index_can_scan() -> None:
    assert condition_after(["id"], [7]) == ("`id` >= %s AND (`id` > %s)", [7, 7])
    assert condition_after(["a", "b"], ["x", 7]) == (
        "`a` >= %s AND (`a` > %s OR `a` = %s AND `b` > %s)",
        ["x", "x", "x", 7],
    )


KEYS = st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2))


@given(KEYS, KEYS)
def test_the_condition_selects_rows_after_the_key(
    last: tuple[int, int, int], row: tuple[int, int, int]
) -> None:
    condition, values = condition_after(["a", "b", "c"], last)
    python = condition.replace("`", "").replace(" = ", " == ").replace("AND", "and")
    python = python.replace("OR", "or") % tuple(values)
    assert eval(python, dict(zip("abc", row, strict=True))) is (row > last)  # noqa: S307 - made of three columns above


def test_an_unreachable_server_is_one_line() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = parse_address(f"mysql://u:hunter2@127.0.0.1:{free.getsockname()[1]}/db")
        with pytest.raises(UserError, match=r"cannot open mysql://u@127\.0\.0\.1") as caught:
            asyncio.run(database_now(nobody))
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_socket_is_one_line() -> None:
    nobody = parse_address("mysql://u:hunter2@localhost/db?unix_socket=/nowhere/mysqld.sock")

    async def open_connection() -> None:
        async with connect(nobody):
            pass

    with pytest.raises(UserError, match="cannot open mysql://u@localhost"):
        asyncio.run(open_connection())
