"""AWS sessions of the command lines, configured by the standard variables. Edge (environment).

boto3 reads ``AWS_ENDPOINT_URL``, ``AWS_PROFILE`` and ``AWS_REGION``/``AWS_DEFAULT_REGION`` itself,
except that ``AWS_REGION`` is the name of the Lambda runtime and the other SDKs for what boto3 calls
``AWS_DEFAULT_REGION``; both are read here.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader, create_loader

from stream_ingest.aws.item_parser import ItemParserFactory

if TYPE_CHECKING:
    from aiobotocore.config import AioConfig
    from aiobotocore.session import AioSession
    from types_boto3_ssm import SSMClient

CONFIG = Config(retries={"mode": "standard", "max_attempts": 6}, connect_timeout=5, read_timeout=30)
_FIRST_REQUEST = CONFIG.merge(
    Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=1.5)
)
"""Finds out within five seconds that nothing answers: three attempts with pauses of up to 1 and
2 s, or, if packets are lost, with three times 1.5 s for a connection."""
INTERACTIVE = Config(
    retries={"mode": "standard", "total_max_attempts": 2},
    connect_timeout=2,
    read_timeout=8,
    max_pool_connections=32,
)
"""For pages that someone is looking at: if AWS does not answer, they say so within seconds."""


def region() -> str | None:
    """Return the region of the environment, or None to use that of the profile."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None


def session() -> boto3.Session:
    """Return a session for the user's profile and region."""
    core = botocore.session.Session()
    _share_descriptions(core)
    core.register_component("response_parser_factory", ItemParserFactory())
    return boto3.Session(botocore_session=core, region_name=region())


def parameters(own: boto3.Session) -> SSMClient:
    """Return the client for a command's first request, which finds the stack.

    It gives up after some seconds if nothing answers; clients with `CONFIG` try for longer.
    """
    client: SSMClient = own.client("ssm", config=_FIRST_REQUEST)
    return client


def async_session() -> AioSession:
    """Return a session whose clients are asynchronous."""
    from aiobotocore.session import AioSession  # noqa: PLC0415 - imports aiohttp; few commands need it

    core = AioSession()
    _share_descriptions(core)
    return core


def _share_descriptions(core: botocore.session.Session) -> None:
    """Share botocore's service descriptions between sessions.

    Otherwise every session loads its own copy: 20 MB for the sessions of a push.
    """
    core.register_component("data_loader", _descriptions(core.get_config_variable("data_path")))


@functools.cache
def _descriptions(path: str | None) -> Loader:
    return create_loader(path)


def async_config() -> AioConfig:
    """Return the configuration of aiobotocore clients."""
    from aiobotocore.config import AioConfig  # noqa: PLC0415 - as above

    return AioConfig(
        retries={"mode": "standard", "max_attempts": 6}, connect_timeout=5, read_timeout=30
    )
