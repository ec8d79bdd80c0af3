"""Reproducible Lambda bundles."""
