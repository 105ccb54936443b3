"""Python's own exceptions about running, importing and the system.

The form is described in :mod:`iqdebug.diagnosis.knowledge`.
"""

from __future__ import annotations

__all__ = ["ENTRIES"]

ENTRIES = r"""
RuntimeError ~ changed size during iteration|mutated during iteration|changed during iteration
A container was changed while a loop ran over it.
Loop over a copy, or collect the changes and make them afterwards.

RuntimeError ~ no running event loop|no current event loop
Something of asyncio was used where no event loop runs.
Call it from a coroutine that `asyncio.run` has started.

RuntimeError ~ different (event )?loop
Something made in one event loop is used in another.
See where it was made: at import, or under an earlier `asyncio.run`.

RuntimeError ~ running event loop|loop is already running
An event loop was to be started inside of one that runs.
Use `await` there; notebooks and web servers run a loop of their own.

RuntimeError ~ generator raised StopIteration
A `next` inside a generator found nothing, which would have ended the generator silently.
Give that `next` a default, or catch the StopIteration.

RuntimeError ~ main thread|start new thread
A thread could not be started, or something was done in a thread that only another may do.
Look at the number of threads, and at which thread the call belongs to.

RuntimeError ~ bootstrapping phase
A child process imports the main module, which starts processes as it is imported.
Put the start of the program under `if __name__ == "__main__":`.

RuntimeError
Something is wrong that no narrower exception describes.
Read the message; it is the library's own word.

NotImplementedError
A method was called that a subclass is to provide.
Look at which class the object is of, and whether it overrides the method under exactly that name.

StopIteration
An iterator had no further element.
Give `next` a default, or find out why the iterator is empty or was read before.

StopAsyncIteration
An asynchronous iterator had no further element.
Use `async for`, or find out why it is empty.

GeneratorExit
A generator was closed before it had ended.
Look for a `yield` inside `finally` or a bare `except`.

MemoryError
There was not enough memory for what was to be made.
Look for something that grows without end, or a size that was computed wrongly.

ImportError ~ partially initialized|circular
Two modules import each other, and the second asks for a name before the first has made it.
Move one of the imports into the function that needs it, or the shared part into a third module.

ImportError ~ cannot import name
The module is there, and has no such name.
Look at the installed version, and for a file of your own that hides the module.

ImportError ~ shared object|undefined symbol|DLL|\.so
A compiled module could not be loaded.
Look at the system library that the message names, and whether the package was built for this Python.

ImportError
A module could not be imported.
Look at which interpreter runs, and what is installed for it.

ModuleNotFoundError ~ is not a package
A plain module was taken for a package.
Look for a file of your own that has the package's name.

ModuleNotFoundError
No module of that name is on the search path.
Look at which interpreter runs, whether the package is installed for it, and at the name's spelling.

SyntaxError IndentationError TabError
The source text is not Python, or not this version's.
Look at the line, at the one before it, and at which interpreter reads it.

SystemError
The interpreter, or an extension module, broke its own rules.
Suspect the extension module on the stack, and whether it was built for this version.

OSError ~ Errno 24
The process has as many files or sockets open as it may.
Look for what is opened in a loop and not closed.

OSError ~ Errno 28
The disk is full.
Look at where the file is written, and at quotas and temporary folders.

OSError ~ Errno 9\b
A file descriptor was used that is closed.
Look for a second `close`, or for the object that owned it.

OSError ~ Errno 98|Errno 48|[Aa]ddress already in use
Another socket has this address already.
Look for a second copy of the program, or let the address be reused.

OSError ~ Errno 22
The system did not take an argument.
Look at the path or the value: a character or a number that this system does not allow.

OSError
The operating system refused what it was asked for.
Look at the error's name, and at the path or address in the message.

FileNotFoundError
There is no file or folder of that path.
Look at the current folder, since a relative path is looked for from there, and at the path's folders.

FileExistsError
There is a file or folder of that path already.
Let it be there (`exist_ok`), or choose another name.

PermissionError
The user that runs the program may not do this with that file.
Look at owner and mode, at the user, and whether the file is open elsewhere.

IsADirectoryError
A folder was used as a file.
Look at the path: its last part may be missing.

NotADirectoryError
A file was used as a folder.
Look at the path: one of its middle parts is a file.

ConnectionRefusedError
Nothing listens at that address.
Look at host and port, and whether the server is up; in a container `localhost` is the container itself.

ConnectionResetError
The other side broke the connection off.
Look at the other side's log: it may have failed, or refused what it was sent.

ConnectionAbortedError
The connection was broken off on this side.
Look for a timeout, or a network that went away.

BrokenPipeError
What reads the output is gone.
It is usual when the output goes to `head`; else look at why the reader ended.

TimeoutError
Something did not happen in the time allowed.
Look at what it waited for, and whether the time allowed is realistic.

InterruptedError
A system call was interrupted by a signal.
Look at the signal handler that raised.

BlockingIOError
Something not ready was used without waiting for it.
Wait for it with a selector, or make the socket blocking.

ChildProcessError
A child process was waited for that does not exist.
See who else waits for it.

ProcessLookupError
There is no process of that id.
It may have ended in between.

EOFError
Input ended where more was due.
Look at what is read: `input()` without a terminal, or a file that was cut off.

KeyboardInterrupt
The program was interrupted from the keyboard, or by a signal.
The stack shows what it was doing then.

SystemExit
The program was told to end.
Look at who called `exit`, and with what code.

UnicodeDecodeError
Bytes were read as text in an encoding that they do not follow.
Find out the encoding that they were written in, and name it where they are opened or decoded.

UnicodeEncodeError
Text has a character that the encoding of the output does not have.
Write in UTF-8, or look at the locale of the terminal or service.

UnicodeError
Text could not be converted between encodings.
Look at the encoding's name and at the characters around the place.

BufferError
A buffer that others still look at was to be changed.
Release the memoryviews of it first.

ReferenceError
A weak reference was used whose object is gone.
Keep the object alive, or ask whether it still is.

ExceptionGroup BaseExceptionGroup
Several things failed together; the group only holds them.
Look at its members: each has a traceback of its own.

Warning DeprecationWarning UserWarning RuntimeWarning FutureWarning SyntaxWarning ResourceWarning
A warning was turned into an error.
See what it warns of, and who asked for warnings to be errors.
"""
