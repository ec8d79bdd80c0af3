"""The windowing rules: pure functions of a creator's state."""
