"""``ops-dashboard photos``: upload, bring in, render again and list photos."""
