"""What AWS's grammar says against the policy of a queue, a bucket, a key or a topic. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. Moto's validator
is for policies of identities, which have no principal; the rest of the grammar is the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.policy_validation import IAMPolicyDocumentValidator

_PRINCIPALS = {
    "AWS": re.compile(r"\*|\d{12}|arn:aws[\w-]*:(iam|sts)::\d{12}:\S+"),
    "Service": re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?"),
    "Federated": re.compile(r"\S+"),
    "CanonicalUser": re.compile(r"[0-9a-f]{64}"),
}
"""Forms of a principal by its kind."""


def resource_policy_problems(service: str, document: str) -> Iterator[str]:
    """Yield what is wrong with a policy of a resource of a service, such as ``sqs``."""
    policy = json.loads(document)
    for index, statement in enumerate(policy["Statement"]):
        yield from _principal_problems(index, statement.pop("Principal", None))
        for action in _several(statement.get("Action", ())):
            if action != "*" and action.partition(":")[0] != service:
                yield f"Statement[{index}]: {action} is no action of {service}"
    try:
        IAMPolicyDocumentValidator(json.dumps(policy)).validate()
    except MalformedPolicyDocument as error:
        yield error.message


def _principal_problems(index: int, principal: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    where = f"Statement[{index}].Principal"
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal:
        yield f"{where}: {principal!r} is neither * nor a kind with its names"
        return
    for kind, names in principal.items():
        form = _PRINCIPALS.get(kind)
        if form is None:
            yield f"{where}: {kind} is none of {', '.join(_PRINCIPALS)}"
            continue
        if not _several(names):
            yield f"{where}.{kind}: empty"
        for name in _several(names):
            if not isinstance(name, str) or not form.fullmatch(name):
                yield f"{where}.{kind}: {name!r} does not match {form.pattern}"


def _several(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """Return the members of what may be one value or a list of them."""
    return list(value) if isinstance(value, list | tuple) else [value]
