"""What a verb is: its arguments, each read by one of our own strict parsers, and what it does to a pump."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from protocol.strict_toml import meant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pumpmock.emulator import Emulator


class VerbError(ValueError):
    """What was asked for can't be done; the message is a sentence that says why, and what can."""


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a verb.

    Attributes:
        name: as JSON, TOML and Python have it; on a command line hyphens stand for its underscores.
        parse: reads it from text; ValueError with a sentence.
        help: what it is, for a person.
        kind: what it is once it was read. A value that is of it already is taken as it is.
        needed: whether it has to be given; on a command line it is given by its place then.
        words: those that it may be, where they are few; for a shell to complete.
        as_pair: whether it is given as NAME=VALUE on a command line, and not as an option.
    """

    name: str
    parse: Callable[[str], Any]
    help: str
    kind: type[Any] = int
    needed: bool = True
    words: tuple[str, ...] = ()
    as_pair: bool = False


@dataclass(frozen=True, slots=True)
class Verb:
    """Something that can be done to a pump.

    Attributes:
        name: of one word or two, as on a command line.
        help: what it does, for a person; its first line says it in short.
        run: does it, in the thread of the pump's, and returns a JSON value. It takes the pump and the arguments by their
            names. ValueError where it can't be done; nothing is changed then.
        arguments: in the order of a command line.
        figures: whether it takes any other names as well, with text or integers.
        reads: whether it changes nothing; what changes something is in the journal.
        examples: of a command line, without the name of the program.
    """

    name: str
    help: str
    run: Callable[..., Any]
    arguments: tuple[Argument, ...] = ()
    figures: bool = False
    reads: bool = False
    examples: tuple[str, ...] = ()

    def call(self, emulator: Emulator, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a JSON value
        """Do it.

        Args:
            emulator: to which pump.
            given: the arguments by name, as text or as what they are.

        Raises:
            VerbError: where it can't be done; nothing is changed then.
        """
        read = self.read(given)
        if emulator.doubt is not None:
            raise VerbError(f"the pump has ended: {emulator.doubt}")
        if not self.reads:
            told = {name: value for name, value in given.items() if value is not None}
            emulator.journal.note("control", verb=self.name, given=told)
        try:
            found = self.run(emulator, **read)
        except (ValueError, OSError) as error:
            sentence = _sentence(error)
            if not self.reads:
                emulator.journal.note("control_refused", verb=self.name, error=sentence)
            raise VerbError(sentence) from error
        if emulator.doubt is not None:
            raise VerbError(f"the pump has ended by it: {emulator.doubt}")
        return found

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments as what they are.

        Raises:
            VerbError: where one is missing, unknown, or can't be read.
        """
        known = {argument.name: argument for argument in self.arguments}
        read: dict[str, Any] = {}
        for name, value in given.items():
            if value is None:
                continue
            if name in known:
                read[name] = self._value(known[name], value)
            elif self.figures and isinstance(value, int | str):
                read[name] = value
            else:
                raise VerbError(f'"{name}" is nothing that {self.name} takes; {meant(name, known)}')
        missing = [one.name for one in self.arguments if one.needed and one.name not in read]
        if missing:
            raise VerbError(f"{self.name} wants {' and '.join(missing)}")
        return read

    def _value(self, argument: Argument, value: Any) -> Any:  # noqa: ANN401 - a JSON value
        if isinstance(value, str):
            try:
                return argument.parse(value)
            except ValueError as error:
                raise VerbError(f"{argument.name}: {error}") from error
        if type(value) is not argument.kind:
            raise VerbError(f"{argument.name} can't be {value!r}")
        return value


def _sentence(error: ValueError | OSError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)
