"""The bench file: what it takes, and that a slip is refused with its line and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.fleet.bench_file import Limits, Member, read_bench
from protocol.strict_toml import FileError

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "bench.toml"
WHOLE = b"""format = 1
[limits]
low = "3 mL"
soon = "14 days"
[pumps.one]
url = "/dev/ttyUSB0"
place = "rack 1"
serial_number = "PM-00001"
key = "bench"
baud = "9600"
limits.low = "5 mL"
[pumps."by the window"]
url = "socket://127.0.0.1:7070"
"""


def test_pumps_stand_in_the_order_of_the_file_and_keep_the_limits_of_all_but_for_their_own() -> None:
    assert read_bench("bench.toml", WHOLE) == (
        Member(
            "/dev/ttyUSB0", "one", "rack 1", "PM-00001", "bench", 9_600, Limits(5_000_000, 14 * 86_400, 0)
        ),
        Member("socket://127.0.0.1:7070", "by the window", limits=Limits(3_000_000, 14 * 86_400, 0)),
    )


def test_the_example_can_be_taken() -> None:
    assert read_bench("bench.toml", EXAMPLE.read_bytes())


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("format = 1\n", "", "begin it with format = 1"),
        (
            'place = "rack 1"',
            'plaec = "rack 1"',
            'b, line 7: "plaec" is not known of a pump; did you mean "place"?',
        ),
        ('low = "3 mL"', 'lwo = "3 mL"', 'b, line 3: "lwo" is not a limit of a bench; did you mean "low"?'),
        ('soon = "14 days"', 'soon = "14 mL"', "b, line 4: soon: "),
        ('url = "/dev/ttyUSB0"\n', "", 'b, line 5: url is missing: write url = "/dev/ttyUSB0", say'),
        ('url = "/dev/ttyUSB0"', "url = 7", "b, line 6: url is not text"),
        ('url = "/dev/ttyUSB0"', 'url = ""', "b, line 6: url: this is empty"),
        ('"PM-00001"', '"pm 1"', 'b, line 8: serial_number: "pm 1" is no serial number'),
        ("[pumps.one]", "[pumps.nine-and-twenty-letters-or-more]", "b, line 5: "),
        (
            '"socket://127.0.0.1:7070"',
            '"/dev/ttyUSB0"',
            'b, line 13: "one" has the same url: a port leads to one pump',
        ),
        ('"9600"', '"fast"', 'b, line 10: baud: "fast" is no rate of a line: '),
        ("[limits]", "[limit]", 'b, line 2: "limit" is not a part of a bench file; did you mean "limits"?'),
        ("[pumps.one]", "[pumps", "b is not TOML"),
    ],
)
def test_a_slip_is_refused_with_its_line_and_what_to_write(before: str, after: str, said: str) -> None:
    assert before in WHOLE.decode()
    with pytest.raises(FileError) as refused:
        read_bench("b", WHOLE.decode().replace(before, after).encode())
    assert str(refused.value).startswith(said) or said in str(refused.value)


@pytest.mark.parametrize("data", [b"format = 1\n[pumps]\n", b"format = 1\n", b"\xff", b"x" * 1_000_002])
def test_a_file_without_a_pump_in_it_is_refused(data: bytes) -> None:
    with pytest.raises(FileError):
        read_bench("b", data)
