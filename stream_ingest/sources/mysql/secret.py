"""Reads a database's credentials from AWS Secrets Manager. Edge (Secrets Manager).

A secret holds a ``mysql://`` URL, or JSON as RDS and its rotation functions write it: ``username``,
``password`` and, except for secrets that RDS manages, ``host``, ``port`` and ``dbname``
(https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html).
It is read again for each connection, so a rotation between connections does no harm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import ClientError

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql.connection import DEFAULT_PORT, MySqlAddress, parse_address

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

_EXPECTED = "a mysql:// URL, or JSON with username, password, host, port and dbname"


class _Credentials(msgspec.Struct, frozen=True, kw_only=True):
    username: str
    password: str
    host: str | None = None
    port: int = DEFAULT_PORT
    dbname: str | None = None


def secret_address(
    secretsmanager: SecretsManagerClient, secret_id: str, url: str | None
) -> MySqlAddress:
    """Return a database's address with user and password from a secret.

    `url` gives host, port and database if the secret does not, or overrides them, for example with
    a replica; it must not contain a password. Raises `UserError` that names the secret, but not
    its content.
    """
    place = parse_address(url) if url else None
    if place and place.password:
        msg = "--mysql contains a password and --mysql-secret is another one: use only one of them"
        raise UserError(msg)
    found = _parse(secret_id, _read(secretsmanager, secret_id))
    if isinstance(found, MySqlAddress):
        user, password = found.user, found.password
        place = place or found
    else:
        user, password = found.username, found.password
        place = place or _place(secret_id, found)
    return msgspec.structs.replace(place, user=user, password=password)


def _read(secretsmanager: SecretsManagerClient, secret_id: str) -> str:
    try:
        answer = secretsmanager.get_secret_value(SecretId=secret_id)
    except ClientError as error:
        msg = f"secret {secret_id}: {error}"
        raise UserError(msg) from error
    return answer.get("SecretString", "")


def _parse(secret_id: str, text: str) -> MySqlAddress | _Credentials:
    try:
        if "://" in text.partition("{")[0]:
            return parse_address(text.strip())
        return msgspec.json.decode(text, type=_Credentials, strict=False)
    except (UserError, msgspec.DecodeError):
        msg = f"secret {secret_id}: expected {_EXPECTED}"
        raise UserError(msg) from None  # the cause may quote the content


def _place(secret_id: str, found: _Credentials) -> MySqlAddress:
    if not found.host or not found.dbname:
        msg = f"secret {secret_id} has no host and database: add --mysql mysql://host:port/database"
        raise UserError(msg)
    return MySqlAddress(
        host=found.host,
        port=found.port,
        user=found.username,
        password=found.password,
        database=found.dbname,
    )
