"""Creates Lambda functions and their permissions. Edge (network, disk)."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pulumi
from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.inputs import Inputs
from ops_dashboard.local.aws.engine.waiting import wait_until

Created = tuple[str, dict[str, Any]]
UNRESERVED = -1


def _function(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    clients.untyped("lambda").create_function(
        **_configuration(inputs),
        Architectures=inputs.texts("architectures"),
        Code={"ZipFile": _code(inputs)},
    )
    _wait(clients, name)
    reserved = inputs.number("reservedConcurrentExecutions")
    if reserved != UNRESERVED:
        _reserve(clients, name, reserved)
    arn = clients.functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    return name, {"name": name, "arn": arn}


def _update_function(clients: Clients, inputs: Inputs, id_: str) -> None:
    functions = clients.untyped("lambda")
    functions.update_function_configuration(**_configuration(inputs))
    _wait(clients, id_)
    functions.update_function_code(
        FunctionName=id_, Architectures=inputs.texts("architectures"), ZipFile=_code(inputs)
    )
    _wait(clients, id_)
    reserved = inputs.number("reservedConcurrentExecutions")
    if reserved == UNRESERVED:
        functions.delete_function_concurrency(FunctionName=id_)
    else:
        _reserve(clients, id_, reserved)


def _configuration(inputs: Inputs) -> dict[str, Any]:
    logging = inputs.required_block("loggingConfig")
    variables = inputs.required_block("environment").map("variables")
    return {
        "FunctionName": inputs.text("name"),
        "Runtime": inputs.text("runtime"),
        "Handler": inputs.text("handler"),
        "Role": inputs.text("role"),
        "MemorySize": inputs.number("memorySize"),
        "Timeout": inputs.number("timeout"),
        "EphemeralStorage": {"Size": inputs.required_block("ephemeralStorage").number("size")},
        "Environment": {"Variables": variables},
        "LoggingConfig": {
            "LogFormat": logging.text("logFormat"),
            "LogGroup": logging.text("logGroup"),
        },
        **_placement(inputs),
    }


def _reserve(clients: Clients, name: str, reserved: int) -> None:
    clients.untyped("lambda").put_function_concurrency(
        FunctionName=name, ReservedConcurrentExecutions=reserved
    )


def _wait(clients: Clients, name: str) -> None:
    def is_ready() -> bool:
        found = clients.functions.get_function_configuration(FunctionName=name)
        return found["State"] == "Active" and found.get("LastUpdateStatus") != "InProgress"

    wait_until(is_ready, f"function {name} is active")


def _placement(inputs: Inputs) -> dict[str, Any]:
    """Return a function's place in a VPC, as parameters; none if it is in no VPC."""
    vpc = inputs.block("vpcConfig")
    if vpc is None:
        return {}
    groups = vpc.texts("securityGroupIds")
    return {"VpcConfig": {"SubnetIds": vpc.texts("subnetIds"), "SecurityGroupIds": groups}}


def _code(inputs: Inputs) -> bytes:
    """Return a function's zip; its hash must be the one that the program has set."""
    archive = inputs.raw("code")
    if not isinstance(archive, pulumi.FileArchive):
        raise inputs.invalid(name="code", expected="a local zip file")
    code = Path(archive.path).read_bytes()
    digest = base64.b64encode(hashlib.sha256(code).digest()).decode()
    if inputs.text("sourceCodeHash") != digest:
        raise inputs.invalid(name="sourceCodeHash", expected=digest)
    return code


def _permission(clients: Clients, inputs: Inputs) -> Created:
    statement = inputs.text("statementId")
    type_ = inputs.text_or_none("functionUrlAuthType")
    by_url = inputs.flag("invokedViaFunctionUrl")
    clients.untyped("lambda").add_permission(
        FunctionName=inputs.text("function"),
        StatementId=statement,
        Action=inputs.text("action"),
        Principal=inputs.text("principal"),
        SourceArn=inputs.text("sourceArn"),
        **({"FunctionUrlAuthType": type_} if type_ else {}),
        **({"InvokedViaFunctionUrl": True} if by_url else {}),
    )
    return statement, {}


def _url(clients: Clients, inputs: Inputs) -> Created:
    """Create a function's URL, open to all requests.

    ministack's distributions do not sign what they send to a function, as origin access control
    does, and its URLs refuse what is not signed. The embedded AWS listens on this machine only.
    """
    if inputs.text("authorizationType") != "AWS_IAM":
        raise inputs.invalid(name="authorizationType", expected="AWS_IAM")
    name = inputs.text("functionName")
    made = clients.untyped("lambda").create_function_url_config(
        FunctionName=name, AuthType="NONE", InvokeMode=inputs.text("invokeMode")
    )
    return name, {"functionUrl": made["FunctionUrl"]}


def _event_invoke(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("functionName")
    failure = inputs.required_block("destinationConfig").required_block("onFailure")
    clients.untyped("lambda").put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=inputs.number("maximumRetryAttempts"),
        MaximumEventAgeInSeconds=inputs.number("maximumEventAgeInSeconds"),
        DestinationConfig={"OnFailure": {"Destination": failure.text("destination")}},
    )
    return name, {}


def _recursion(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("functionName")
    clients.untyped("lambda").put_function_recursion_config(
        FunctionName=name, RecursiveLoop=inputs.text("recursiveLoop")
    )
    return name, {}


UPDATE = {"aws:lambda/function:Function": _update_function}
REPLACING = {
    "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": _recursion,
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _event_invoke,
}
CREATE = {
    "aws:lambda/function:Function": _function,
    "aws:lambda/functionUrl:FunctionUrl": _url,
    "aws:lambda/permission:Permission": _permission,
    **REPLACING,
}
