"""The demo: the whole pipeline on sample covers, with its results checked."""
