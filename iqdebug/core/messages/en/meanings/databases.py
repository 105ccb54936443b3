"""Exceptions of databases. What they mean, and what to look at."""

from __future__ import annotations

__all__ = ["BLOCKS"]

BLOCKS = r"""
operational_error.locked
Another connection holds the database's lock.
Look for a transaction that was not committed, in this process or another.

operational_error.such_table
The database has no such table or column.
Look at which file was opened (a relative path makes a new, empty one), and whether migrations ran.

operational_error.unable_open
The database's file could not be opened.
Look at the folder: it must exist and be writable.

operational_error
The database could not carry the statement out.
Look at the statement's syntax and at the file.

integrity_error.unique
A row with that value is there already.
Look at the value, and at who inserts it twice.

integrity_error.foreign_key
A row refers to one that does not exist.
Look at the order of insertion, and at the id referred to.

integrity_error.null
A column that must have a value was given none.
Look at where the row's values come from.

integrity_error
A rule of the tables would be broken.
Look at the constraint that the message names.

programming_error.thread
A connection was used in another thread than the one that made it.
Make a connection for each thread.

programming_error.closed
A connection or cursor was used after it was closed.
Look for the `close` before this line.

programming_error.bindings
The number of values is not the number of placeholders.
Count both; a single text in place of a tuple counts its letters.

programming_error
The database's interface was used wrongly.
Look at statement and values.

interface_error
A value is of a type that the database has no column type for.
Convert it, or register an adapter.

database_error.database
The file is no database, or is damaged.
Look at which file was opened.

sqlalchemy_integrity_error
The database refused a row that would break a rule of its tables.
Look at the constraint in the message (unique, foreign key, not null) and at the values that were sent.

sqlalchemy_operational_error.locked
Another connection holds the database's lock.
Look for a session that was not committed or closed.

sqlalchemy_operational_error.such_table
The database lacks the table.
Look at which database the address names, and whether migrations ran.

sqlalchemy_operational_error
The database could not be reached or could not carry on.
Look at the address, at the server, and at connections that were cut.

sqlalchemy_programming_error
The database did not accept the statement.
Look at the statement in the message, and at tables and columns that migrations should have made.

no_result_found
A query that must find one row found none.
Look at its conditions, or use the form that may give None.

multiple_results_found
A query that must find one row found several.
Look at its conditions and joins.

detached_instance_error
An attribute was to be loaded after its object's session had ended.
Load it before (eager loading), or keep the session open.

missing_greenlet
A lazily loaded attribute was read where the asynchronous session cannot wait.
Load it with the query, or await its loading.

pending_rollback_error
An earlier statement of the session failed, and nothing rolled it back.
Look for the first error, and roll back where it is caught.

invalid_request_error
The session or mapping was used in a way that it does not allow.
Read the message; it often names a mapper that failed before.

sqlalchemy_argument_error
A part of a query or mapping has a wrong type.
Look at the expression that the message names.

sqlalchemy_timeout_error
No connection of the pool became free in time.
Look for sessions that are not closed.

resource_closed_error
A connection or result was used after it was closed.
Look for the end of its `with` block, or a statement that gives no rows.

statement_error
A statement could not be sent, mostly for one of its values.
Look at the original exception inside and at the values.

sql_alchemy_error
The database layer failed.
Look at the original exception of the chain.

object_does_not_exist
A query that must find one row found none.
Look at its conditions, or use `filter().first()` or `get_object_or_404`.

multiple_objects_returned
A query that must find one row found several.
Look at its conditions, and whether a unique constraint is missing.

field_error
A query names a field that the model does not have.
Look at the choices that the message lists.

django_operational_error.such_table
The database lacks a table or column of the models.
Run the migrations, and look at which database is used.

django_operational_error
The database could not be reached or could not carry on.
Look at the settings of the database, and at the server.

django_programming_error
The database did not accept the statement.
See whether all migrations ran.

django_integrity_error
A row would break a rule of the tables.
Look at the constraint in the message and at the values.

transaction_management_error
A statement was sent in a transaction that has failed already.
Look for the first error, which was caught inside of `atomic`.

psycopg2_operational_error
The PostgreSQL server could not be reached or refused.
Look at host, port, database and credentials.

unique_violation
A row with that value is there already.
Look at the constraint and value in the detail.

psycopg2_interface_error
A connection or cursor was used after it was closed.
Look for the end of its block, and for connections shared between threads.
"""
