"""Photos that nothing works on any more are announced, or requested again."""
