"""Checks every request of a process against the models of the services. Edge (alters botocore).

botocore itself checks neither pattern nor maximum nor enum before it sends a request, and moto and
the embedded AWS accept much that AWS refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.model import OperationModel
from botocore.validate import ParamValidationDecorator

from tests.models.requests import request_problems

_serialize = ParamValidationDecorator.serialize_to_request


class InvalidRequestError(AssertionError):
    """A request that AWS would refuse, or a check of it that is missing."""


@contextmanager
def checked_requests() -> Iterator[None]:
    """Raise `InvalidRequestError` for a request that AWS would refuse, from any client."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ParamValidationDecorator, "serialize_to_request", _checked)
        yield


def _checked(
    decorator: ParamValidationDecorator, parameters: Mapping[str, Any], model: OperationModel
) -> Any:  # noqa: ANN401 - the request as botocore sends it
    serialized = _serialize(decorator, parameters, model)  # type: ignore[no-untyped-call]
    if model.input_shape is not None:
        problems = list(request_problems(model.input_shape, parameters))
        if problems:
            name = f"{model.service_model.service_name}.{model.name}"
            raise InvalidRequestError("\n".join(f"{name}{each}" for each in problems))
    return serialized
