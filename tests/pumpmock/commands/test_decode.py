"""`pumpmock decode` as people use it: a real process, bytes through a pipe, files, and what it says to the letter."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from docs.vectors.__main__ import FOLDER
from docs.vectors.given import TECHNICIAN, counting, frame_of
from docs.vectors.typical import READING
from protocol.frame import encode, header
from protocol.handshake import DeviceHandshake, HostHandshake
from protocol.keys import BENCH_KEY, to_text
from protocol.messages import Poll, Rejected, build
from pumpmock.cli import main
from pumpmock.hexadecimal import HexError, from_file, from_hex

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

OPENING: list[str] = json.loads((FOLDER / "malformed.json").read_text(encoding="ascii"))["opening"]
FRAMES: list[dict[str, Any]] = json.loads((FOLDER / "frames.json").read_text(encoding="ascii"))["vectors"]
BY_NAME = {vector["name"]: bytes.fromhex(vector["wire"]) for vector in FRAMES}
COMMIT = BY_NAME["Commit, typical"]

GOOD = """\
byte 1: Commit, host -> pump, NOT VERIFIED: anybody can have written this
  ok  delimiter  00 at its end
  ok  size       52 bytes
  ok  COBS       the lengths end with the last byte
  ok  CRC-32     0x{crc:08x}
  ok  version    1
  ok  length     16
  ok  type       0x21, Commit
  --  session    16909060, of which no opening is known
  ok  direction  from the host
  ok  counter    17, after 0
  --  ack        16, but the newest of the pump's in the input is 0
  --  tag        not verified: no key was given
  ok  payload    as Commit has it
    0  01                          version                     1
    1  21                          type                        33  Commit, host -> pump
    2  04 03 02 01                 session                     16909060
    6  11 00 00 00                 counter                     17
   10  10 00 00 00                 ack                         16
   14  10                          length                      16
   15  c0 c1 c2 c3 c4 c5 c6 c7     command_id                  c0c1c2c3c4c5c6c7
   23  d0 d1 d2 d3 d4 d5 d6 d7     token                       d0d1d2d3d4d5d6d7
   31  {tag8} ..  tag                         {tag}
   47  {crc4}                 CRC-32                      {crc}

1 frame, 0 with a failed check, 1 not verified: --key verifies them, where the handshake is in the recording
"""
BAD_CRC = """\
byte 1: Commit, host -> pump, NOT VERIFIED: anybody can have written this; dropped: CRC-32
  ok  delimiter  00 at its end
  ok  size       52 bytes
  ok  COBS       the lengths end with the last byte
  NO  CRC-32     0x{wrong:08x}; of these bytes it is 0x{crc:08x}
  --  not reached: version, length, type, session, direction, counter, ack, tag, payload
"""
BAD_COBS = """\
byte 1: 52 bytes that are no frame
  ok  delimiter  00 at its end
  ok  size       52 bytes
  NO  COBS       the length f0 at byte 0 points 188 past the end
  --  not reached: CRC-32, version, length, type, session, direction, counter, ack, tag, payload

0 frames, 1 with a failed check, 0 not verified
"""
NOISE = """\
byte 0: 3 bytes that are no frame
  NO  delimiter  no 00 after these 3 bytes: a receiver waits for more
  NO  size       3 bytes; a frame has 36 to 236
  --  not reached: COBS, CRC-32, version, length, type, session, direction, counter, ack, tag, payload

0 frames, 1 with a failed check, 0 not verified
"""


def run(*arguments: str, data: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["decode", *arguments], input=data)


@pytest.fixture
def key(tmp_path: Path) -> str:
    path = tmp_path / "PM-00001.technician.key"
    path.write_text(to_text(TECHNICIAN), encoding="ascii")
    path.chmod(0o600)
    return str(path)


# --- to the letter -----------------------------------------------------------------------------------------------------


def test_a_good_frame_is_explained_like_this() -> None:
    vector = next(one for one in FRAMES if one["name"] == "Commit, typical")
    tag, crc = bytes.fromhex(vector["tag"]), bytes.fromhex(vector["crc"])
    expected = GOOD.format(
        crc=int.from_bytes(crc, "little"), crc4=crc.hex(" "), tag=tag.hex(), tag8=tag[:8].hex(" ")
    )
    done = run(COMMIT.hex())
    assert (done.exit_code, done.output) == (0, expected)


def test_a_wrong_crc_is_explained_like_this() -> None:
    wrong = COMMIT[:-2] + bytes((COMMIT[-2] ^ 1,)) + b"\0"
    crc = int.from_bytes(COMMIT[-5:-1], "little")
    expected = BAD_CRC.format(crc=crc, wrong=crc ^ 0x0100_0000)
    done = run(wrong.hex())
    assert done.exit_code == 0
    assert done.output.startswith(expected)
    assert "command_id" in done.output


def test_a_broken_chain_of_lengths_is_explained_like_this() -> None:
    done = run((b"\0\xf0" + COMMIT[2:]).hex())
    assert (done.exit_code, done.output) == (0, BAD_COBS)


def test_noise_is_explained_like_this() -> None:
    done = run("01 02 03")
    assert (done.exit_code, done.output) == (0, NOISE)


# --- where the bytes are from ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        COMMIT.hex(),
        COMMIT.hex(" "),
        COMMIT.hex().upper(),
        COMMIT.hex(":"),
        ", ".join(f"0x{byte:02x}" for byte in COMMIT),
        "\n".join(COMMIT.hex(" ", 16).split()),
    ],
)
def test_hexadecimal_is_taken_as_people_paste_it(written: str) -> None:
    assert run(written).output == run(COMMIT.hex()).output


def test_standard_input_and_files_may_be_hexadecimal_or_the_bytes(tmp_path: Path) -> None:
    expected = run(COMMIT.hex()).output
    text, raw = tmp_path / "recording.hex", tmp_path / "recording.bin"
    text.write_text(COMMIT.hex(" ") + "\n", encoding="ascii")
    raw.write_bytes(COMMIT)
    assert run(str(text)).output == run(str(raw)).output == expected
    assert run("-", data=COMMIT).output == run("-", data=COMMIT.hex().encode()).output == expected


def test_raw_takes_bytes_that_look_like_text_as_they_are() -> None:
    assert run("-", data=b"4142").output.startswith("byte 0: 2 bytes")
    assert run("--raw", "-", data=b"4142").output.startswith("byte 0: 4 bytes")
    assert run("-", "--raw", data=b"4142").output.startswith("byte 0: 4 bytes")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("00 08 0g", 'no hexadecimal digit at character 8: "g"'),
        ("hello", 'no hexadecimal digit at character 1: "h"'),
        ("00 080", "half a byte at character 6: two digits make one"),
        ("00\n08\n0 1", "half a byte at line 3, character 1: two digits make one"),
        ("00 \x1b[31m", 'no hexadecimal digit at character 4: "?"'),
        ("00 §", 'no hexadecimal digit at character 4: "§"'),
        ("", "nothing was given"),
        (" ", "nothing was given"),
        ("00 00", "nothing was given but delimiters"),
        ("00" * 3_000 + "x", 'no hexadecimal digit at character 6001: "x"'),
    ],
)
def test_what_is_no_hexadecimal_is_refused_with_its_place(written: str, told: str) -> None:
    done = run(written)
    assert done.exit_code == 2
    assert told in done.output
    assert "\x1b" not in done.output


def test_a_file_that_is_text_and_no_hexadecimal_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("00 08\nhost Poll\n", encoding="ascii")
    done = run(str(path))
    assert done.exit_code == 2
    assert 'no hexadecimal digit at line 2, character 1: "h"' in done.output


def test_a_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    done = run(str(tmp_path))
    assert done.exit_code == 2
    assert "is a folder" in done.output


@given(st.binary(max_size=300), st.sampled_from(["", " ", ",", ":", "\n", " 0x"]))
def test_hexadecimal_stands_for_the_bytes_it_was_written_from(data: bytes, between: str) -> None:
    assert from_hex(between.join(f"{byte:02x}" for byte in data)) == data


@given(st.text(max_size=60))
def test_any_text_is_bytes_or_refused(text: str) -> None:
    try:
        said = from_hex(text).hex()
    except HexError as error:
        said = str(error)
    assert said.isprintable()


@given(st.binary(max_size=60))
def test_a_file_of_any_bytes_is_taken_or_refused(data: bytes) -> None:
    try:
        found = from_file(data, raw=False)
    except HexError:
        return
    assert found in {data, from_hex(data.decode("latin-1")) if found != data else data}
    assert from_file(data, raw=True) == data


# --- keys --------------------------------------------------------------------------------------------------------------


def test_with_the_key_and_the_handshake_contents_are_verified(key: str) -> None:
    done = run("--key", key, "".join(OPENING))
    assert done.exit_code == 0
    titles = [line for line in done.output.splitlines() if line.startswith("byte ")]
    assert [title.split(", ")[-1] for title in titles] == ["verified"] * 4
    assert done.output.endswith("4 frames, 0 with a failed check, 0 not verified\n")


def test_with_the_key_alone_it_is_told_what_is_missing(key: str) -> None:
    done = run("--key", key, OPENING[3])
    assert "NOT VERIFIED" in done.output
    assert "not verified: the handshake of its session is not in the input" in done.output
    assert done.output.endswith("their handshake is not in the recording, or is another key's\n")


def test_the_bench_key_needs_no_file() -> None:
    pump = DeviceHandshake("PM-00001", bytes(8), 1, {BENCH_KEY.key_id: BENCH_KEY}, counting())
    host = HostHandshake(BENCH_KEY, bytes(16))
    challenge = pump.challenge(frame_of(host.hello()), 0)
    assert challenge is not None
    answer = host.answer(frame_of(challenge))
    assert answer is not None
    confirm, session, _ = answer
    opened = pump.confirm(frame_of(confirm), 0)
    assert opened is not None
    first = opened[0].seal(Poll.code | 0x80, build(READING))
    assert session.open(frame_of(first)) is None
    recording = (host.hello() + challenge + confirm + first).hex()
    assert run("--key", "bench", recording).output.endswith(
        "4 frames, 0 with a failed check, 0 not verified\n"
    )
    assert "4 not verified" in run(recording).output


def test_no_part_of_a_key_is_printed(key: str) -> None:
    done = run("--key", key, "--json", "".join(OPENING)).output + run("--key", key, "".join(OPENING)).output
    assert TECHNICIAN.secret.hex()[:8] not in done


def test_a_key_file_that_others_can_read_is_refused_with_what_mends_it(tmp_path: Path) -> None:
    path = tmp_path / "open.key"
    path.write_text(to_text(TECHNICIAN), encoding="ascii")
    path.chmod(0o644)
    done = run("--key", str(path), COMMIT.hex())
    assert done.exit_code == 1
    assert f"chmod 600 {path}" in done.output


def test_a_key_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = run("--key", str(tmp_path / "none.key"), COMMIT.hex())
    assert done.exit_code == 1
    assert done.output == f"pumpmock: {tmp_path / 'none.key'}: No such file or directory\n"


# --- for programs ------------------------------------------------------------------------------------------------------


def test_a_program_reads_a_line_a_frame(key: str) -> None:
    done = run("--json", "--key", key, "".join(OPENING) + "01020300")
    found = [json.loads(line) for line in done.output.splitlines()]
    assert [one["message"] for one in found] == ["Hello", "Challenge", "Confirm", "Status", None]
    assert [one["from"] for one in found] == ["host", "pump", "host", "pump", None]
    assert [one["verified"] for one in found] == [True, True, True, True, None]
    assert [one["failed"] for one in found] == [None, None, None, None, "size"]
    fields = {field["name"]: field for field in found[3]["fields"]}
    assert fields["commanded_rate_nl_h"] == {
        "offset": 21,
        "data": "61510000",
        "name": "commanded_rate_nl_h",
        "value": 20_833,
        "unit": "nL/h",
        "meaning": "0.500 mL/day",
    }


@pytest.mark.parametrize("name", BY_NAME)
def test_each_frame_of_the_vectors_is_explained_in_text_and_in_json(name: str) -> None:
    written = BY_NAME[name].hex()
    done, as_json = run(written), run("--json", written)
    assert (done.exit_code, as_json.exit_code) == (0, 0)
    assert json.loads(as_json.output)["message"] == name.split(", ", maxsplit=1)[0]
    assert all(line.isprintable() for line in done.output.splitlines())


# --- a real process -----------------------------------------------------------------------------------------------------


def process(*arguments: str, data: bytes) -> subprocess.CompletedProcess[bytes]:
    command = (sys.executable, "-m", "pumpmock", "decode", *arguments)
    return subprocess.run(command, input=data, capture_output=True, check=False, timeout=60)


def test_bytes_through_a_pipe_are_explained(key: str) -> None:
    noise = b"\xff\x01noise\0"
    done = process("--key", key, "-", data=noise + bytes.fromhex("".join(OPENING)))
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.endswith(b"\n4 frames, 1 with a failed check, 0 not verified\n")
    assert b"byte 9: Hello, host -> pump, verified\n" in done.stdout


def test_what_a_frame_says_cannot_reach_the_terminal_as_a_command() -> None:
    text = b"\x1b]0;owned\x07\x1b[2J\x9b31m"
    payload = bytes(14) + bytes((len(text),)) + text
    frame = encode(header(Rejected.code, 9, 1, 0, payload) + payload, bytes(16))
    done = process("-", data=frame)
    assert done.returncode == 0
    assert b"?]0;owned??[2J?31m" in done.stdout
    assert all(byte == 0x0A or 0x20 <= byte < 0x7F for byte in done.stdout)


def test_it_says_on_standard_error_and_by_its_exit_code_that_it_was_given_nothing() -> None:
    done = process("-", data=b"")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"nothing was given" in done.stderr
