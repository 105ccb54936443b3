"""The code that iqdebug runs inside a target: standard library only, Python 3.8 and later.

It imports nothing of iqdebug except :mod:`iqdebug.capture`, which follows the same rules. In a target
:mod:`iqdebug.dap.boot_code` loads both from their folder as ``_iqdebug_inside``; on detach they are removed.
"""
