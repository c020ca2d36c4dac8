"""The golden vectors are those of the code, and a reader that shares no line with it agrees with each of them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from docs.vectors.__main__ import FOLDER, files
from protocol.fields import specs
from protocol.messages import MESSAGES, USED
from protocol.vocabulary import ChangeKind, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CHECK = FOLDER / "check.py"
NAMES = sorted(path.name for path in FOLDER.glob("*.json"))


def content(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="ascii"))
    return loaded


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return files()


def test_every_file_of_vectors_is_made(made: dict[str, str]) -> None:
    assert sorted(made) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_vectors_are_those_of_the_code(made: dict[str, str], name: str) -> None:
    committed = (FOLDER / name).read_text(encoding="ascii")
    assert made[name] == committed, "bring them up to date: python -m docs.vectors --write"


def test_made_twice_they_are_the_same(made: dict[str, str]) -> None:
    assert files() == made


def test_all_vectors_together_are_no_burden_to_a_repository(made: dict[str, str]) -> None:
    assert sum(map(len, made.values())) < 600_000


@pytest.mark.parametrize("name", NAMES)
def test_each_file_says_of_which_protocol_it_is(name: str) -> None:
    said = json.loads((FOLDER / name).read_text(encoding="ascii"))
    assert list(said)[:2] == ["protocol", "about"]
    assert said["protocol"] == {"version": 1, "minor_version": 1}


def test_the_readme_tells_of_each_file() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^### (\w+\.json)", text, re.MULTILINE) == [f"{name}" for name in NAMES_IN_ORDER]
    assert sorted(NAMES_IN_ORDER) == NAMES


NAMES_IN_ORDER = [
    *("cobs.json", "crc.json", "keys.json", "tables.json", "frames.json"),
    *("handshakes.json", "sessions.json", "streams.json", "malformed.json", "changes.json"),
]


# --- what is in them ---------------------------------------------------------------------------------------------------


def test_each_message_is_there_at_its_least_as_usual_and_at_its_most() -> None:
    names = {one["name"] for one in content("frames")["vectors"]}
    for kind in MESSAGES.values():
        cases = {one.split(", ")[1].split(" ")[0] for one in names if one.startswith(f"{kind.__name__}, ")}
        assert cases == ({"least", "typical", "most"} if specs(kind) else {"typical"})


def test_each_kind_of_change_is_there_with_each_field_that_it_must_not_use() -> None:
    (held,) = (one for one in content("changes")["vectors"] if one["name"].startswith("fields that a kind"))
    told = {
        (
            step["request"]["fields"]["change"]["kind"],
            step["answer"]["fields"]["sentence"].split()[4].rstrip(":"),
        )
        for step in held["steps"]
        if step["do"] == "ask"
    }
    every = frozenset().union(*USED.values())
    assert told == {(kind, name) for kind in ChangeKind for name in every - USED[kind]}


def test_each_refusal_that_the_wire_itself_can_give_is_there() -> None:
    told = {one["answer"]["fields"]["reason"] for one in content("malformed")["requests"]} | {
        step["answer"]["fields"].get("reason", 0)
        for one in content("changes")["vectors"]
        for step in one["steps"]
        if step["do"] == "ask"
    }
    # These come of a pump's memory of days, doses and refusals, which the pump of the vectors has not.
    of_the_pump = {Refusal.BELOW_DOSE, Refusal.ABOVE_DOSE, Refusal.DAY_UP, Refusal.DAY_VOLUME, Refusal.VOLUME}
    of_its_drug = {Refusal.DRUG_UNKNOWN, Refusal.BOLUS_DOSE}
    assert told - {0} == set(Refusal) - of_the_pump - of_its_drug - {Refusal.TOO_SOON, Refusal.LOCKED}


# --- and that somebody else reads them so ------------------------------------------------------------------------------


def run_check(folder: Path = FOLDER) -> subprocess.CompletedProcess[str]:
    """Run the reader without the packages of this environment: it could not import ours if it wanted to."""
    command = (sys.executable, "-I", "-S", str(CHECK), str(folder))
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_reader_with_nothing_of_ours_agrees_with_every_vector() -> None:
    assert not re.search(
        r"^\s*(from|import) (protocol|pumpmock|monitor)", CHECK.read_text(encoding="utf-8"), re.MULTILINE
    )
    done = run_check()
    assert done.returncode == 0, done.stdout + done.stderr
    counts = dict(re.findall(r"^(\w+\.json): (\d+) agree$", done.stdout, re.MULTILINE))
    assert sorted(counts) == NAMES
    assert all(int(count) >= 15 for count in counts.values())


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _leaves(one, (*path, key))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from _leaves(one, (*path, place))
    else:
        yield path, value


def _put(data: Any, path: tuple[Any, ...], value: object) -> None:  # noqa: ANN401 - JSON
    for key in path[:-1]:
        data = data[key]
    data[path[-1]] = value


def _changed(value: Any) -> object:  # noqa: ANN401 - JSON
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value ^ 1
    if isinstance(value, str) and re.fullmatch(r"(?:[0-9a-f]{2})+", value):
        return value[:-1] + ("0" if value[-1] != "0" else "1")
    return "ee" if value == "" else None


# Nobody compares what is told to people, and another input may well have the same outcome.
FOR_PEOPLE = {"about", "name", "why", "source", "sentence"}
INPUTS = {
    "cobs.json": {("refused", "coded")},
    "keys.json": {("derived", "key", "key_id")},
    "handshakes.json": {("at_the_pump", "steps", "at_ms")},
    "malformed.json": {("answers", "payload")},
    "streams.json": {("vectors", "chunks")},
}
CONTROLLED = sorted(set(NAMES) - {"tables.json"})


def _comparable(name: str, data: Any) -> list[tuple[tuple[Any, ...], Any]]:  # noqa: ANN401 - JSON
    """Return the values that decide whether the reader agrees."""
    return [
        (path, value)
        for path, value in _leaves(data)
        if not FOR_PEOPLE & set(path) | {"protocol"} & set(path[:1])
        and tuple(key for key in path if isinstance(key, str)) not in INPUTS.get(name, set())
        and _changed(value) is not None
    ]


@pytest.mark.parametrize("name", CONTROLLED)
def test_a_vector_with_any_value_changed_is_noticed(name: str) -> None:
    check = _loaded_check()
    tables = check["Tables"](content("tables"))
    data = content(name.removesuffix(".json"))
    run: Callable[[Any, Any], int] = check["CHECKS"][name.removesuffix(".json")]
    noticed = (check["Mismatch"], check["Refused"], ValueError, LookupError, OverflowError, TypeError)
    assert run(data, tables)
    found = _comparable(name, data)
    assert len(found) > 10
    for path, value in found[:: max(1, len(found) // 80)]:
        _put(data, path, _changed(value))
        with pytest.raises(noticed):
            run(data, tables)
        _put(data, path, value)
    assert run(data, tables)


def _loaded_check() -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "check", "__file__": str(CHECK)}
    exec(compile(CHECK.read_text(encoding="utf-8"), str(CHECK), "exec"), names)  # noqa: S102 - our own script
    return names


def test_the_reader_says_in_which_file_it_disagrees(tmp_path: Path) -> None:
    folder = tmp_path / "vectors"
    shutil.copytree(FOLDER, folder)
    text = (folder / "sessions.json").read_text(encoding="ascii")
    (folder / "sessions.json").write_text(text.replace('"verdict": "dropped"', '"verdict": "accepted"', 1))
    done = run_check(folder)
    assert done.returncode == 1
    assert "sessions.json: a repetition" in done.stdout
