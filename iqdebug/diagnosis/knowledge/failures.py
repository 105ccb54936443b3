"""Python's own exceptions about running, importing and the system.

The form is described in :mod:`iqdebug.diagnosis.knowledge`.
"""

from __future__ import annotations

__all__ = ["ENTRIES"]

ENTRIES = r"""
runtime_error.changed_size_during
    RuntimeError ~ changed size during iteration|mutated during iteration|changed during iteration
runtime_error.no_event_loop
    RuntimeError ~ no running event loop|no current event loop
runtime_error.different_event_loop
    RuntimeError ~ different (event )?loop
runtime_error.event_loop_runs
    RuntimeError ~ running event loop|loop is already running
runtime_error.generator_raised_stopiteration
    RuntimeError ~ generator raised StopIteration
runtime_error.main_thread
    RuntimeError ~ main thread|start new thread
runtime_error.bootstrapping_phase
    RuntimeError ~ bootstrapping phase
runtime_error
    RuntimeError
not_implemented_error
    NotImplementedError
stop_iteration
    StopIteration
stop_async_iteration
    StopAsyncIteration
generator_exit
    GeneratorExit
memory_error
    MemoryError
import_error.partially_initialized
    ImportError ~ partially initialized|circular
import_error.cannot_import_name
    ImportError ~ cannot import name
import_error.shared_object
    ImportError ~ shared object|undefined symbol|DLL|\.so
import_error
    ImportError
module_not_found_error.package
    ModuleNotFoundError ~ is not a package
module_not_found_error
    ModuleNotFoundError
syntax_error
    SyntaxError IndentationError TabError
system_error
    SystemError
os_error.too_many_files
    OSError ~ Errno 24
os_error.disk_full
    OSError ~ Errno 28
os_error.bad_descriptor
    OSError ~ Errno 9\b
os_error.address_in_use
    OSError ~ Errno 98|Errno 48|[Aa]ddress already in use
os_error.invalid_argument
    OSError ~ Errno 22
os_error
    OSError
file_not_found_error
    FileNotFoundError
file_exists_error
    FileExistsError
permission_error
    PermissionError
is_a_directory_error
    IsADirectoryError
not_a_directory_error
    NotADirectoryError
connection_refused_error
    ConnectionRefusedError
connection_reset_error
    ConnectionResetError
connection_aborted_error
    ConnectionAbortedError
broken_pipe_error
    BrokenPipeError
timeout_error
    TimeoutError
interrupted_error
    InterruptedError
blocking_io_error
    BlockingIOError
child_process_error
    ChildProcessError
process_lookup_error
    ProcessLookupError
eof_error
    EOFError
keyboard_interrupt
    KeyboardInterrupt
system_exit
    SystemExit
unicode_decode_error
    UnicodeDecodeError
unicode_encode_error
    UnicodeEncodeError
unicode_error
    UnicodeError
buffer_error
    BufferError
reference_error
    ReferenceError
exception_group
    ExceptionGroup BaseExceptionGroup
warning
    Warning DeprecationWarning UserWarning RuntimeWarning FutureWarning SyntaxWarning ResourceWarning
"""
