"""What the pytest plugin does in a run that asked for it. Part of the pytest process: of iqdebug it
imports the capture alone; the screen and the debugger's client are a process of their own."""
