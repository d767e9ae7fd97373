"""Verification of the audit trail: what the bucket holds is read again, and every product's chain is followed.

`scope`, `keys`, `records` and `chains` decide and know nothing of AWS. `bucket` and `heads` read from it, as many at a
time as `threads` has. `verification` puts them together.
"""
