"""What can be said of MySQL without a server; `test_table` asks a real one."""

from __future__ import annotations

import asyncio
import socket

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql.address import MySqlAddress, parse_address
from stream_ingest.sources.mysql.connection import connect, database_now
from stream_ingest.sources.mysql.keys import condition_after, quote
from stream_ingest.sources.mysql.parameters import Settings
from stream_ingest.sources.mysql.tls_mode import TlsMode


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
        ("mysql+pymysql://u:p@h/db", address()),
        ("mariadb+mariadbconnector://u:p@h/db", address()),
        ("jdbc:mysql://h:3307/db?user=u&password=p", address(port=3307)),
        ("jdbc:mariadb://u:p@h/db", address()),
    ],
)
def test_an_address_is_parsed(url: str, expected: MySqlAddress) -> None:
    found = parse_address(url)
    assert msgspec.structs.replace(found, parameters=(), settings=Settings()) == expected


@pytest.mark.parametrize(
    ("parameters", "mode"),
    [
        ("", TlsMode.VERIFY_IDENTITY),
        ("ssl-mode=DISABLED", TlsMode.DISABLED),
        ("ssl_mode=disabled", TlsMode.DISABLED),
        ("sslmode=disable", TlsMode.DISABLED),
        ("ssl-mode=PREFERRED", TlsMode.PREFERRED),
        ("sslmode=prefer", TlsMode.PREFERRED),
        ("ssl-mode=REQUIRED", TlsMode.REQUIRED),
        ("sslMode=REQUIRED", TlsMode.REQUIRED),
        ("sslmode=require", TlsMode.REQUIRED),
        ("ssl-mode=REQUIRED&ssl-ca=/ca.pem", TlsMode.VERIFY_CA),
        ("ssl-mode=REQUIRED&verifyServerCertificate=true", TlsMode.VERIFY_CA),
        ("ssl-mode=VERIFY_CA", TlsMode.VERIFY_CA),
        ("sslmode=verify-ca", TlsMode.VERIFY_CA),
        ("ssl-mode=VERIFY_IDENTITY", TlsMode.VERIFY_IDENTITY),
        ("sslmode=verify-full", TlsMode.VERIFY_IDENTITY),
        ("sslMode=trust", TlsMode.REQUIRED),
        ("ssl=true", TlsMode.VERIFY_IDENTITY),
        ("ssl=1", TlsMode.VERIFY_IDENTITY),
        ("ssl=REQUIRED", TlsMode.VERIFY_IDENTITY),
        ("ssl=false&charset=utf8", TlsMode.DISABLED),
        ("ssl=0", TlsMode.DISABLED),
        ("ssl=verify_ca", TlsMode.VERIFY_CA),
        ('ssl={"rejectUnauthorized":true}', TlsMode.VERIFY_IDENTITY),
        ('ssl={"rejectUnauthorized":false}', TlsMode.REQUIRED),
        ("ssl_ca=/ca.pem", TlsMode.VERIFY_IDENTITY),
        ("ssl-ca=/ca.pem", TlsMode.VERIFY_IDENTITY),
        ("sslrootcert=/ca.pem", TlsMode.VERIFY_IDENTITY),
        ("ssl_cert=/c.pem&ssl_key=/k.pem", TlsMode.VERIFY_IDENTITY),
        ("ssl_ca=/ca.pem&ssl_check_hostname=false", TlsMode.VERIFY_CA),
        ("ssl_verify_cert=true", TlsMode.VERIFY_IDENTITY),
        ("ssl_verify_cert=true&ssl_verify_identity=false", TlsMode.VERIFY_CA),
        ("ssl_verify_identity=true", TlsMode.VERIFY_IDENTITY),
        ("ssl=true&ssl_verify_cert=false", TlsMode.REQUIRED),
        ("ssl_disabled=true", TlsMode.DISABLED),
        ("ssl_disabled=false", TlsMode.VERIFY_IDENTITY),
        ("tls=true", TlsMode.VERIFY_IDENTITY),
        ("tls=false", TlsMode.DISABLED),
        ("tls=skip-verify", TlsMode.REQUIRED),
        ("tls=preferred", TlsMode.PREFERRED),
        ("useSSL=true", TlsMode.VERIFY_IDENTITY),
        ("useSSL=true&requireSSL=true&verifyServerCertificate=false", TlsMode.REQUIRED),
        ("useSSL=false&verifyServerCertificate=false", TlsMode.DISABLED),
        ("useSSL=true&trustServerCertificate=true", TlsMode.REQUIRED),
        ("useUnicode=true&characterEncoding=UTF-8&serverTimezone=UTC", TlsMode.VERIFY_IDENTITY),
    ],
)
def test_parameters_mean_what_their_clients_mean_by_them(parameters: str, mode: TlsMode) -> None:
    assert parse_address(f"mysql://u:p@db.example/db?{parameters}").tls is mode


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "[::1]"])
def test_nothing_is_encrypted_within_this_machine_unless_the_url_says_so(host: str) -> None:
    assert parse_address(f"mysql://u:p@{host}/db").tls is TlsMode.DISABLED
    assert parse_address(f"mysql://u:p@{host}/db?ssl=true").tls is TlsMode.VERIFY_IDENTITY
    assert parse_address("mysql://u:p@db/db?unix_socket=/s").tls is TlsMode.DISABLED


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("sslmodus=REQUIRED", "unknown parameter sslmodus; did you mean ssl-mode?"),
        ("ssl_mod=REQUIRED", "unknown parameter ssl_mod; did you mean ssl-mode?"),
        ("use_tls=1", "unknown parameter use_tls"),
        ("foo=bar", "unknown parameter foo"),
        ("ssl-mode=yes", "ssl-mode=yes: expected DISABLED, PREFERRED, REQUIRED, VERIFY_CA or"),
        ("ssl=maybe", "ssl=maybe: expected true, false, or a mode"),
        ("ssl=Amazon%20RDS", "ssl=Amazon RDS: expected true, false"),
        ("tls=custom", "tls=custom: expected true, false"),
        ("ssl=", "ssl has no value"),
        ("useSSL=false&requireSSL=true", "useSSL=false and requireSSL=true contradict"),
        ("ssl-mode=DISABLED&ssl_ca=/ca.pem", "ssl-mode=DISABLED and ssl_ca contradict"),
        ("ssl=true&ssl=false", "ssl and ssl contradict"),
        ("ssl-mode=REQUIRED&ssl=false", "ssl-mode=REQUIRED and ssl=false contradict"),
        ("ssl_verify_cert=false&ssl_verify_identity=true", "contradict each other"),
        ("ssl-mode=VERIFY_CA&verifyServerCertificate=false", "contradict each other"),
        ("ssl_key=/k.pem", "ssl_key needs the certificate"),
        ("charset=latin1", "charset=latin1: expected utf8mb4"),
        ("local_infile=1", "local_infile: a server may not read files"),
        ("allowLoadLocalInfile=true", "a server may not read files"),
        ("serverTimezone=Asia/Shanghai", "zone of the table's times by --timezone"),
        ("connect_timeout=soon", "connect_timeout=soon: expected seconds"),
        ("connect_timeout=100000", "expected seconds"),
    ],
)
def test_wrong_parameters_are_refused_by_name(parameters: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_address(f"mysql://u:p@db.example/db?{parameters}")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("url", "connect_s", "read_s"),
    [
        ("mysql://h/db", 10, 600),
        ("mysql://h/db?connect_timeout=3&read_timeout=2.5", 3, 2.5),
        ("mysql://h/db?timeout=500ms&readTimeout=1m", 0.5, 60),
        ("mysql://h/db?connect_timeout=0", 10, 600),
        ("jdbc:mysql://h/db?connectTimeout=3000&socketTimeout=90000", 3, 90),
    ],
)
def test_time_outs_have_the_units_of_their_clients(
    url: str, connect_s: float, read_s: float
) -> None:
    settings = parse_address(url).settings
    assert (settings.connect_timeout_s, settings.read_timeout_s) == (connect_s, read_s)


@pytest.mark.parametrize("name", ["unix_socket", "unixSocket", "socket", "localSocket"])
def test_a_socket_needs_no_host(name: str) -> None:
    found = parse_address(f"mysql+pymysql://u:p@/db?{name}=/run/mysqld/s.sock")
    assert (found.host, found.settings.unix_socket) == ("localhost", "/run/mysqld/s.sock")


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
        "mysql://u:12/x?hunter2@h/db",
        "mysql://u:12/x?ssl=hunter2@h/db",
        "mysql://u:12/x#hunter2",
        "mysql://u:12?hunter2=1@h/db",
        "mysql://u:p@h/db?ssl",
        "jdbc:mysql://u:hunter2#x@h/db",
        "mysql+pymysql://u:hunter2/x@h/db",
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
