"""Patches everything, then ends with an exception that nobody catches."""

from gevent import monkey

monkey.patch_all()

1 / 0  # @crash
