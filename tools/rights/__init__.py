"""What pushers, operators and deployers may do: the lists behind docs/operations/rights.md.

`tests/end_to_end/test_people_rights.py` runs the commands with exactly these rights.
"""
