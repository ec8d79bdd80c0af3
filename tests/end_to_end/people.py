"""Roles with the documented rights of people, and commands that run as one of them."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiobotocore.client import AioBaseClient
from botocore.client import BaseClient
from msgspec.structs import replace

from ops_dashboard.local.aws.clients import ACCOUNT, REGION
from ops_dashboard.local.aws.stack import LocalAws
from tests.end_to_end.ministack_names import for_ministack
from tests.fakes.command_line import Commands
from tests.fakes.iam.requests import Authorization
from tests.models.authorized import allowing, authorizations
from tests.models.recording import Request
from tools.rights.grants import Place, policy
from tools.rights.roles import ROLES

_COMMANDS = frozenset(
    command for role in ROLES.values() for one in role for command in one.commands
)
_FOR_PHOTOS = [one for one in ROLES["deployer-options"] if "photos" in one.note.lower()]
_TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


_DENIAL = re.compile(r"not authorized to perform:? |AccessDenied|\(403\)")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: object
    out: str
    err: str

    @property
    def text(self) -> str:
        """All that it wrote, with single spaces."""
        return " ".join(f"{self.out} {self.err}".split())

    @property
    def is_denied(self) -> bool:
        """Whether a denied request is reported."""
        return _DENIAL.search(self.text) is not None


@dataclass
class People:
    """Roles of one stack with the documented rights."""

    aws: LocalAws
    stack: str
    values: dict[str, str] = field(default_factory=dict)
    """What the arguments of commands refer to: ``{window}``; ``{id}`` is another for each run."""
    numbers: Iterator[int] = field(default_factory=itertools.count)
    done: set[str] = field(default_factory=set)
    """Commands that worked."""
    used: set[tuple[str, str]] = field(default_factory=set)
    """Statements that commands needed, by role and Sid."""
    _sessions: dict[tuple[str, str, str], Mapping[str, str]] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        """The stack that the policies are for."""
        return Place(account=ACCOUNT, region=REGION, stack=self.stack)

    def statements(self, role: str, command: str = "", without: str = "") -> list[dict[str, Any]]:
        """Return the documented statements of a role; those of one command only, if it is given.

        With `without`, this action is left out. A deployer may deploy photos.
        """
        found = []
        all_of_them = [*ROLES[role], *(_FOR_PHOTOS if role == "deployer" else ())]
        grants = [one for one in all_of_them if not command or command in one.commands]
        for statement in policy(grants, self.place)["Statement"]:
            actions = [action for action in statement["Action"] if action != without]
            if actions:
                found.append(statement | {"Action": actions})
        return found

    def session(self, role: str, command: str = "", without: str = "") -> Mapping[str, str]:
        """Return credentials with the rights of `statements`, as environment variables."""
        key = (role, command, without)
        if key not in self._sessions:
            self._sessions[key] = self._assume(role, self.statements(*key))
        return self._sessions[key]

    def _assume(self, role: str, statements: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
        iam, name = self.aws.clients.untyped("iam"), f"{role}{len(self._sessions)}"
        trust = {"Version": "2012-10-17", "Statement": [_TRUST]}
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
        document = {
            "Version": "2012-10-17",
            "Statement": list(for_ministack(statements, self.place)),
        }
        iam.put_role_policy(
            RoleName=name,
            PolicyName="documented",
            PolicyDocument=json.dumps(document),
        )
        keys = self.aws.clients.untyped("sts").assume_role(
            RoleArn=made["Arn"], RoleSessionName="test"
        )["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }

    def check(self, role: str, command: str, requests: Sequence[Request]) -> None:
        """Raise `AssertionError` if a request needs more than the statements of a command."""
        statements = self.statements(role, command)
        for request in requests:
            for one in authorizations(request):
                needed = self._in_full(one, request)
                sid = allowing(statements, needed)
                assert sid is not None, (request.name, needed)
                self.used.add((role, sid))

    def _in_full(self, needed: Authorization, request: Request) -> Authorization:
        """Add the aliases of a key, which are not in the request."""
        if request.service != "kms":
            return needed
        key, kms = request.parameters["KeyId"], self.aws.clients.untyped("kms")
        found = kms.list_aliases(KeyId=kms.describe_key(KeyId=key)["KeyMetadata"]["KeyId"])
        aliases = tuple(each["AliasName"] for each in found["Aliases"])
        return replace(needed, keys=(("kms:ResourceAliases", aliases),))


@dataclass(frozen=True)
class RunAs:
    """Runs commands as somebody, in the process of the test."""

    people: People
    commands: Commands
    patch: pytest.MonkeyPatch

    def __call__(self, role: str, line: str, without: str = "") -> Done:
        """Run a command with the statements that the documentation has for it.

        ``act("operator", "ops-dashboard trace {window}")``; raises `AssertionError` if a request
        needs more by AWS's rules.
        """
        name, *arguments = line.split()
        command = command_of(arguments)
        self.people.values["id"] = f"batch-{next(self.people.numbers)}"
        variables = {
            **self.people.aws.environment(),
            **self.people.session(role, command, without),
        }
        for variable, value in variables.items():
            self.patch.setenv(variable, value)
        with recorded() as requests:
            done = self.commands.run(
                name, *(each.format(**self.people.values) for each in arguments)
            )
        if not without:
            self.people.check(role, command, requests)
        return Done(done.code, done.out, done.err)


def command_of(arguments: Sequence[str]) -> str:
    """Return the longest command that some arguments begin with: ``dlq list``."""
    beginnings = (" ".join(arguments[:words]) for words in (3, 2, 1))
    return next(each for each in beginnings if each in _COMMANDS)


@contextmanager
def recorded() -> Iterator[Sequence[Request]]:
    """Record the requests of all boto3 and aiobotocore clients inside the block."""
    requests: list[Request] = []

    def record(client: BaseClient, operation: str, given: Mapping[str, Any]) -> None:
        model = client.meta.service_model
        requests.append(
            Request(
                service=model.signing_name,
                operation=operation,
                parameters=dict(given),
                shape=model.operation_model(operation).input_shape,
            )
        )

    with pytest.MonkeyPatch.context() as patch:
        for kind in (BaseClient, AioBaseClient):
            call = kind._make_api_call  # noqa: SLF001 - all requests pass through it

            def recording(client: BaseClient, operation: str, given: Any, call: Any = call) -> Any:  # noqa: ANN401 - as botocore has it
                record(client, operation, given)
                return call(client, operation, given)

            patch.setattr(kind, "_make_api_call", recording)
        yield requests
