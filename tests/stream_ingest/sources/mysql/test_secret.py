from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql.address import MySqlAddress
from stream_ingest.sources.mysql.secret import secret_address
from stream_ingest.sources.mysql.tls_mode import TlsMode

PASSWORD = "Hunter2/ä&x"
RDS = (
    '{"engine": "mysql", "username": "ann", "password": "Hunter2/\\u00e4&x",'
    ' "host": "db.example", "port": "3307", "dbname": "tiktok_creator"}'
)
MANAGED = '{"username": "ann", "password": "Hunter2/\\u00e4&x"}'
ADDRESS = MySqlAddress(
    host="db.example", port=3307, user="ann", password=PASSWORD, database="tiktok_creator"
)


@pytest.fixture
def secretsmanager(aws_environment: None) -> Iterator[Any]:  # noqa: ARG001 - it sets variables
    with mock_aws():
        yield boto3.client("secretsmanager")


@pytest.mark.parametrize(
    "text", [RDS, "mysql://ann:Hunter2%2F%C3%A4&x@db.example:3307/tiktok_creator\n"]
)
def test_a_secret_contains_a_url_or_the_json_of_rds(secretsmanager: Any, text: str) -> None:  # noqa: ANN401 - boto3's
    secretsmanager.create_secret(Name="videos", SecretString=text)
    assert secret_address(secretsmanager, "videos", None) == ADDRESS


@pytest.mark.parametrize("text", [RDS, MANAGED])
def test_a_url_without_a_password_gives_host_and_database(secretsmanager: Any, text: str) -> None:  # noqa: ANN401 - boto3's
    secretsmanager.create_secret(Name="videos", SecretString=text)
    address = secret_address(secretsmanager, "videos", "mysql://replica.example/db?ssl=true")
    assert (address.place, address.tls) == ("replica.example:3306/db", TlsMode.VERIFY_IDENTITY)
    assert (address.user, address.password) == ("ann", PASSWORD)


@pytest.mark.parametrize(
    ("field", "mode"),
    [
        ('"ssl": true', TlsMode.VERIFY_IDENTITY),
        ('"ssl": "true"', TlsMode.VERIFY_IDENTITY),
        ('"ssl": false', TlsMode.DISABLED),
        ('"sslmode": "REQUIRED"', TlsMode.REQUIRED),
        ('"ssl_ca": "/ca.pem", "ssl": true', TlsMode.VERIFY_IDENTITY),
        ('"ssl": null', TlsMode.VERIFY_IDENTITY),
        ('"masterarn": "arn:aws:secretsmanager:…"', TlsMode.VERIFY_IDENTITY),
    ],
)
@pytest.mark.parametrize("url", [None, "mysql://replica.example/db"])
def test_a_secret_says_how_the_connection_is_encrypted(
    secretsmanager: Any,  # noqa: ANN401 - boto3's
    field: str,
    mode: TlsMode,
    url: str | None,
) -> None:
    secretsmanager.create_secret(Name="videos", SecretString=f"{RDS[:-1]}, {field}}}")
    assert secret_address(secretsmanager, "videos", url).tls is mode


def test_what_a_secret_and_a_url_say_of_tls_may_not_contradict(
    secretsmanager: Any,  # noqa: ANN401 - boto3's
) -> None:
    secretsmanager.create_secret(Name="videos", SecretString=RDS[:-1] + ', "ssl": true}')
    with pytest.raises(UserError, match="contradict each other"):
        secret_address(secretsmanager, "videos", "mysql://h/db?ssl-mode=DISABLED")


def test_a_secret_is_read_again_each_time(secretsmanager: Any) -> None:  # noqa: ANN401 - boto3's
    secretsmanager.create_secret(Name="videos", SecretString=RDS)
    assert secret_address(secretsmanager, "videos", None).password == PASSWORD
    secretsmanager.put_secret_value(SecretId="videos", SecretString=RDS.replace("2/", "3/"))
    assert secret_address(secretsmanager, "videos", None).password == "Hunter3/ä&x"


@pytest.mark.parametrize(
    ("text", "url", "complaint"),
    [
        (MANAGED, None, "secret videos has no host and database: add --mysql"),
        (RDS, "mysql://ben:other@h/db", "--mysql contains a password"),
        ('{"password": "Hunter2"}', None, "secret videos: expected a mysql:// URL, or JSON"),
        ('{"username": "ann", "password": ["Hunter2"]}', None, "secret videos: expected"),
        (RDS.replace("mysql", "postgres"), None, "secret videos is for engine postgres, not for"),
        (RDS[:-1] + ', "ssl_mod": "x"}', None, "secret videos: unknown parameter ssl_mod"),
        ("mysql://ann:Hunter2@h/db?sslmod=1", None, "secret videos: unknown parameter sslmod"),
        ("Hunter2", None, "secret videos: expected"),
        ("postgres://ann:Hunter2@h/db", None, "secret videos: expected"),
        ("mysql://ann:Hunter2@h", None, "secret videos: expected"),
    ],
)
def test_errors_do_not_contain_the_password(
    secretsmanager: Any,  # noqa: ANN401 - boto3's
    text: str,
    url: str | None,
    complaint: str,
) -> None:
    secretsmanager.create_secret(Name="videos", SecretString=text)
    with pytest.raises(UserError, match=complaint) as caught:
        secret_address(secretsmanager, "videos", url)
    assert "unter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_error_for_a_missing_secret_names_it(secretsmanager: Any) -> None:  # noqa: ANN401 - boto3's
    with pytest.raises(UserError, match=r"secret nothing: .*ResourceNotFoundException"):
        secret_address(secretsmanager, "nothing", None)
