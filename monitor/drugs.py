"""The drug library by which this monitor judges: the one that comes with it, or a file of somebody else's making."""

from __future__ import annotations

import os
import stat
from importlib.resources import files
from pathlib import Path

from protocol.dosing import Rules
from protocol.drugs import MOST_BYTES, PatientClass, read_library
from protocol.places import DRUG_LIBRARY
from protocol.strict_toml import FileError, meant

NO_LIBRARY = "none"
DEFAULT_DRUG = "baclofen"


def find_rules(file: str | None, drug: str, patient: PatientClass) -> Rules:
    """Return the rules for a drug and a class of patients.

    Args:
        file: of the library; None for the one that comes with the monitor, "none" for no library.
        drug: its name in the library.
        patient: whom it is for.

    Raises:
        FileError: where the file is no library, or does not have the drug, or nothing for such patients.
        OSError: where it can't be read.
    """
    if file == NO_LIBRARY:
        return Rules()
    name, data = (
        ("/".join(DRUG_LIBRARY), _shipped()) if file is None else (file, content(Path(file), MOST_BYTES))
    )
    library = read_library(name, data)
    found = library.drugs.get(drug)
    if found is None:
        raise FileError(f"the drug library {library.name} has no {drug}; {meant(drug, library.drugs)}")
    if patient not in found.titration:
        known = " and ".join(found.titration)
        raise FileError(f"the drug library {library.name} has {drug} for {known}, not for {patient}")
    return Rules(found, patient)


def _shipped() -> bytes:
    return files("protocol").joinpath(*DRUG_LIBRARY).read_bytes()


def content(path: Path, most_bytes: int) -> bytes:
    """Return what is in an ordinary file, and of one that is too large a byte too much; a pipe would never end.

    Raises:
        FileError: it is no ordinary file.
        OSError: it can't be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileError(f"{path} is not an ordinary file")
        return file.read(most_bytes + 1)
