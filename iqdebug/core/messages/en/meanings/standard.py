"""Exceptions of the standard library, of command lines and of tests. What they mean, and what to look at."""

from __future__ import annotations

__all__ = ["BLOCKS"]

BLOCKS = r"""
cancelled_error
A task was told to stop.
Look at who cancelled it: a timeout, a task group whose other task failed, or the end of the loop.

invalid_state_error
A future was asked for a result that it does not have, or was given a second one.
Look at who sets it, and whether it was cancelled in between.

incomplete_read_error
A stream ended before as many bytes had come as were asked for.
Look at why the other side closed it, and at the length that was expected.

limit_overrun_error
A separator did not come within the stream's limit.
Look at the separator, or raise the limit.

queue_empty
A queue had no element, and waiting was not asked for or took too long.
Look at who puts elements in, and whether that still runs.

queue_full
A queue has no room.
Look at who takes elements out, and whether that still runs.

json_decode_error.extra_data
A second value follows the first in the text.
See whether it is one document a line, or two answers joined.

json_decode_error.expecting_value_char
The text does not begin as JSON.
Look at the text: it may be empty, or an error page of HTML.

json_decode_error
A text is not JSON.
Look at the characters at the place that the message names.

called_process_error.status
The command was not found.
Look at the PATH that the program has, and at the command's spelling.

called_process_error.died_with
The command was ended by a signal.
Look at which: SIGKILL often means that memory ran out.

called_process_error
A command ended with a status other than 0.
Look at what it wrote to its error output; that is kept where it was captured.

timeout_expired
A command took longer than allowed.
See whether it waits for input, or for a pipe that nobody reads.

gaierror.name_or_service
A host's name could not be resolved.
Look at the name's spelling, and whether there is a network and a name server.

gaierror
An address could not be resolved.
Look at host and port.

timeout
A socket did not answer in time.
Look at whether the other side is reachable, and at the time allowed.

ssl_cert_verification_error.expired
The server's certificate is out of date.
Look at the certificate's dates, and at this machine's clock.

ssl_cert_verification_error.self_signed
The server's certificate was signed by somebody this machine does not trust.
Add the right authority's certificate; a proxy between may put in its own.

ssl_cert_verification_error.hh_ostname_mismatch
The server's certificate is for another host.
Look at the host's name in the address.

ssl_cert_verification_error
The server's certificate could not be verified.
Look at the reason in the message.

ssl_error.wrong_version_number
The other side does not speak TLS there.
See whether the port is for plain HTTP, or a proxy answers.

ssl_error
Encryption could not be agreed upon.
Look at the versions and ciphers that both sides allow.

unpickling_error
The bytes are no pickle, or not all of one.
Look at the file: it may be cut off, of another format, or not opened as binary.

pickling_error
An object cannot be pickled.
Look for a lambda, a nested function, a lock or an open file in what is sent to another process.

attribute_error.can_pickle
A function or class cannot be found by name in another process.
Define it at the top level of a module.

argument_error
The definition of the options contradicts itself, or an argument has a wrong value.
Look at the option that the message names.

no_section_error
The configuration has no such section or option.
Look at which files were read: `read` passes over those that do not exist.

error
Bytes and format do not fit each other.
Compare the length of the bytes with what the format needs.

bad_zip_file
The file is no zip file, or is cut off.
Look at its size and first bytes: it may be an error page.

csv_error
The text does not follow the dialect that it is read by.
Look at the line: quotes, NUL characters, or very long fields.

parse_error
The text is not well-formed XML.
Look at the line and column that the message names.

invalid_operation
A text is no number, or an operation on decimals has no result.
Look at the text that is converted.

re_error
A pattern is no regular expression.
Look at the position that the message names; text of others is to be escaped.

binascii_error
The text is not base64 or hexadecimal.
Look at its length and at characters such as `-` and `_`, which belong to the URL form.

statistics_error
There are not enough values for this measure.
Find out why the data is empty.

broken_process_pool
A worker process ended abruptly.
Look for a crash in native code, memory that ran out, or a main module without its guard.

remote_disconnected
The server closed the connection without an answer.
Look at the server's log, and whether a connection was kept too long.

incomplete_read
The answer ended before as many bytes had come as were promised.
Look at the network between, and try again.

http_error
The server answered with an error.
Look at the status and at the body of the answer.

url_error
The address could not be reached.
Look at the reason inside: name, port, certificate, proxy.

frozen_instance_error
A field of a frozen instance was to be changed.
Make a changed copy with `dataclasses.replace`.

skip_test
A test was skipped.
Look at the reason that it gives.

usage_error
The command line does not fit the command's options.
Look at the parameter that the message names.

no_such_option
The command has no such option.
Look at its spelling.

abort
The person broke the command off.
A prompt without a terminal ends like this as well.

failed
A test was failed on purpose, mostly since an expected exception did not come.
Look at the message and at the block under `raises`.

fixture_lookup_error
There is no fixture of that name within reach.
Look at its spelling, and at which conftest defines it.

skipped
A test was skipped.
Look at the reason that it gives.
"""
