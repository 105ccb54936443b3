"""Speaks the Debug Adapter Protocol with debugpy's server inside a target, and brings it there."""
