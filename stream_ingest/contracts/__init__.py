"""What all parts agree on: errors, events, the table, names, identities, settings, metrics."""
