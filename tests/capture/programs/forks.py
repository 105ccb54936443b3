import os
import sys

pid = os.fork()
if pid == 0:
    side = "child"
    raise ValueError("in the child")
os.waitpid(pid, 0)
sys.stdout.flush()
raise ValueError("in the parent")
