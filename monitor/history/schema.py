"""The history file: where it is, its tables, and how it is opened. It is for its owner alone, and never taken for another's.

WAL and synchronous FULL: what was committed outlasts a kill and, on a disk that keeps its word, a power cut.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from monitor.errors import MonitorError
from monitor.history.chain import KEPT
from monitor.history.retention import Span
from protocol.places import APP, HOME

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = 2  # of the tables: PRAGMA user_version
WITHOUT_LINKS = 1  # the version before; it gets that table when it is next opened to be written to
APPLICATION_ID = 0x70756D70  # "pump", what `file` shows of it
BUSY_S = 0.5  # no write of ours takes a tenth of it; a telemetry that waited longer would be stale
_LEAST_SQLITE = (3, 37, 0)  # STRICT tables
_LINKS = """
CREATE TABLE links (
    pump INTEGER NOT NULL REFERENCES pumps,
    wall_ms INTEGER NOT NULL,
    why TEXT NOT NULL
) STRICT;
CREATE INDEX links_by_time ON links (pump, wall_ms);
"""
_TABLES = f"""
CREATE TABLE pumps (
    id INTEGER PRIMARY KEY,
    serial_number TEXT NOT NULL,
    store_id BLOB NOT NULL CHECK (length(store_id) = 8),
    next_event INTEGER NOT NULL DEFAULT 1,
    UNIQUE (serial_number, store_id)
) STRICT;
CREATE TABLE readings (
    seq INTEGER PRIMARY KEY,
    pump INTEGER NOT NULL REFERENCES pumps,
    wall_ms INTEGER NOT NULL,
    {", ".join(f"{name} INTEGER NOT NULL" for name in KEPT)},
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX readings_by_time ON readings (pump, wall_ms);
CREATE TABLE spans (
    pump INTEGER NOT NULL REFERENCES pumps,
    {", ".join(f"{name} INTEGER NOT NULL" for name in Span._fields[1:])},
    PRIMARY KEY (pump, step_s, start_ms)
) STRICT, WITHOUT ROWID;
CREATE TABLE events (
    pump INTEGER NOT NULL REFERENCES pumps,
    number INTEGER NOT NULL,
    pump_time_us INTEGER NOT NULL,
    clock_s INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    detail INTEGER NOT NULL,
    a INTEGER NOT NULL,
    b INTEGER NOT NULL,
    PRIMARY KEY (pump, number)
) STRICT, WITHOUT ROWID;
{_LINKS}
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TRIGGER audit_is_never_rewritten BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;
CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""
_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA journal_size_limit = 4194304",
)
_FULL = {"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"}
_WHY = {
    "SQLITE_BUSY": "another program holds it locked",
    "SQLITE_LOCKED": "another program holds it locked",
    "SQLITE_READONLY": "it may not be written to",
    "SQLITE_CANTOPEN": "it can't be opened",
    "SQLITE_PERM": "it may not be opened",
    "SQLITE_CORRUPT": "it is damaged: move it away, or name another with --history",
    "SQLITE_NOTADB": "it is not a history: move it away, or name another with --history",
    "SQLITE_IOERR": "its disk reports an error",
}


class HistoryError(MonitorError):
    """The history can't be read or written; the message says which file and why.

    Args:
        sentence: for a person.
        full: whether it is for want of room.
    """

    def __init__(self, sentence: str, *, full: bool = False) -> None:
        super().__init__(sentence)
        self.full = full


def default_file(*, bench: bool = False) -> Path:
    """Return the history in the user's data folder, or in the home that the environment names.

    What was had with the published bench key lies apart.
    """
    home = os.environ.get(HOME)
    where = Path(home) if home else platformdirs.user_data_path(APP)
    return where / ("bench-history.db" if bench else "history.db")


@contextmanager
def told(file: Path) -> Iterator[None]:
    """Turn what SQLite and the system report about a file into a sentence.

    Raises:
        HistoryError: in their place.
    """
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", None) or ""
        full = name in _FULL
        kind = next((code for code in _WHY if name.startswith(code)), "")
        why = "the disk is full" if full else _WHY.get(kind, str(error))
        raise HistoryError(f"{why}: {file}", full=full) from error
    except OSError as error:
        raise HistoryError(f"{error.strerror or error}: {file}") from error


def open_to_write(file: Path) -> sqlite3.Connection:
    """Return a connection that begins its transactions itself; the file and its tables are made where there are none.

    Raises:
        HistoryError: where it can't be.
    """
    if sqlite3.sqlite_version_info < _LEAST_SQLITE:
        raise HistoryError(f"{file}: SQLite 3.37 or newer is wanted, this is {sqlite3.sqlite_version}")
    with told(file):
        _make_file(file)
        connection = sqlite3.connect(file, timeout=BUSY_S, isolation_level=None)
        try:
            for setting in _SETTINGS:
                connection.execute(setting)
            _make_tables(connection, file)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def opened_to_read(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a history to be asked, and not changed.

    Raises:
        HistoryError: there is none, or it can't be read.
    """
    if not file.exists():
        raise HistoryError(
            f"there is no history {file}: the dashboard and watch make one, --history names another"
        )
    with (
        told(file),
        closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as found,
    ):
        _check(found, file)
        yield found


def _make_file(file: Path) -> None:
    """Make the file where there is none, for its owner alone, and refuse what is not an ordinary one."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(file, flags, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise HistoryError(f"{file} is not an ordinary file: name another with --history")
    finally:
        os.close(descriptor)


def _make_tables(connection: sqlite3.Connection, file: Path) -> None:
    if not _is_empty(connection):
        _check(connection, file)
        if _version(connection) == VERSION:
            return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _is_empty(connection):  # nobody else has made them meanwhile
            _run(connection, _TABLES)
        elif _version(connection) == WITHOUT_LINKS:
            _run(connection, f"{_LINKS}PRAGMA user_version = {VERSION};\n")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _run(connection: sqlite3.Connection, script: str) -> None:
    for statement in _statements(script):
        connection.execute(statement)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _statements(script: str) -> Iterator[str]:
    """Return the statements of a script: `executescript` would end the transaction that it is called in."""
    text = ""
    for line in script.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            yield text
            text = ""


def _is_empty(connection: sqlite3.Connection) -> bool:
    (count,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return not count


def _check(connection: sqlite3.Connection, file: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    version = _version(connection)
    if application != APPLICATION_ID:
        raise HistoryError(f"{file} is not a history: move it away, or name another with --history")
    if version not in {WITHOUT_LINKS, VERSION}:
        raise HistoryError(
            f"{file} was written by another version of pump-monitor (format {version}, not {VERSION})"
        )
