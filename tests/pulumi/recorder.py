"""Pulumi's engine as a recorder of what the program declares."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

ACCOUNT, REGION = "123456789012", "eu-central-1"
ANSWERS: Mapping[str, dict[str, Any]] = {
    "getCallerIdentity": {"id": ACCOUNT, "accountId": ACCOUNT},
    "getPartition": {"partition": "aws", "dnsSuffix": "amazonaws.com"},
    "getRegion": {"id": REGION, "region": REGION},
    "getServiceQuota": {"value": 1_000.0},
    "getSubnet": {"vpcId": "vpc-0123456789abcdef0"},
    "getVpc": {
        "enableDnsSupport": True,
        "enableDnsHostnames": True,
        "cidrBlockAssociations": [{"cidrBlock": "10.0.0.0/16"}, {"cidrBlock": "10.9.0.0/16"}],
    },
}
"""What look-ups return, by the name of the function."""


@dataclass(frozen=True)
class Declared:
    """One resource of the program."""

    type: str
    name: str
    inputs: dict[str, Any]
    custom: bool
    import_id: str = ""

    def document(self, key: str) -> Any:  # noqa: ANN401 - JSON
        """Return an input that is a JSON document."""
        return json.loads(self.inputs[key])


@dataclass
class Recorder(pulumi.runtime.Mocks):
    """Answers with ARNs made of type and name, so that a test sees what refers to what."""

    declared: list[Declared] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    protected: set[tuple[str, str]] = field(default_factory=set)
    """(Kind, name) of the resources that Pulumi refuses to delete."""
    retained: set[tuple[str, str]] = field(default_factory=set)
    """Those that it leaves in AWS when it deletes them from the stack."""
    after: dict[tuple[str, str], set[tuple[str, str]]] = field(default_factory=dict)
    """What each resource is created after."""
    answers: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        with self.lock:
            unwrap = pulumi.runtime.rpc.unwrap_rpc_secret
            inputs = {key: unwrap(value) for key, value in args.inputs.items()}
            one = Declared(
                args.typ,
                args.name,
                inputs,
                custom=bool(args.custom),
                import_id=args.resource_id or "",
            )
            self.declared.append(one)
        kind = args.typ.rpartition(":")[2]
        outputs = {"arn": f"arn:{kind}:{args.name}", "url": f"https://{kind}/{args.name}"}
        if kind == "Distribution":
            outputs["domainName"] = "d111111abcdef8.cloudfront.net"
        if kind == "FunctionUrl":
            outputs["functionUrl"] = "https://abc.lambda-url.eu-central-1.on.aws/"
        return args.name, {"name": args.name, **outputs, **args.inputs}

    def register(self, request: Any) -> None:  # noqa: ANN401 - a message of Pulumi's protocol
        """Store the options of a resource, which `new_resource` does not get."""
        one = (request.type.rpartition(":")[2], request.name)
        if request.protect:
            self.protected.add(one)
        parts = [urn.split("::") for urn in request.dependencies]
        self.after[one] = {(kind.rpartition(":")[2], name) for *_, kind, name in parts}
        if request.retainOnDelete:
            self.retained.add(one)

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[Any]]:
        kind = args.token.rpartition(":")[2]
        if kind in self.refused:
            return {}, [(kind, "access denied")]
        # Subnets whose ids end differently are in different zones.
        zone = {"availabilityZone": f"{REGION}-{args.args.get('id', '')[-1:]}"}
        return zone | args.args | ANSWERS[kind] | self.answers.get(kind, {}), []

    def all(self, kind: str) -> list[Declared]:
        """Return every resource of a kind: ``Queue``, ``Bucket``."""
        return [one for one in self.declared if one.custom and one.type.endswith(f":{kind}")]

    def one(self, kind: str, name: str) -> Declared:
        """Return the one resource of this kind and name."""
        (found,) = (one for one in self.all(kind) if one.name == name)
        return found
