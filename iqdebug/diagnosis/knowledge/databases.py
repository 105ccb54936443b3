"""Exceptions of databases.

The form is described in :mod:`iqdebug.diagnosis.knowledge`.
"""

from __future__ import annotations

__all__ = ["ENTRIES"]

ENTRIES = r"""
operational_error.locked
    sqlite3.OperationalError ~ locked
operational_error.such_table
    sqlite3.OperationalError ~ no such (table|column)
operational_error.unable_open
    sqlite3.OperationalError ~ unable to open
operational_error
    sqlite3.OperationalError
integrity_error.unique
    sqlite3.IntegrityError ~ UNIQUE
integrity_error.foreign_key
    sqlite3.IntegrityError ~ FOREIGN KEY
integrity_error.null
    sqlite3.IntegrityError ~ NOT NULL
integrity_error
    sqlite3.IntegrityError
programming_error.thread
    sqlite3.ProgrammingError ~ thread
programming_error.closed
    sqlite3.ProgrammingError ~ closed
programming_error.bindings
    sqlite3.ProgrammingError ~ bindings
programming_error
    sqlite3.ProgrammingError
interface_error
    sqlite3.InterfaceError
database_error.database
    sqlite3.DatabaseError ~ not a database|malformed
sqlalchemy_integrity_error
    sqlalchemy.exc.IntegrityError
sqlalchemy_operational_error.locked
    sqlalchemy.exc.OperationalError ~ locked
sqlalchemy_operational_error.such_table
    sqlalchemy.exc.OperationalError ~ no such table|does not exist
sqlalchemy_operational_error
    sqlalchemy.exc.OperationalError
sqlalchemy_programming_error
    sqlalchemy.exc.ProgrammingError
no_result_found
    sqlalchemy.exc.NoResultFound
multiple_results_found
    sqlalchemy.exc.MultipleResultsFound
detached_instance_error
    sqlalchemy.orm.exc.DetachedInstanceError
missing_greenlet
    sqlalchemy.exc.MissingGreenlet
pending_rollback_error
    sqlalchemy.exc.PendingRollbackError
invalid_request_error
    sqlalchemy.exc.InvalidRequestError
sqlalchemy_argument_error
    sqlalchemy.exc.ArgumentError
sqlalchemy_timeout_error
    sqlalchemy.exc.TimeoutError
resource_closed_error
    sqlalchemy.exc.ResourceClosedError
statement_error
    sqlalchemy.exc.StatementError
sql_alchemy_error
    sqlalchemy.exc.SQLAlchemyError
object_does_not_exist
    django.core.exceptions.ObjectDoesNotExist
multiple_objects_returned
    django.core.exceptions.MultipleObjectsReturned
field_error
    django.core.exceptions.FieldError
django_operational_error.such_table
    django.db.utils.OperationalError ~ no such table|no such column
django_operational_error
    django.db.utils.OperationalError
django_programming_error
    django.db.utils.ProgrammingError
django_integrity_error
    django.db.utils.IntegrityError
transaction_management_error
    django.db.transaction.TransactionManagementError
psycopg2_operational_error
    psycopg2.OperationalError psycopg.OperationalError
unique_violation
    psycopg2.errors.UniqueViolation psycopg.errors.UniqueViolation
psycopg2_interface_error
    psycopg2.InterfaceError psycopg.InterfaceError
"""
