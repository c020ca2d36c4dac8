"""What the monitor remembers: readings, the pump's event log, and an audit trail of every change, in one SQLite file.

`schema` opens the file, `store` writes it, `chain` is what makes a forgery show, `recorder` keeps a full or broken disk
from stopping the telemetry, `reading` asks. docs/decisions/0037-memory.md
"""
