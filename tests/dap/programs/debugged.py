"""Already has a debugger: the one that its argument names."""

import select
import sys

if sys.argv[1] == "monitoring":
    sys.monitoring.use_tool_id(sys.monitoring.DEBUGGER_ID, "somebody")
else:
    sys.path.insert(0, sys.argv[2])
    import debugpy

    debugpy.listen(("127.0.0.1", 0))
print("ready", flush=True)

while True:
    if select.select([0], [], [], 0.01)[0]:
        sys.stdin.readline()
        print('"pong"', flush=True)
