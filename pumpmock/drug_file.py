"""Drug libraries as the emulator finds them: the one that comes with it, or a file of somebody else's making."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from protocol.drugs import MOST_BYTES, read_library, sealed
from protocol.places import DRUG_LIBRARY
from protocol.strict_toml import FileError
from pumpmock.files import create_draft, read_ordinary
from pumpmock.model.drug import rules_of

if TYPE_CHECKING:
    from protocol.drugs import Library
    from pumpmock.model.drug import DrugRules

DEFAULT_DRUG = "baclofen"
NO_LIBRARY = "none"


@dataclass(frozen=True, slots=True)
class LibraryChoice:
    """What `--drugs` names: a library, or none."""

    library: Library | None


@cache
def shipped() -> Library:
    """Return the library that comes with the emulator.

    Raises:
        FileError: where it was changed since.
        OSError: where it can't be read.
    """
    return read_library("/".join(DRUG_LIBRARY), files("protocol").joinpath(*DRUG_LIBRARY).read_bytes())


def library_named(text: str) -> LibraryChoice:
    """Return the library in the file of this name; of "none", none.

    Raises:
        ValueError: where there is no such file, or it can't be taken, with a sentence that says why.
    """
    if text == NO_LIBRARY:
        return LibraryChoice(None)
    try:
        return LibraryChoice(library_of(Path(text)))
    except OSError as error:
        raise ValueError(f"{text}: {error.strerror or error}") from error


def library_of(path: Path) -> Library:
    """Return the library in a file.

    Raises:
        FileError: where it is none, or not what was sealed.
        OSError: where it can't be read.
    """
    return read_library(str(path), _content(path))


def seal(path: Path) -> Library:
    """Write the checksum of its values into a library's file, and return the library.

    Raises:
        FileError: where it is no library.
        OSError: where it can't be read or written; it is whole then.
    """
    made = sealed(str(path), _content(path))
    draft = path.with_name(path.name + ".new")
    with open(create_draft(draft), "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        try:
            os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
            file.write(made)
            file.flush()
            os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    return read_library(str(path), made)


def rules_for(choice: LibraryChoice | None, name: str | None, before: DrugRules | None) -> DrugRules | None:
    """Return what a pump shall hold of a library; None for nothing.

    Args:
        choice: what was asked for; None for the library that comes with the emulator.
        name: the drug's name; None for the one before, or the usual one.
        before: what the pump held until now.

    Raises:
        FileError, OSError: as `shipped`.
    """
    library = shipped() if choice is None else choice.library
    usual = DEFAULT_DRUG if before is None else before.drug
    return None if library is None else rules_of(library, name or usual)


def _content(path: Path) -> bytes:
    try:
        return read_ordinary(path, MOST_BYTES)
    except ValueError as error:
        raise FileError(f"{path} can't be a drug library: {error}") from error
