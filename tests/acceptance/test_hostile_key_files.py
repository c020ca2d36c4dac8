"""Whatever lies in the folder of the keys: both programs refuse it with a sentence, at once, and without filling memory."""

from __future__ import annotations

import json
import os
import socket
import tracemalloc
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.keys import find_keys
from protocol.keys import MOST_FILE, Key, KeyFileError, to_text
from protocol.vocabulary import Role
from pumpmock.keyring import list_keys, load_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.acceptance.conftest import Bench

KEY = Key("PM-00001", Role.TECHNICIAN, bytes.fromhex("a1a2a3a4"), bytes(range(1, 33)))
NAME = "PM-00001.technician.key"
TEXT = to_text(KEY)
BIG = 100_000_000
MOST_MEMORY = 1_000_000  # bytes; a hundredth of the file


def write(path: Path, text: str | bytes) -> None:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(0o600)


def make_big(path: Path, filling: bytes) -> None:
    write(path, filling)
    os.truncate(path, BIG)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(path.parent)  # the path of a socket has 107 bytes at the most
        try:
            listener.bind(path.name)
        finally:
            os.chdir(here)
    path.chmod(0o600)


def make_link(path: Path, target: str) -> None:
    (path.parent / "elsewhere").write_text(TEXT)
    (path.parent / "elsewhere").chmod(0o600)
    path.symlink_to(target)


# How the file is made, and what is said of it.
HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "a link to a key": (lambda path: make_link(path, "elsewhere"), "is a symbolic link"),
    "a link to nothing": (lambda path: make_link(path, "nowhere"), "is a symbolic link"),
    "a link to itself": (lambda path: make_link(path, NAME), "is a symbolic link"),
    "a link to an endless device": (lambda path: make_link(path, "/dev/zero"), "is a symbolic link"),
    "a pipe": (lambda path: os.mkfifo(path, 0o600), "is not a regular file"),
    "a folder": (lambda path: path.mkdir(mode=0o700), "is not a regular file"),
    "a socket": (make_socket, "can't be read"),
    "nothing inside": (lambda path: write(path, ""), "is not JSON"),
    "100 MB of zeros": (lambda path: make_big(path, b""), f"more than {MOST_FILE} bytes"),
    "a key and 100 MB": (lambda path: make_big(path, TEXT.encode()), f"more than {MOST_FILE} bytes"),
    "a deep list": (lambda path: write(path, "[" * MOST_FILE), "is not JSON"),
    "a deep object": (lambda path: write(path, '{"a":' * 800), "is not JSON"),
    "a long number": (lambda path: write(path, "9" * MOST_FILE), "is not a key file of format 1"),
    "a number that is none": (lambda path: write(path, TEXT.replace(": 1", ": NaN")), "is not JSON"),
    "bytes that are not text": (lambda path: write(path, b"\xff\xfe" * 100), "is not text"),
    "another role": (lambda path: write(path, TEXT.replace("technician", "owner")), "role is not one of"),
    "half a key": (lambda path: write(path, TEXT[: len(TEXT) // 2]), "is not JSON"),
    "open to a group": (lambda path: (write(path, TEXT), path.chmod(0o640))[1], "chmod 600"),
    "open to all": (lambda path: (write(path, TEXT), path.chmod(0o666))[1], "chmod 600"),
}


def monitor_says(folder: Path) -> str:
    found = find_keys(folder)
    assert found.keys == ()
    return "; ".join(found.problems)


def pump_says(folder: Path) -> str:
    try:
        assert load_keys(folder, "PM-00001") == {}
    except KeyFileError as refusal:
        return str(refusal)
    return ""


SIDES = {"monitor": monitor_says, "pump": pump_says}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "keys"
    made.mkdir(mode=0o700)
    with ExitStack() as stack:
        tracemalloc.start()
        stack.callback(tracemalloc.stop)
        yield made


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_is_no_key_is_refused_by_name_and_read_no_further_than_a_key_is_long(
    folder: Path, kind: str, side: str
) -> None:
    make, said = HOSTILE[kind]
    make(folder / NAME)
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    told = SIDES[side](folder)
    assert tracemalloc.get_traced_memory()[1] - before < MOST_MEMORY
    assert str(folder / NAME) in told
    assert said in told
    assert KEY.secret.hex()[:8] not in told


@pytest.mark.parametrize("side", SIDES)
def test_a_refusal_leaves_no_descriptor_behind(folder: Path, side: str) -> None:
    for number, (make, _) in enumerate(HOSTILE.values()):
        (folder / str(number)).mkdir()
        make(folder / str(number) / NAME)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(len(HOSTILE)):
        SIDES[side](folder / str(number))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_measure_of_memory_would_notice_a_reader_that_takes_all(folder: Path) -> None:
    make_big(folder / NAME, b"")
    tracemalloc.reset_peak()
    (folder / NAME).read_bytes()
    assert tracemalloc.get_traced_memory()[1] > MOST_MEMORY


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_no_key_is_taken_from_a_folder_that_others_can_write_to(folder: Path, mode: int, side: str) -> None:
    write(folder / NAME, TEXT)
    folder.chmod(mode)
    told = SIDES[side](folder)
    assert str(folder) in told
    assert ("chmod 700" in told) is (mode != 0o1777)


@given(
    data=st.binary(max_size=2 * MOST_FILE)
    | st.text(max_size=400).map(str.encode)
    | st.recursive(
        st.none() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(json.loads(TEXT))), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_content_is_refused_by_both_sides_with_the_files_name(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("keys", numbered=True)
    write(folder / NAME, data)
    for says in SIDES.values():
        assert str(folder / NAME) in says(folder)


@given(st.data())
def test_a_key_file_with_a_bit_changed_is_a_key_or_refused_alike_by_both_sides(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    raw = bytearray(TEXT.encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    folder = tmp_path_factory.mktemp("keys", numbered=True)
    write(folder / NAME, bytes(raw))
    seen = find_keys(folder)
    (held,) = list_keys(folder)
    if "which its name does not say" in held.problem:  # a name is for the pump; the monitor takes any
        assert seen.keys[0].serial_number != KEY.serial_number
    else:
        assert (seen.keys, seen.problems) == (((held.key,), ()) if held.key else ((), (held.problem,)))


@pytest.mark.parametrize("kind", ["a pipe", "a link to an endless device", "100 MB of zeros", "a deep list"])
def test_the_programs_end_with_one_sentence_each(bench: Bench, kind: str) -> None:
    from tests.acceptance.conftest import Program  # noqa: PLC0415 - beside its only use

    bench.keys.mkdir(mode=0o700)
    make, said = HOSTILE[kind]
    make(bench.keys / NAME)
    with Program("pumpmock", "serve", "--pty", str(bench.link), "--keys", str(bench.keys)) as emulator:
        assert said in (emulator.line("err") or "")
        assert emulator.wait() == 1
        assert emulator.line("err") is None
    done = bench.monitor("status", str(bench.link))
    assert done.returncode == 3
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
