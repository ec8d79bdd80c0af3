"""Prefetch: fetch covers before their URLs expire, while their windows stay open."""
