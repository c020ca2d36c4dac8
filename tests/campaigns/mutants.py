"""Mutants of a source file: each is the file with one small slip in it, as a person might make it.

What a slip is, is not ours to choose: the operators are those of mutmut. They are put to all of the file, to tables and
declarations as well, which run when it is imported. docs/decisions/0028-mutation-testing.md
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

if TYPE_CHECKING:
    from libcst.metadata import CodeRange

# Not run, or only for the type checker, which `make lint` runs; and slips in these calls end in a TypeError at once.
_UNTOUCHED_CALLS = {"TypeVar", "dataclass_transform", "len", "isinstance"}
_UNTOUCHED_NAMES = {"TYPE_CHECKING", "__slots__"}


class Mutant(NamedTuple):
    """One slip.

    Attributes:
        key: where and what, which names it in the list of survivors: "frame Decoder.feed: `old` -> `new`".
        lines: the first and last line, in the file, of the statement that it is in.
        module: the tree of the file.
        old: the node that gives way.
        new: to this one.
    """

    key: str
    lines: tuple[int, int]
    module: cst.Module
    old: cst.CSTNode
    new: cst.CSTNode

    @property
    def code(self) -> str:
        """The whole file with the slip in it."""
        return cst.ensure_type(self.module.deep_replace(self.old, self.new), cst.Module).code


def mutants(name: str, source: str) -> list[Mutant]:
    """Return all mutants of a file in the order of its lines; `name` begins their keys."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = _Visitor(name, wrapper.module)
    wrapper.visit(visitor)
    return visitor.found


class _Visitor(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, name: str, module: cst.Module) -> None:
        super().__init__()
        self.found: list[Mutant] = []
        self._name = name
        self._module = module
        self._scopes: list[str] = []
        self._statements: list[cst.CSTNode] = []
        self._seen: Counter[str] = Counter()

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_untouched(node):
            return False
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "cast":
            node.args[-1].visit(self)  # for what it is cast to, it is the type checker that looks
            return False
        if isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement | cst.ExceptHandler):
            self._statements.append(node)
        for old_type, operator in mutation_operators:
            if isinstance(node, old_type):
                self.found += [
                    self._mutant(node, new) for new in operator(node) if not _is_sentence_in_another_case(new)
                ]
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._scopes.append(node.name.value)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if self._statements and original_node is self._statements[-1]:
            self._statements.pop()
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._scopes.pop()

    def _mutant(self, old: cst.CSTNode, new: cst.CSTNode) -> Mutant:
        statement = self._statements[-1]
        # Of a statement with a body, only the head runs where its test, say, does.
        span = statement if isinstance(statement, cst.SimpleStatementLine) else old
        where: CodeRange = self.get_metadata(PositionProvider, span)
        change = _change(self._text(statement), self._text(statement.deep_replace(old, new)))
        scope = " ".join((self._name, ".".join(self._scopes))).rstrip()
        key = f"{scope}: {change}"
        self._seen[key] += 1
        if self._seen[key] > 1:
            key += f", place {self._seen[key]}"
        return Mutant(key, (where.start.line, where.end.line), self._module, old, new)

    def _text(self, node: object) -> str:
        return self._module.code_for_node(node) if isinstance(node, cst.CSTNode) else ""


def _is_untouched(node: cst.CSTNode) -> bool:
    match node:
        case cst.Annotation() | cst.Decorator() | cst.Import() | cst.ImportFrom():
            return True
        case cst.Call(func=cst.Name(value=name)):
            return name in _UNTOUCHED_CALLS
        case cst.If(test=cst.Name(value=name)):
            return name in _UNTOUCHED_NAMES
        case cst.AnnAssign(target=cst.Name(value=name)) | cst.AssignTarget(target=cst.Name(value=name)):
            return name in _UNTOUCHED_NAMES
    return False


def _is_sentence_in_another_case(new: cst.CSTNode) -> bool:
    """Whether a literal with a blank in it was only put into capitals or the like: it was made longer already."""
    return (
        isinstance(new, cst.SimpleString)
        and " " in new.value
        and not new.value.strip("rbuRBU'\"").startswith("XX")
    )


def _change(old: str, new: str) -> str:
    """Say in a line what differs between two texts: the lines that do."""
    texts = [re.sub(r"  # .*", "", text).splitlines() for text in (old, new)]
    gone, come = [], []
    for tag, *span in difflib.SequenceMatcher(None, *texts, autojunk=False).get_opcodes():
        if tag != "equal":
            gone += texts[0][span[0] : span[1]]
            come += texts[1][span[2] : span[3]]
    return f"{_quoted(gone)} -> {_quoted(come)}"


def _quoted(lines: list[str]) -> str:
    return "`" + " ".join(" ".join(lines).split()) + "`"
