"""Declare one stack: read its settings, wire its components, export addresses. Edge (Pulumi)."""

from __future__ import annotations

from checks.account import check_account
from components.operations.stack_parameter import StackParameter
from components.operations.stack_parts import PartsCollector, StackParts
from stack_config import read_settings
from wiring.basis import declare_basis
from wiring.compute import declare_compute
from wiring.data import declare_data
from wiring.directory import directory_of
from wiring.messaging import declare_messaging
from wiring.operations import declare_operations

import pulumi

settings = read_settings(pulumi.Config())
stack = pulumi.get_stack()
prefix = f"{pulumi.get_project()}-{stack}"
concurrency_limit = check_account(settings, prefix)
parts = PartsCollector(prefix)
basis = declare_basis(settings, stack, prefix)
data = declare_data(basis)
messaging = declare_messaging(basis)
compute = declare_compute(basis, data, messaging)
operations = declare_operations(basis, data, messaging, compute, concurrency_limit)

entries = directory_of(basis, data, messaging, compute, operations)
StackParameter("directory", stack, entries)
StackParts("parts", stack, parts.collected())
for key, value in entries.items():
    pulumi.export(key, value)
