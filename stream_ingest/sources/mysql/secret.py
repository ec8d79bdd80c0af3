"""Reads a database's credentials from AWS Secrets Manager. Edge (Secrets Manager).

A secret holds a ``mysql://`` URL, or JSON as RDS and its rotation functions write it: ``username``,
``password`` and, except for secrets that RDS manages, ``host``, ``port`` and ``dbname``
(https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html).
It is read again for each connection, so a rotation between connections does no harm.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import ClientError

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql.address import DEFAULT_PORT, MySqlAddress, parse_address

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

_EXPECTED = "a mysql:// URL, or JSON with username, password, host, port and dbname"
_TLS = re.compile(r"ssl|tls|use_?ssl|require_?ssl|verify|trust", re.IGNORECASE)
"""Names of fields that are parameters of the connection, such as RDS's ``ssl``."""

_ENGINE = re.compile(r"mysql|maria|aurora$", re.IGNORECASE)


class _Credentials(msgspec.Struct, frozen=True, kw_only=True):
    username: str
    password: str
    host: str | None = None
    port: int = DEFAULT_PORT
    dbname: str | None = None
    engine: str | None = None


def secret_address(
    secretsmanager: SecretsManagerClient, secret_id: str, url: str | None
) -> MySqlAddress:
    """Return a database's address with user and password from a secret.

    `url` gives host, port and database if the secret does not, or overrides them, for example with
    a replica; it must not contain a password. What either says about TLS applies. Raises
    `UserError` that names the secret, but not its content.
    """
    place = parse_address(url) if url else None
    if place and place.password:
        msg = "--mysql contains a password and --mysql-secret is another one: use only one of them"
        raise UserError(msg)
    found = _parse(secret_id, _read(secretsmanager, secret_id), place)
    if place is None:
        return found
    merged = msgspec.structs.replace(place, user=found.user, password=found.password)
    return merged.with_parameters(*found.parameters)


def _read(secretsmanager: SecretsManagerClient, secret_id: str) -> str:
    try:
        answer = secretsmanager.get_secret_value(SecretId=secret_id)
    except ClientError as error:
        msg = f"secret {secret_id}: {error}"
        raise UserError(msg) from error
    return answer.get("SecretString", "")


def _parse(secret_id: str, text: str, place: MySqlAddress | None) -> MySqlAddress:
    """Return the address in a secret; host and database may be missing if there is a `place`."""
    if "://" in text.partition("{")[0]:
        return _of_url(secret_id, text.strip())
    try:
        found = msgspec.json.decode(text, type=_Credentials, strict=False)
        parameters = _parameters(msgspec.json.decode(text))
    except msgspec.DecodeError:
        msg = f"secret {secret_id}: expected {_EXPECTED}"
        raise UserError(msg) from None  # the cause may quote the content
    if found.engine and not _ENGINE.search(found.engine):
        msg = f"secret {secret_id} is for engine {found.engine}, not for MySQL or MariaDB"
        raise UserError(msg)
    if place is None and not (found.host and found.dbname):
        msg = f"secret {secret_id} has no host and database: add --mysql mysql://host:port/database"
        raise UserError(msg)
    address = MySqlAddress(
        host=found.host or "",
        port=found.port,
        user=found.username,
        password=found.password,
        database=found.dbname or "",
    )
    try:
        return address.with_parameters(*parameters)
    except UserError as error:
        raise UserError(_in_secret(secret_id, error)) from None


def _of_url(secret_id: str, url: str) -> MySqlAddress:
    try:
        return parse_address(url)
    except UserError as error:
        raise UserError(_in_secret(secret_id, error)) from None  # as above


def _in_secret(secret_id: str, error: UserError) -> str:
    reason = str(error).removeprefix("--mysql: ")
    if reason.startswith("expected mysql://"):
        reason = f"expected {_EXPECTED}"
    return f"secret {secret_id}: {reason}"


def _parameters(fields: dict[str, object]) -> list[tuple[str, str]]:
    """Return the fields that say how the connection is encrypted; numbers and null are text."""
    return [
        (name, str(value).lower() if isinstance(value, bool) else str(value))
        for name, value in fields.items()
        if _TLS.match(name) and value is not None
    ]
