"""What a hostile or strange server gets and causes; `FakeMySqlServer` plays it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql.address import parse_address
from stream_ingest.sources.mysql.connection import connect, fetch
from tests.fakes.ingest.certificates import write_certificates
from tests.fakes.ingest.mysql_server import OK, FakeMySqlServer

PASSWORD = "hunter2"


def ask(url: str, sql: str = "SELECT 1") -> None:
    """Log in and send one query."""

    async def run() -> None:
        async with connect(parse_address(url)) as connection:
            await fetch(connection, sql, [])

    asyncio.run(run())


def complaint(url: str) -> str:
    with pytest.raises(UserError) as caught:
        ask(url)
    text = str(caught.value)
    assert PASSWORD not in text
    assert "\n" not in text
    return text


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.mark.parametrize("method", [b"mysql_clear_password", b"dialog"])
def test_the_password_is_not_sent_in_clear_text(method: bytes) -> None:
    with FakeMySqlServer(switch_to=method) as server:
        assert "in clear text" in complaint(server.url())
        assert PASSWORD.encode() not in server.clear


@pytest.mark.parametrize("method", [b"mysql_clear_password", b"dialog"])
def test_nor_is_it_inside_tls_to_a_server_that_nobody_verified(
    method: bytes, certificates: tuple[Path, Path]
) -> None:
    with FakeMySqlServer(switch_to=method, certificate=certificates[1]) as server:
        assert "in clear text" in complaint(server.url("?ssl-mode=REQUIRED"))
        assert not any(PASSWORD.encode() in each for each in server.received)


def test_a_verified_server_may_have_it_in_clear_text(certificates: tuple[Path, Path]) -> None:
    ca, certificate = certificates
    with FakeMySqlServer(switch_to=b"mysql_clear_password", certificate=certificate) as server:
        ask(server.url(f"?ssl_ca={ca}"))
        assert PASSWORD.encode() + b"\0" in server.received
        assert PASSWORD.encode() not in server.clear


@pytest.mark.parametrize("method", [b"mysql_old_password", b"authentication_kerberos", b""])
def test_other_methods_are_refused_by_name(method: bytes) -> None:
    with FakeMySqlServer(switch_to=method) as server:
        said = complaint(server.url())
        assert f"log in by {method.decode()}, which is not supported" in said


@pytest.mark.parametrize("switch", [None, b"caching_sha2_password"])
def test_caching_sha2_encrypts_the_password_without_tls(switch: bytes | None) -> None:
    plugin = b"mysql_native_password" if switch else b"caching_sha2_password"
    with FakeMySqlServer(plugin=plugin, switch_to=switch) as server:
        ask(server.url())
        encrypted = next(each for each in server.received if len(each) == 256)
        assert server.decrypted(encrypted).startswith(PASSWORD.encode())
        assert PASSWORD.encode() not in server.clear


@pytest.mark.parametrize(
    ("parameters", "is_encrypted"),
    [
        ("", False),
        ("?ssl-mode=DISABLED", False),
        ("?ssl-mode=PREFERRED", True),
        ("?ssl-mode=REQUIRED", True),
        ("?ssl_ca={ca}", True),
        ("?ssl-mode=VERIFY_CA&ssl_ca={ca}", True),
        ("?ssl-mode=VERIFY_IDENTITY&sslrootcert={ca}", True),
        ("?useSSL=true&verifyServerCertificate=false", True),
    ],
)
def test_connections_are_encrypted_as_the_url_says(
    parameters: str,
    is_encrypted: bool,  # noqa: FBT001 - a column of the table
    certificates: tuple[Path, Path],
) -> None:
    with FakeMySqlServer(certificate=certificates[1]) as server:
        ask(server.url(parameters.format(ca=certificates[0])))
        assert (b"ann" not in server.clear) is is_encrypted


@pytest.mark.parametrize(
    "parameters", ["?ssl=true", "?tls=true", "?ssl-mode=VERIFY_CA", "?useSSL=true&requireSSL=true"]
)
def test_an_unknown_authority_is_refused_before_the_login(
    parameters: str, certificates: tuple[Path, Path]
) -> None:
    with FakeMySqlServer(certificate=certificates[1]) as server:
        said = complaint(server.url(parameters))
        assert "give its authority's by --mysql-ca FILE" in said
        assert b"ann" not in server.clear
        assert not any(b"ann" in each for each in server.received)


def test_a_certificate_of_another_host_is_refused_unless_only_its_authority_counts(
    tmp_path: Path,
) -> None:
    ca, certificate = write_certificates(tmp_path, "192.0.2.7")
    with FakeMySqlServer(certificate=certificate) as server:
        said = complaint(server.url(f"?ssl_ca={ca}"))
        assert "certificate is not accepted: IP address mismatch" in said
        ask(server.url(f"?ssl-mode=VERIFY_CA&ssl_ca={ca}"))


def test_a_server_without_tls_is_refused_before_the_login() -> None:
    with FakeMySqlServer() as server:
        for parameters in ("?ssl-mode=REQUIRED", "?ssl=true", "?tls=skip-verify"):
            assert "the server offers no TLS" in complaint(server.url(parameters))
        assert server.received == []
        ask(server.url("?ssl-mode=PREFERRED"))


def test_no_file_is_sent_to_a_server_that_requests_one(tmp_path: Path) -> None:
    """A hostile server may answer any query with a request for a file (LOAD DATA LOCAL)."""
    secret = tmp_path / "secret"
    secret.write_text("the content of a file")

    def answer(sql: bytes) -> list[bytes]:
        return [b"\xfb" + str(secret).encode()] if b"SELECT 1" in sql else [OK]

    with FakeMySqlServer(answer=answer) as server:
        assert "requested a file of this machine" in complaint(server.url())
        assert not any(b"content of a file" in each for each in server.received)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ("connect", "sent nothing within 0.2 s after the connection was opened"),
        ("greeting", "did not complete the log-in within 0.2 s"),
        ("login", "did not complete the log-in within 0.2 s"),
    ],
)
def test_a_silent_server_is_given_up(after: str, said: str) -> None:
    with FakeMySqlServer(silent_after=after) as server:
        assert said in complaint(server.url("?connect_timeout=0.2"))


def test_a_server_that_is_silent_after_a_query_is_given_up() -> None:
    with FakeMySqlServer(answer=lambda sql: [] if b"SELECT 1" in sql else [OK]) as server:
        said = complaint(server.url("?read_timeout=0.2"))
        assert "the server sent nothing for 0.2 s" in said


def test_a_cut_connection_says_so() -> None:
    with FakeMySqlServer(answer=lambda sql: None if b"SELECT 1" in sql else [OK]) as server:
        assert "the connection was lost" in complaint(server.url())


@pytest.mark.parametrize(
    "greeting",
    [b"\x0a", b"HTTP/1.1 400 Bad Request", b"\xff\x10\x04Too many connections", b"\0" * 40],
)
def test_what_is_no_greeting_is_one_line(greeting: bytes) -> None:
    with FakeMySqlServer(greeting=greeting) as server:
        assert complaint(server.url("?connect_timeout=1")).startswith("cannot open mysql://ann@")


@pytest.mark.parametrize("password", ["pässwörd", "日本", "a%2Fb%40c%23d%3Fe%25f%3Ag"])
def test_any_password_can_be_sent(password: str, certificates: tuple[Path, Path]) -> None:
    ca, certificate = certificates
    with FakeMySqlServer(switch_to=b"mysql_clear_password", certificate=certificate) as server:
        ask(server.url(f"?ssl_ca={ca}", password))
        plain = parse_address(server.url("", password)).password
        assert plain.encode() + b"\0" in server.received
