"""Measurements: ratios against a named rival in the same run. See ``make bench``."""
