"""A package for breakpoints in files that are on no stack."""
