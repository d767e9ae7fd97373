"""``make bench``: the functions beside what people would pick instead, each in fresh processes, all taking turns.

`subjects` says what is measured and makes it ready, `canned_aws` answers for AWS, `probe` runs inside the measured
processes, `rounds` has them take turns, `rows` holds what comes of it to the targets, and `report` shows it.
"""
