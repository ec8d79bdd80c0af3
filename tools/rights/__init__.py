"""What pushers, operators and deployers may do: the lists behind docs/operations/rights.md."""
