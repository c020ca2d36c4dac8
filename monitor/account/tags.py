"""HTML as a tree: what is put in as text stays text, whoever wrote it, and only what can be printed gets in.

The standard library's element tree does the escaping, at one place and for every string; a template would have to be told
at each. A name of the device can't become a tag, an attribute or a style.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias
from xml.etree.ElementTree import Element, tostring

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Child: TypeAlias = "Element | str | None"
_SHORT = 14  # rows of a table that paper keeps on one page


def tag(name: str, /, *children: Child, **attributes: str) -> Element:
    """Return an element; text is made printable, and a child that is None is left out.

    Args:
        name: of the element, ours.
        children: in their order.
        attributes: their names are ours, with a hyphen for an underscore within; their values may be anybody's.
    """
    made = Element(name, {_attribute(key): printable(value) for key, value in attributes.items()})
    last: Element | None = None
    for child in children:
        if child is None:
            continue
        if isinstance(child, str):
            if last is None:
                made.text = (made.text or "") + printable(child)
            else:
                last.tail = (last.tail or "") + printable(child)
        else:
            made.append(child)
            last = child
    return made


def table(
    caption: str, headings: Sequence[str], rows: Iterable[Sequence[Child]], *, figures: str = ""
) -> Element:
    """Return a table.

    Args:
        caption: what it is a table of, for who can't see it.
        headings: of its columns.
        rows: a cell a column; the first heads its row.
        figures: a "1" for each column of figures, which are set to the right, and a "0" for each other.
    """
    filled = list(rows)
    kinds = ["figure" if mark == "1" else "" for mark in figures.ljust(len(headings), "0")]
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption),
            tag(
                "thead",
                tag(
                    "tr",
                    *(
                        _cell("th", said, kind, scope="col")
                        for said, kind in zip(headings, kinds, strict=True)
                    ),
                ),
            ),
            tag("tbody", *(_row(row, kinds) for row in filled)),
        ),
        class_="table short" if len(filled) <= _SHORT else "table",
    )


def _row(row: Sequence[Child], kinds: Sequence[str]) -> Element:
    first, *rest = row
    cells = [_cell("th", first, kinds[0], scope="row")]
    cells += [_cell("td", child, kind) for child, kind in zip(rest, kinds[1:], strict=True)]
    return tag("tr", *cells)


def _cell(name: str, child: Child, kind: str, **attributes: str) -> Element:
    return tag(name, child, **({"class_": kind} if kind else {}), **attributes)


def written(root: Element) -> str:
    """Return a tree as the text of an HTML file."""
    return "<!DOCTYPE html>\n" + tostring(root, encoding="unicode", method="html") + "\n"


def printable(text: str) -> str:
    """Return text without what can't be printed, turns of the writing direction among it."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _attribute(key: str) -> str:
    """Return an attribute's name by Python's: "class_" is class, "aria_label" is aria-label, "viewBox" stays."""
    return key.rstrip("_").replace("_", "-")
