"""A deployed stack on an embedded AWS that enforces IAM, and its roles with and without rights."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import boto3
import msgspec
from botocore.config import Config

from ops_dashboard.local.aws.clients import REGION
from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.local.samples.cover_server import CoverServer
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.timestamps import to_epoch_ms
from tests.end_to_end.pipeline import Pipeline

FUNCTIONS = ("windowing", "sweeper", "collage", "prefetch", "intake", "photos", "links")
ROLES = (*FUNCTIONS, "sweeper-schedule", "photos-schedule")
_SETTINGS = {"photos": True, "photosCdn": True, "photosUploadLinks": True}
_POLICY = "own"

Statement = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Right:
    """One action on one resource that a statement of a role's policy allows."""

    role: str
    sid: str
    action: str
    resource: str


class CallResult(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a call succeeded, and the text of its answer, error or log."""

    done: bool
    text: str


@dataclass(frozen=True)
class IamStack(Pipeline):
    """A pipeline whose roles can lose rights, and whose calls can be made as a role."""

    def role_name(self, role: str) -> str:
        """Return the name of a deployed role."""
        if role in FUNCTIONS:
            return f"{self.function_name(role)}-function"
        return f"coverstream-{self.outputs.stack}-{role}"

    def function_name(self, function: str) -> str:
        """Return the name of a deployed function."""
        photos = self.outputs.photos
        assert photos is not None
        of_photos = {"photos": photos.function, "links": photos.links_function}
        return of_photos.get(function) or str(getattr(self.outputs, f"{function}_function"))

    def statements(self, role: str) -> list[Statement]:
        """Return the statements of a role's one policy."""
        name = self.role_name(role)
        assert self._iam.list_role_policies(RoleName=name)["PolicyNames"] == [_POLICY]
        assert self._iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
        answer = self._iam.get_role_policy(RoleName=name, PolicyName=_POLICY)
        found: list[Statement] = answer["PolicyDocument"]["Statement"]
        return found

    def deployed_roles(self) -> set[str]:
        """Return the names of all deployed roles."""
        return {role["RoleName"] for role in self._iam.list_roles()["Roles"]}

    def rights(self, role: str) -> Iterator[Right]:
        """Yield a role's rights one by one."""
        for statement in self.statements(role):
            if statement["Effect"] != "Allow":
                continue
            for action in statement["Action"]:
                for resource in statement["Resource"]:
                    yield Right(role=role, sid=statement["Sid"], action=action, resource=resource)

    @contextmanager
    def without(self, right: Right) -> Iterator[None]:
        """Remove one right from its role inside the block."""
        before = self.statements(right.role)
        self._put(right.role, [part for each in before for part in _less(each, right)])
        try:
            yield
        finally:
            self._put(right.role, before)

    def _put(self, role: str, statements: list[Statement]) -> None:
        if not statements:  # which is no policy
            self._iam.delete_role_policy(RoleName=self.role_name(role), PolicyName=_POLICY)
            return
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self._iam.put_role_policy(
            RoleName=self.role_name(role), PolicyName=_POLICY, PolicyDocument=document
        )

    def invoke(self, function: str, event: Mapping[str, object]) -> CallResult:
        """Invoke a function as its trigger does; the text is its answer and its log."""
        name, since = self.function_name(function), datetime.now(UTC)
        answer = self.aws.clients.functions.invoke(
            FunctionName=name, Payload=json.dumps(event).encode()
        )
        payload = json.loads(answer["Payload"].read())
        log = "\n".join(self._last_log(name, since))
        failures = payload.get("batchItemFailures") if isinstance(payload, dict) else None
        return CallResult(
            done="FunctionError" not in answer and not failures,
            text=f"{json.dumps(payload)}\n{log}",
        )

    def _last_log(self, function: str, since: datetime) -> list[str]:
        """Return the lines of the last invocation; a `LogResult` has only the last 4 KB."""
        events = self.aws.clients.untyped("logs").get_paginator("filter_log_events")
        group, start_ms = f"/aws/lambda/{function}", to_epoch_ms(since)
        lines: list[str] = []
        for page in events.paginate(logGroupName=group, startTime=start_ms):
            for event in page["events"]:
                begins = event["message"].startswith("START RequestId: ")
                lines = [event["message"]] if begins else [*lines, event["message"]]
        return lines

    def as_role(self, role: str, service: str) -> Any:  # noqa: ANN401 - boto3 builds its classes at run time
        """Return a client that calls AWS as `role`."""
        keys = self._sessions[role]
        return boto3.client(
            service,  # type: ignore[call-overload]  # by name
            region_name=REGION,
            endpoint_url=self.aws.endpoint,
            verify=self.aws.instance.ca_bundle,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            config=Config(
                proxies={},
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
            ),
        )

    @cached_property
    def registry(self) -> BatchRegistry:
        """The batch registry, with an administrator's rights."""
        return BatchRegistry(self.aws.clients.dynamodb, self.outputs.table_name, time.time)

    @cached_property
    def _iam(self) -> Any:  # noqa: ANN401 - as above
        return self.aws.clients.untyped("iam")

    @cached_property
    def _sessions(self) -> dict[str, Any]:
        """Sessions of all roles.

        Their trust policies only allow AWS's services, so they are extended for the moment. Who may
        assume a role does not change what the role may do.
        """
        sessions = {}
        for role in ROLES:
            name = self.role_name(role)
            found = self._iam.get_role(RoleName=name)["Role"]
            trust = found["AssumeRolePolicyDocument"]
            own = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
            opened = trust | {"Statement": [*trust["Statement"], own]}
            self._set_trust(name, opened)
            answer = self.aws.clients.untyped("sts").assume_role(
                RoleArn=found["Arn"], RoleSessionName="test"
            )
            self._set_trust(name, trust)
            sessions[role] = answer["Credentials"]
        return sessions

    def _set_trust(self, name: str, document: object) -> None:
        self._iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(document))


def _less(statement: Statement, right: Right) -> Iterator[Statement]:
    """Yield the statements that remain of one without one action on one resource."""
    if statement["Sid"] != right.sid:
        yield statement
        return
    actions = [each for each in statement["Action"] if each != right.action]
    resources = [each for each in statement["Resource"] if each != right.resource]
    if actions:
        yield statement | {"Action": actions}
    if resources:
        yield statement | {"Sid": f"{right.sid}2", "Action": [right.action], "Resource": resources}


@contextmanager
def iam_stack() -> Iterator[IamStack]:
    """Start an embedded AWS that enforces IAM, with the stack on it."""
    with CoverServer() as covers, LocalAws.start(auth=True) as aws:
        outputs = aws.deploy(allowed_sources=[covers.address], settings=_SETTINGS)
        yield IamStack(
            aws=aws,
            outputs=outputs,
            covers=covers,
            mortal_covers=covers,
            late_covers=covers,
        )
