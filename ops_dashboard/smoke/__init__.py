"""A test of a deployed stack, with covers of its own."""
