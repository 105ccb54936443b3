"""Exceptions of the standard library, of command lines and of tests.

The form is described in :mod:`iqdebug.diagnosis.knowledge`.
"""

from __future__ import annotations

__all__ = ["ENTRIES"]

ENTRIES = r"""
cancelled_error
    asyncio.CancelledError asyncio.exceptions.CancelledError
invalid_state_error
    asyncio.InvalidStateError asyncio.exceptions.InvalidStateError
incomplete_read_error
    asyncio.IncompleteReadError asyncio.exceptions.IncompleteReadError
limit_overrun_error
    asyncio.LimitOverrunError asyncio.exceptions.LimitOverrunError
queue_empty
    asyncio.QueueEmpty asyncio.queues.QueueEmpty queue.Empty _queue.Empty
queue_full
    asyncio.QueueFull asyncio.queues.QueueFull queue.Full
json_decode_error.extra_data
    json.decoder.JSONDecodeError ~ Extra data
json_decode_error.expecting_value_char
    json.decoder.JSONDecodeError ~ Expecting value.*char 0\)
json_decode_error
    json.decoder.JSONDecodeError
called_process_error.status
    subprocess.CalledProcessError ~ status 127
called_process_error.died_with
    subprocess.CalledProcessError ~ died with
called_process_error
    subprocess.CalledProcessError
timeout_expired
    subprocess.TimeoutExpired
gaierror.name_or_service
    socket.gaierror ~ Name or service|nodename|not known|Temporary failure
gaierror
    socket.gaierror
timeout
    socket.timeout
ssl_cert_verification_error.expired
    ssl.SSLCertVerificationError ~ expired
ssl_cert_verification_error.self_signed
    ssl.SSLCertVerificationError ~ self.signed|unable to get local issuer
ssl_cert_verification_error.hh_ostname_mismatch
    ssl.SSLCertVerificationError ~ [Hh]ostname mismatch|doesn't match
ssl_cert_verification_error
    ssl.SSLCertVerificationError
ssl_error.wrong_version_number
    ssl.SSLError ~ WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|record layer
ssl_error
    ssl.SSLError
unpickling_error
    pickle.UnpicklingError _pickle.UnpicklingError
pickling_error
    pickle.PicklingError _pickle.PicklingError
attribute_error.can_pickle
    AttributeError ~ Can't (pickle|get) (local )?
argument_error
    argparse.ArgumentError
no_section_error
    configparser.NoSectionError configparser.NoOptionError
error
    struct.error
bad_zip_file
    zipfile.BadZipFile
csv_error
    csv.Error _csv.Error
parse_error
    xml.etree.ElementTree.ParseError xml.parsers.expat.ExpatError
invalid_operation
    decimal.InvalidOperation
re_error
    re.error re.PatternError
binascii_error
    binascii.Error
statistics_error
    statistics.StatisticsError
broken_process_pool
    concurrent.futures.process.BrokenProcessPool concurrent.futures.BrokenExecutor
remote_disconnected
    http.client.RemoteDisconnected
incomplete_read
    http.client.IncompleteRead
http_error
    urllib.error.HTTPError
url_error
    urllib.error.URLError
frozen_instance_error
    dataclasses.FrozenInstanceError
skip_test
    unittest.case.SkipTest
usage_error
    click.exceptions.UsageError click.exceptions.BadParameter click.exceptions.MissingParameter
no_such_option
    click.exceptions.NoSuchOption
abort
    click.exceptions.Abort
failed
    _pytest.outcomes.Failed
fixture_lookup_error
    _pytest.fixtures.FixtureLookupError
skipped
    _pytest.outcomes.Skipped
"""
