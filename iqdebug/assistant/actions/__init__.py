"""What can be done about a failure, with or without a model: explain, mend, prove, watch, scan.

Every action is a function with a frozen result; nothing here shows anything. What a model wrote
comes in as an argument, and what changes files or starts programs is called on a person's consent.
"""
