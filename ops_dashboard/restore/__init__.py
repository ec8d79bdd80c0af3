"""Bring a restored table and what was built since its backup together."""
