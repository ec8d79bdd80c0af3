"""The demo: the whole job on sample covers, checked."""
