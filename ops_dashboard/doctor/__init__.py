"""Checks of a machine and of a deployed stack."""
