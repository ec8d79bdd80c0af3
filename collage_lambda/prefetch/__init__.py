"""Covers that are about to expire, prefetched while their windows go on waiting."""
