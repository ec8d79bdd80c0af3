"""AWS sessions of the command lines, configured by the standard variables. Edge (environment).

boto3 reads ``AWS_ENDPOINT_URL``, ``AWS_PROFILE`` and ``AWS_REGION``/``AWS_DEFAULT_REGION`` itself,
except that ``AWS_REGION`` is the name of the Lambda runtime and the other SDKs for what boto3 calls
``AWS_DEFAULT_REGION``; both are read here.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import botocore.session
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)
from botocore.loaders import Loader, create_loader

from stream_ingest.aws.denials import RIGHTS_PAGE, is_denial, missing_right
from stream_ingest.contracts.errors import UserError

CONFIG = Config(retries={"mode": "standard", "max_attempts": 6}, connect_timeout=5, read_timeout=30)


def region() -> str | None:
    """Return the region of the environment, or None to use that of the profile."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None


def session() -> boto3.Session:
    """Return a session for the user's profile and region."""
    core = botocore.session.Session()
    _share_descriptions(core)
    return boto3.Session(botocore_session=core, region_name=region())


def async_session() -> AioSession:
    """Return a session whose clients are asynchronous."""
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


@contextmanager
def plain_errors() -> Iterator[None]:
    """Convert errors of AWS access inside the block to a `UserError` of one line."""
    try:
        yield
    except NoCredentialsError as error:
        msg = (
            "no AWS credentials: set AWS_PROFILE or AWS_ACCESS_KEY_ID, or, for the embedded AWS,"
            ' eval "$(ops-dashboard local up)"'
        )
        raise UserError(msg) from error
    except NoRegionError as error:
        msg = "no AWS region: set AWS_REGION"
        raise UserError(msg) from error
    except (ProfileNotFound, EndpointConnectionError) as error:
        raise UserError(str(error)) from error
    except ClientError as error:
        if is_denial(error):
            msg = f"AWS: you lack the right {missing_right(error)} ({RIGHTS_PAGE}): {error}"
            raise UserError(msg) from error
        raise UserError(f"AWS: {error}") from error  # noqa: EM102, TRY003 - one line with the cause
    except BotoCoreError as error:
        raise UserError(f"AWS: {error}") from error  # noqa: EM102, TRY003 - one line with the cause


def async_config() -> AioConfig:
    """Return the configuration of aiobotocore clients."""
    return AioConfig(
        retries={"mode": "standard", "max_attempts": 6}, connect_timeout=5, read_timeout=30
    )
