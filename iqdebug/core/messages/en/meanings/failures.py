"""Python's own exceptions about running, importing and the system. What they mean, and what to look at."""

from __future__ import annotations

__all__ = ["BLOCKS"]

BLOCKS = r"""
runtime_error.changed_size_during
A container was changed while a loop ran over it.
Loop over a copy, or collect the changes and make them afterwards.

runtime_error.no_event_loop
Something of asyncio was used where no event loop runs.
Call it from a coroutine that `asyncio.run` has started.

runtime_error.different_event_loop
Something made in one event loop is used in another.
See where it was made: at import, or under an earlier `asyncio.run`.

runtime_error.event_loop_runs
An event loop was to be started inside of one that runs.
Use `await` there; notebooks and web servers run a loop of their own.

runtime_error.generator_raised_stopiteration
A `next` inside a generator found nothing, which would have ended the generator silently.
Give that `next` a default, or catch the StopIteration.

runtime_error.main_thread
A thread could not be started, or something was done in a thread that only another may do.
Look at the number of threads, and at which thread the call belongs to.

runtime_error.bootstrapping_phase
A child process imports the main module, which starts processes as it is imported.
Put the start of the program under `if __name__ == "__main__":`.

runtime_error
Something is wrong that no narrower exception describes.
Read the message; it is the library's own word.

not_implemented_error
A method was called that a subclass is to provide.
Look at which class the object is of, and whether it overrides the method under exactly that name.

stop_iteration
An iterator had no further element.
Give `next` a default, or find out why the iterator is empty or was read before.

stop_async_iteration
An asynchronous iterator had no further element.
Use `async for`, or find out why it is empty.

generator_exit
A generator was closed before it had ended.
Look for a `yield` inside `finally` or a bare `except`.

memory_error
There was not enough memory for what was to be made.
Look for something that grows without end, or a size that was computed wrongly.

import_error.partially_initialized
Two modules import each other, and the second asks for a name before the first has made it.
Move one of the imports into the function that needs it, or the shared part into a third module.

import_error.cannot_import_name
The module is there, and has no such name.
Look at the installed version, and for a file of your own that hides the module.

import_error.shared_object
A compiled module could not be loaded.
Look at the system library that the message names, and whether the package was built for this Python.

import_error
A module could not be imported.
Look at which interpreter runs, and what is installed for it.

module_not_found_error.package
A plain module was taken for a package.
Look for a file of your own that has the package's name.

module_not_found_error
No module of that name is on the search path.
Look at which interpreter runs, whether the package is installed for it, and at the name's spelling.

syntax_error
The source text is not Python, or not this version's.
Look at the line, at the one before it, and at which interpreter reads it.

system_error
The interpreter, or an extension module, broke its own rules.
Suspect the extension module on the stack, and whether it was built for this version.

os_error.too_many_files
The process has as many files or sockets open as it may.
Look for what is opened in a loop and not closed.

os_error.disk_full
The disk is full.
Look at where the file is written, and at quotas and temporary folders.

os_error.bad_descriptor
A file descriptor was used that is closed.
Look for a second `close`, or for the object that owned it.

os_error.address_in_use
Another socket has this address already.
Look for a second copy of the program, or let the address be reused.

os_error.invalid_argument
The system did not take an argument.
Look at the path or the value: a character or a number that this system does not allow.

os_error
The operating system refused what it was asked for.
Look at the error's name, and at the path or address in the message.

file_not_found_error
There is no file or folder of that path.
Look at the current folder, since a relative path is looked for from there, and at the path's folders.

file_exists_error
There is a file or folder of that path already.
Let it be there (`exist_ok`), or choose another name.

permission_error
The user that runs the program may not do this with that file.
Look at owner and mode, at the user, and whether the file is open elsewhere.

is_a_directory_error
A folder was used as a file.
Look at the path: its last part may be missing.

not_a_directory_error
A file was used as a folder.
Look at the path: one of its middle parts is a file.

connection_refused_error
Nothing listens at that address.
Look at host and port, and whether the server is up; in a container `localhost` is the container itself.

connection_reset_error
The other side broke the connection off.
Look at the other side's log: it may have failed, or refused what it was sent.

connection_aborted_error
The connection was broken off on this side.
Look for a timeout, or a network that went away.

broken_pipe_error
What reads the output is gone.
It is usual when the output goes to `head`; else look at why the reader ended.

timeout_error
Something did not happen in the time allowed.
Look at what it waited for, and whether the time allowed is realistic.

interrupted_error
A system call was interrupted by a signal.
Look at the signal handler that raised.

blocking_io_error
Something not ready was used without waiting for it.
Wait for it with a selector, or make the socket blocking.

child_process_error
A child process was waited for that does not exist.
See who else waits for it.

process_lookup_error
There is no process of that id.
It may have ended in between.

eof_error
Input ended where more was due.
Look at what is read: `input()` without a terminal, or a file that was cut off.

keyboard_interrupt
The program was interrupted from the keyboard, or by a signal.
The stack shows what it was doing then.

system_exit
The program was told to end.
Look at who called `exit`, and with what code.

unicode_decode_error
Bytes were read as text in an encoding that they do not follow.
Find out the encoding that they were written in, and name it where they are opened or decoded.

unicode_encode_error
Text has a character that the encoding of the output does not have.
Write in UTF-8, or look at the locale of the terminal or service.

unicode_error
Text could not be converted between encodings.
Look at the encoding's name and at the characters around the place.

buffer_error
A buffer that others still look at was to be changed.
Release the memoryviews of it first.

reference_error
A weak reference was used whose object is gone.
Keep the object alive, or ask whether it still is.

exception_group
Several things failed together; the group only holds them.
Look at its members: each has a traceback of its own.

warning
A warning was turned into an error.
See what it warns of, and who asked for warnings to be errors.
"""
