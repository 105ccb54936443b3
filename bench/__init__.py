"""Measurements, as ratios to a named rival in the same run. See ``make bench``."""
