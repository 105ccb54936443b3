"""Exceptions of the standard library, of command lines and of tests.

The form is described in :mod:`iqdebug.diagnosis.knowledge`.
"""

from __future__ import annotations

__all__ = ["ENTRIES"]

ENTRIES = r"""
asyncio.CancelledError asyncio.exceptions.CancelledError
A task was told to stop.
Look at who cancelled it: a timeout, a task group whose other task failed, or the end of the loop.

asyncio.InvalidStateError asyncio.exceptions.InvalidStateError
A future was asked for a result that it does not have, or was given a second one.
Look at who sets it, and whether it was cancelled in between.

asyncio.IncompleteReadError asyncio.exceptions.IncompleteReadError
A stream ended before as many bytes had come as were asked for.
Look at why the other side closed it, and at the length that was expected.

asyncio.LimitOverrunError asyncio.exceptions.LimitOverrunError
A separator did not come within the stream's limit.
Look at the separator, or raise the limit.

asyncio.QueueEmpty asyncio.queues.QueueEmpty queue.Empty _queue.Empty
A queue had no element, and waiting was not asked for or took too long.
Look at who puts elements in, and whether that still runs.

asyncio.QueueFull asyncio.queues.QueueFull queue.Full
A queue has no room.
Look at who takes elements out, and whether that still runs.

json.decoder.JSONDecodeError ~ Extra data
A second value follows the first in the text.
See whether it is one document a line, or two answers joined.

json.decoder.JSONDecodeError ~ Expecting value.*char 0\)
The text does not begin as JSON.
Look at the text: it may be empty, or an error page of HTML.

json.decoder.JSONDecodeError
A text is not JSON.
Look at the characters at the place that the message names.

subprocess.CalledProcessError ~ status 127
The command was not found.
Look at the PATH that the program has, and at the command's spelling.

subprocess.CalledProcessError ~ died with
The command was ended by a signal.
Look at which: SIGKILL often means that memory ran out.

subprocess.CalledProcessError
A command ended with a status other than 0.
Look at what it wrote to its error output; that is kept where it was captured.

subprocess.TimeoutExpired
A command took longer than allowed.
See whether it waits for input, or for a pipe that nobody reads.

socket.gaierror ~ Name or service|nodename|not known|Temporary failure
A host's name could not be resolved.
Look at the name's spelling, and whether there is a network and a name server.

socket.gaierror
An address could not be resolved.
Look at host and port.

socket.timeout
A socket did not answer in time.
Look at whether the other side is reachable, and at the time allowed.

ssl.SSLCertVerificationError ~ expired
The server's certificate is out of date.
Look at the certificate's dates, and at this machine's clock.

ssl.SSLCertVerificationError ~ self.signed|unable to get local issuer
The server's certificate was signed by somebody this machine does not trust.
Add the right authority's certificate; a proxy between may put in its own.

ssl.SSLCertVerificationError ~ [Hh]ostname mismatch|doesn't match
The server's certificate is for another host.
Look at the host's name in the address.

ssl.SSLCertVerificationError
The server's certificate could not be verified.
Look at the reason in the message.

ssl.SSLError ~ WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|record layer
The other side does not speak TLS there.
See whether the port is for plain HTTP, or a proxy answers.

ssl.SSLError
Encryption could not be agreed upon.
Look at the versions and ciphers that both sides allow.

pickle.UnpicklingError _pickle.UnpicklingError
The bytes are no pickle, or not all of one.
Look at the file: it may be cut off, of another format, or not opened as binary.

pickle.PicklingError _pickle.PicklingError
An object cannot be pickled.
Look for a lambda, a nested function, a lock or an open file in what is sent to another process.

AttributeError ~ Can't (pickle|get) (local )?
A function or class cannot be found by name in another process.
Define it at the top level of a module.

argparse.ArgumentError
The definition of the options contradicts itself, or an argument has a wrong value.
Look at the option that the message names.

configparser.NoSectionError configparser.NoOptionError
The configuration has no such section or option.
Look at which files were read: `read` passes over those that do not exist.

struct.error
Bytes and format do not fit each other.
Compare the length of the bytes with what the format needs.

zipfile.BadZipFile
The file is no zip file, or is cut off.
Look at its size and first bytes: it may be an error page.

csv.Error _csv.Error
The text does not follow the dialect that it is read by.
Look at the line: quotes, NUL characters, or very long fields.

xml.etree.ElementTree.ParseError xml.parsers.expat.ExpatError
The text is not well-formed XML.
Look at the line and column that the message names.

decimal.InvalidOperation
A text is no number, or an operation on decimals has no result.
Look at the text that is converted.

re.error re.PatternError
A pattern is no regular expression.
Look at the position that the message names; text of others is to be escaped.

binascii.Error
The text is not base64 or hexadecimal.
Look at its length and at characters such as `-` and `_`, which belong to the URL form.

statistics.StatisticsError
There are not enough values for this measure.
Find out why the data is empty.

concurrent.futures.process.BrokenProcessPool concurrent.futures.BrokenExecutor
A worker process ended abruptly.
Look for a crash in native code, memory that ran out, or a main module without its guard.

http.client.RemoteDisconnected
The server closed the connection without an answer.
Look at the server's log, and whether a connection was kept too long.

http.client.IncompleteRead
The answer ended before as many bytes had come as were promised.
Look at the network between, and try again.

urllib.error.HTTPError
The server answered with an error.
Look at the status and at the body of the answer.

urllib.error.URLError
The address could not be reached.
Look at the reason inside: name, port, certificate, proxy.

dataclasses.FrozenInstanceError
A field of a frozen instance was to be changed.
Make a changed copy with `dataclasses.replace`.

unittest.case.SkipTest
A test was skipped.
Look at the reason that it gives.

click.exceptions.UsageError click.exceptions.BadParameter click.exceptions.MissingParameter
The command line does not fit the command's options.
Look at the parameter that the message names.

click.exceptions.NoSuchOption
The command has no such option.
Look at its spelling.

click.exceptions.Abort
The person broke the command off.
A prompt without a terminal ends like this as well.

_pytest.outcomes.Failed
A test was failed on purpose, mostly since an expected exception did not come.
Look at the message and at the block under `raises`.

_pytest.fixtures.FixtureLookupError
There is no fixture of that name within reach.
Look at its spelling, and at which conftest defines it.

_pytest.outcomes.Skipped
A test was skipped.
Look at the reason that it gives.
"""
