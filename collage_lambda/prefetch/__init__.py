"""Covers that are about to expire, fetched and held while their windows go on waiting."""
