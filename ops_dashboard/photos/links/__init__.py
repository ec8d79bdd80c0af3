"""``ops-dashboard photos link``: links by which people without AWS upload photos."""
