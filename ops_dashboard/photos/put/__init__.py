"""``ops-dashboard photos put``: files and folders become uploads."""
