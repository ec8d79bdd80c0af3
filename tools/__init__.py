"""Generators of the documentation, run by `make docs` and `make measured`."""
