"""Check of the network of the functions that download, by a probe. Edge (network)."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from ops_dashboard.doctor.deployed import PATIENT, Deployed, existing
from ops_dashboard.doctor.findings import Finding, Kind, note, passed, wrong
from stream_ingest.aws.errors import error_code
from stream_ingest.aws.stack import is_aws
from stream_ingest.contracts.network_probe import ProbeAnswer, Reached, probe_event

_THROTTLED = "TooManyRequestsException"
_ROUTE = (
    "check the VPC's routes to a NAT gateway, its security group and network ACLs"
    " (docs/guide/deploy.md)"
)


def check_network(stack: Deployed) -> Finding:
    """Let the collage function try to reach its servers; it does nothing else.

    The embedded AWS may have no internet, so only the servers of ``allowedSources`` count there.
    """
    client = stack.aws("lambda", PATIENT)
    event = json.dumps(probe_event(internet=is_aws(client.meta.endpoint_url)))
    name = stack.outputs.collage_function
    try:
        answer = existing(client.invoke, FunctionName=name, Payload=event)
    except ClientError as error:
        if error_code(error) != _THROTTLED:
            raise
        text = f"{name} has no concurrency left: {error.response.get('Reason', 'throttled')}"
        return note("network", text, "check again when fewer collages are built; see quota")
    if answer is None:
        return wrong("network", f"{name} does not exist", stack.redeploy, Kind.MISSING)
    payload = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        return _failed(stack, payload)
    try:
        found = msgspec.convert(payload, ProbeAnswer)
    except msgspec.ValidationError as error:
        return wrong("network", f"{name} does not know the probe ({error})", stack.redeploy)
    return network_finding(found)


def _failed(stack: Deployed, payload: Any) -> Finding:  # noqa: ANN401 - whatever a runtime returns
    said = payload.get("errorMessage", "") if isinstance(payload, dict) else payload
    found = f"{stack.outputs.collage_function} failed: {said}"
    do = "see its log: aws logs tail /aws/lambda/" + stack.outputs.collage_function
    return wrong("network", found, do)


def network_finding(answer: ProbeAnswer) -> Finding:
    """Return the finding on what a function reached. Pure."""
    lost = [each for each in answer.sources if not each.is_reachable]
    if lost:
        do = f"start them, correct allowedSources, or {_ROUTE}"
        return wrong("network", f"the collage function cannot reach {_listed(lost)}", do)
    if answer.internet and not any(each.is_reachable for each in answer.internet):
        found = f"the collage function cannot reach the internet: {_listed(answer.internet)}"
        return wrong("network", found, _ROUTE)
    reached = [each.host for each in (*answer.sources, *answer.internet) if each.is_reachable]
    found = f"the collage function reaches {', '.join(reached)}" if reached else "it can be invoked"
    return passed("network", found)


def _listed(servers: tuple[Reached, ...] | list[Reached]) -> str:
    return ", ".join(f"{each.host} ({each.detail})" for each in servers)
