"""Exceptions of databases.

The form is described in :mod:`iqdebug.diagnosis.knowledge`.
"""

from __future__ import annotations

__all__ = ["ENTRIES"]

ENTRIES = r"""
sqlite3.OperationalError ~ locked
Another connection holds the database's lock.
Look for a transaction that was not committed, in this process or another.

sqlite3.OperationalError ~ no such (table|column)
The database has no such table or column.
Look at which file was opened (a relative path makes a new, empty one), and whether migrations ran.

sqlite3.OperationalError ~ unable to open
The database's file could not be opened.
Look at the folder: it must exist and be writable.

sqlite3.OperationalError
The database could not carry the statement out.
Look at the statement's syntax and at the file.

sqlite3.IntegrityError ~ UNIQUE
A row with that value is there already.
Look at the value, and at who inserts it twice.

sqlite3.IntegrityError ~ FOREIGN KEY
A row refers to one that does not exist.
Look at the order of insertion, and at the id referred to.

sqlite3.IntegrityError ~ NOT NULL
A column that must have a value was given none.
Look at where the row's values come from.

sqlite3.IntegrityError
A rule of the tables would be broken.
Look at the constraint that the message names.

sqlite3.ProgrammingError ~ thread
A connection was used in another thread than the one that made it.
Make a connection for each thread.

sqlite3.ProgrammingError ~ closed
A connection or cursor was used after it was closed.
Look for the `close` before this line.

sqlite3.ProgrammingError ~ bindings
The number of values is not the number of placeholders.
Count both; a single text in place of a tuple counts its letters.

sqlite3.ProgrammingError
The database's interface was used wrongly.
Look at statement and values.

sqlite3.InterfaceError
A value is of a type that the database has no column type for.
Convert it, or register an adapter.

sqlite3.DatabaseError ~ not a database|malformed
The file is no database, or is damaged.
Look at which file was opened.

sqlalchemy.exc.IntegrityError
The database refused a row that would break a rule of its tables.
Look at the constraint in the message (unique, foreign key, not null) and at the values that were sent.

sqlalchemy.exc.OperationalError ~ locked
Another connection holds the database's lock.
Look for a session that was not committed or closed.

sqlalchemy.exc.OperationalError ~ no such table|does not exist
The database lacks the table.
Look at which database the address names, and whether migrations ran.

sqlalchemy.exc.OperationalError
The database could not be reached or could not carry on.
Look at the address, at the server, and at connections that were cut.

sqlalchemy.exc.ProgrammingError
The database did not accept the statement.
Look at the statement in the message, and at tables and columns that migrations should have made.

sqlalchemy.exc.NoResultFound
A query that must find one row found none.
Look at its conditions, or use the form that may give None.

sqlalchemy.exc.MultipleResultsFound
A query that must find one row found several.
Look at its conditions and joins.

sqlalchemy.orm.exc.DetachedInstanceError
An attribute was to be loaded after its object's session had ended.
Load it before (eager loading), or keep the session open.

sqlalchemy.exc.MissingGreenlet
A lazily loaded attribute was read where the asynchronous session cannot wait.
Load it with the query, or await its loading.

sqlalchemy.exc.PendingRollbackError
An earlier statement of the session failed, and nothing rolled it back.
Look for the first error, and roll back where it is caught.

sqlalchemy.exc.InvalidRequestError
The session or mapping was used in a way that it does not allow.
Read the message; it often names a mapper that failed before.

sqlalchemy.exc.ArgumentError
A part of a query or mapping has a wrong type.
Look at the expression that the message names.

sqlalchemy.exc.TimeoutError
No connection of the pool became free in time.
Look for sessions that are not closed.

sqlalchemy.exc.ResourceClosedError
A connection or result was used after it was closed.
Look for the end of its `with` block, or a statement that gives no rows.

sqlalchemy.exc.StatementError
A statement could not be sent, mostly for one of its values.
Look at the original exception inside and at the values.

sqlalchemy.exc.SQLAlchemyError
The database layer failed.
Look at the original exception of the chain.

django.core.exceptions.ObjectDoesNotExist
A query that must find one row found none.
Look at its conditions, or use `filter().first()` or `get_object_or_404`.

django.core.exceptions.MultipleObjectsReturned
A query that must find one row found several.
Look at its conditions, and whether a unique constraint is missing.

django.core.exceptions.FieldError
A query names a field that the model does not have.
Look at the choices that the message lists.

django.db.utils.OperationalError ~ no such table|no such column
The database lacks a table or column of the models.
Run the migrations, and look at which database is used.

django.db.utils.OperationalError
The database could not be reached or could not carry on.
Look at the settings of the database, and at the server.

django.db.utils.ProgrammingError
The database did not accept the statement.
See whether all migrations ran.

django.db.utils.IntegrityError
A row would break a rule of the tables.
Look at the constraint in the message and at the values.

django.db.transaction.TransactionManagementError
A statement was sent in a transaction that has failed already.
Look for the first error, which was caught inside of `atomic`.

psycopg2.OperationalError psycopg.OperationalError
The PostgreSQL server could not be reached or refused.
Look at host, port, database and credentials.

psycopg2.errors.UniqueViolation psycopg.errors.UniqueViolation
A row with that value is there already.
Look at the constraint and value in the detail.

psycopg2.InterfaceError psycopg.InterfaceError
A connection or cursor was used after it was closed.
Look for the end of its block, and for connections shared between threads.
"""
