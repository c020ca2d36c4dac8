"""What goes wrong on the bench because somebody asked for it: typed, off by default, counted, and in the journal.

docs/decisions/0040-faults.md
"""

from pumpmock.faults.fault import Active
from pumpmock.faults.kinds import KINDS
from pumpmock.faults.plan import Faults
from pumpmock.faults.text import parse_fault, parse_fault_line

__all__ = ["KINDS", "Active", "Faults", "parse_fault", "parse_fault_line"]
