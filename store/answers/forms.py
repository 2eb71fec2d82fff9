"""Write structures in one form, compare two of them, and join the answers of a question.

A form is a function of the answer alone. Three things that an answer may leave out cannot be
decided so: a unit, a percent sign, and the name of the value. ``5 cm`` and ``5`` are one vote where
both occur, while ``5 cm`` and ``5 m`` are two; so they are joined in the pool of a question's
answers (`join_pool`), and compared leniently with a gold answer (`is_equal`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from hashlib import blake2b
from typing import Any, NamedTuple

from store.answers.exact import Expression, fold, number
from store.answers.expression_printer import print_expression, write_name
from store.answers.guarded import Leaf
from store.answers.intervals import MINUS_OO
from store.answers.quantities import Structure
from store.answers.relations import is_product_label
from store.answers.symbolic import Description
from store.answers.units import conflict, is_unit

Descriptions = Mapping[Leaf, Description]

_LEAF_KINDS = {
    "value": "value", "equation": "zero", "nonzero": "zero", "inequality": "positive",
    "latex": "latex",
}  # fmt: skip

_COORDINATES = frozenset("xyz")
"""Variables whose name distinguishes values: ``x = 3`` and ``y = 3`` are two lines."""


class Read(NamedTuple):
    """An answer, read and described."""

    structure: Structure
    form: str
    """How it is written."""
    identity: str
    """Equal for equal answers."""
    core: str
    """The identity without a name and units."""
    is_number: bool = False
    """Whether it is a rational number and nothing else, so that the identity decides."""


def leaves(structure: Structure) -> Iterator[Leaf]:
    """List the leaves that need the guarded process."""
    for kind, content in _all_leaves(structure):
        if _plain(kind, content) is None:
            yield kind, content


def latex_leaves(structure: Structure) -> Iterator[Leaf]:
    """List the leaves that math-verify alone can read."""
    return (leaf for leaf in _all_leaves(structure) if leaf[0] == "latex")


def _all_leaves(structure: Structure) -> Iterator[Leaf]:
    kind, parts = structure.kind, structure.parts
    if kind in _LEAF_KINDS:
        yield _LEAF_KINDS[kind], parts[-1]
    elif kind == "interval":
        yield "value", parts[1]
        yield "value", parts[2]
    elif kind == "matrix":
        for row in parts:
            for cell in row:
                yield from _all_leaves(cell)
    else:
        for part in parts:
            if isinstance(part, Structure):
                yield from _all_leaves(part)


def read(structure: Structure, descriptions: Descriptions) -> Read:
    """Write a structure's form and identity."""
    is_bare = structure.kind == "value" and not (
        structure.unit or structure.label or structure.variable
    )
    if is_bare and structure.parts[0][0] == "num":
        text = _short(structure.parts[0][1])
        return Read(structure, text, text, text, is_number=True)
    form = _render(structure, lambda leaf: _described(leaf, descriptions).text)
    identity = _render(structure, lambda leaf: _described(leaf, descriptions).identity)
    return Read(structure, form, identity, identity if is_bare else _core(structure, descriptions))


def _described(leaf: Leaf, descriptions: Descriptions) -> Description:
    description = _plain(*leaf) or descriptions.get(leaf)
    if description is None:
        text = leaf[1] if leaf[0] == "latex" else print_expression(leaf[1])
        description = Description(text, text)
    return description


def _plain(kind: str, content: Any) -> Description | None:  # noqa: ANN401
    """Describe what needs no calculation: a rational, a single variable or constant."""
    if kind != "value":
        return None
    if content == MINUS_OO:
        return Description("-oo", "-oo")
    if content[0] == "num":
        text = _short(content[1])
        return Description(text, text)
    if content[0] == "sym":
        return Description(write_name(content[1]), content[1])
    if content[0] == "const" and content[1] in ("oo", "pi", "i", "e"):
        return Description(content[1], content[1])
    return None


def _short(digits: str) -> str:
    """Return a rational's digits; a number too long to print is named by its hash."""
    if "0x" not in digits:
        return digits
    digest = blake2b(digits.encode(), digest_size=12).hexdigest()
    return f"[{4 * len(digits)}-bit number {digest}]"


def _render(structure: Structure, describe: Callable[[Leaf], str]) -> str:
    body = _body(structure, describe)
    if structure.unit == "%":
        body += "%"
    elif structure.unit:
        is_known = is_unit(structure.unit) or not structure.unit.isalpha()
        body += f" {structure.unit}" if is_known else rf" \text{{{structure.unit}}}"
    if structure.label.startswith("option "):
        return f"({structure.label[-1]}) {body}"
    if structure.label:
        return f"{structure.label} = {body}"
    if structure.variable in _COORDINATES and structure.kind in ("interval", "union", "tuple"):
        return f"{structure.variable} in {body}"
    if structure.variable in _COORDINATES and structure.kind in ("value", "list"):
        return f"{structure.variable} = {body}"
    return body


def _body(structure: Structure, describe: Callable[[Leaf], str]) -> str:
    kind, parts = structure.kind, structure.parts
    if kind in _LEAF_KINDS:
        text = describe((_LEAF_KINDS[kind], parts[-1]))
        ends = {"equation": " = 0", "nonzero": " != 0"}
        if kind == "inequality":
            return f"{text} {'>=' if parts[0] else '>'} 0"
        return text + ends.get(kind, "")
    if kind == "interval":
        opening, low, high, closing = parts
        return f"{opening}{describe(('value', low))}, {describe(('value', high))}{closing}"
    if kind == "matrix":
        rows = (", ".join(_render(cell, describe) for cell in row) for row in parts)
        return f"[{', '.join(f'[{row}]' for row in rows)}]"
    if kind == "none":
        return "no solution"
    if kind == "based":
        return f"{parts[0]}_{parts[1]}"
    if kind in ("words", "text", "time", "formula"):
        return str(parts[0])
    texts = [_render(part, describe) for part in parts]
    if kind == "list":
        return ", ".join(sorted(texts, key=_order))
    if kind == "union":
        are_intervals = all(text[0] in "[(" for text in texts)
        return (" U " if are_intervals else r" \cup ").join(sorted(texts, key=_order))
    if kind == "ratio":
        return ":".join(texts)
    return f"({', '.join(texts)})" if kind == "tuple" else ", ".join(texts)


def _order(text: str) -> tuple[int, Fraction, str]:
    """Numbers first, by size; the rest by its letters."""
    try:
        return (0, Fraction(text), text)
    except (ValueError, ZeroDivisionError):
        return (1, Fraction(0), text)


def relation_leaf(structure: Structure) -> Leaf | None:
    """Return the equation that a named value also is: ``y = 2x + 1`` is ``y - 2x - 1 = 0``."""
    if structure.kind == "equation":
        return ("zero", structure.parts[0])
    if structure.kind != "value" or structure.unit:
        return None
    if structure.variable:
        named: Expression = ("sym", structure.variable)
    elif structure.label and is_product_label(structure.label):
        named = number(1)
        for letter in structure.label:
            named = ("*", named, ("sym", letter))
    else:
        return None
    return ("zero", fold(("+", named, ("*", number(-1), structure.parts[0]))))


def is_equal(first: Read, second: Read, descriptions: Descriptions) -> bool:
    """Return whether two answers are equal, one of them being the gold answer.

    A unit, a percent sign, a base or a name that only one of them gives does not matter.

    Args:
        first: the first answer.
        second: the second answer.
        descriptions: descriptions of the leaves of both.
    """
    if first.identity == second.identity:
        return True
    one, other = first.structure, second.structure
    if _is_one_relation(one, other, descriptions):
        return True
    if not _have_one_name([one, other]):
        return _is_option(one, other) or _is_option(other, one)
    if "%" in (one.unit, other.unit) and one.unit != other.unit:
        return _is_equal_percent(one, other, descriptions)
    if conflict([*_units(one), *_units(other)]):
        return False
    if first.core == second.core:
        return True
    if (one.kind == "based") != (other.kind == "based"):
        return _without_base(one) == _without_base(other)
    if _is_option(one, other) or _is_option(other, one):
        return True
    return _is_named_list(one, other, descriptions)


def _is_one_relation(one: Structure, other: Structure, descriptions: Descriptions) -> bool:
    if all(
        structure.kind == "value" and structure.parts[0][0] == "num" for structure in (one, other)
    ):
        return False
    relations = [relation_leaf(one), relation_leaf(other)]
    described = [_described(leaf, descriptions) for leaf in relations if leaf is not None]
    return len(described) == 2 and described[0].identity == described[1].identity


def _have_one_name(structures: Iterable[Structure]) -> bool:
    """Return whether no two structures are labelled as values of different things."""
    listed = list(structures)
    labels = {structure.label for structure in listed if structure.label}
    coordinates = {structure.variable for structure in listed if structure.variable in _COORDINATES}
    return len(labels) < 2 and len(coordinates) < 2


def _is_option(labelled: Structure, letter: Structure) -> bool:
    """Return whether an answer is the letter of an option that another gives with its content."""
    is_letter = letter.kind == "value" and letter.parts[0][0] == "sym"
    return is_letter and labelled.label == f"option {letter.parts[0][1]}"


def _units(structure: Structure) -> list[str]:
    """Return the units of a structure and of its parts."""
    parts = (part for part in structure.parts if isinstance(part, Structure))
    return [structure.unit, *(unit for part in parts for unit in _units(part))]


def _core(structure: Structure, descriptions: Descriptions) -> str:
    """Return the identity of a value without its name and units; a column of numbers is a tuple."""
    parts = structure.parts
    if structure.kind == "matrix" and len(parts) > 1 and all(len(row) == 1 for row in parts):
        structure = Structure("tuple", tuple(row[0] for row in parts))
    bare = _without_units(structure)._replace(label="", variable="")
    return _render(bare, lambda leaf: _described(leaf, descriptions).identity)


def _without_units(structure: Structure) -> Structure:
    if structure.kind not in ("list", "tuple", "union", "ratio", "sequence"):
        return structure._replace(unit="")
    return structure._replace(parts=tuple(map(_without_units, structure.parts)), unit="")


def _is_equal_percent(one: Structure, other: Structure, descriptions: Descriptions) -> bool:
    """Compare a percentage with a number, which may be meant in percent or as a fraction."""
    percent, plain = (one, other) if one.unit == "%" else (other, one)
    if plain.unit:
        return False
    core = _core(plain, descriptions)
    if core == _core(percent, descriptions):
        return True
    return percent.kind == "value" and core == _core(_hundredth(percent), descriptions)


def _hundredth(percent: Structure) -> Structure:
    value = fold(("/", percent.parts[0], number(100)))
    return percent._replace(parts=(value,), unit="")


def _without_base(structure: Structure) -> str | Structure:
    """Return the digits of a numeral, whose base the question may state; else the structure."""
    if structure.kind == "based":
        return str(structure.parts[0])
    is_number = structure.kind == "value" and structure.parts[0][0] == "num"
    return structure.parts[0][1] if is_number and not structure.unit else structure


def _is_named_list(one: Structure, other: Structure, descriptions: Descriptions) -> bool:
    """Compare ``x = 1, y = 2`` with a list of its values, and a ratio with a quotient."""
    for first, second in ((one, other), (other, one)):
        if first.kind == "tuple" and first.variable and second.kind == "list":
            return _core(first._replace(kind="list"), descriptions) == _core(second, descriptions)
        if first.kind == "ratio" and second.kind == "value" and len(first.parts) == 2:
            quotient = _plain("value", _quotient(first))
            return quotient is not None and quotient.identity == _core(second, descriptions)
    return False


def _quotient(ratio: Structure) -> Expression:
    top, bottom = (part.parts[0] for part in ratio.parts)
    return fold(("/", top, bottom))


def extra_leaves(structure: Structure) -> Iterator[Leaf]:
    """List the further leaves that a comparison with another structure may need."""
    relation = relation_leaf(structure)
    if relation is not None and structure.kind != "equation":
        yield relation
    if structure.unit == "%" and structure.kind == "value":
        yield from leaves(_hundredth(structure))


def join_pool(answers: Mapping[str, Read], descriptions: Descriptions) -> dict[str, str]:
    """Map the answers of one question to their forms, joining what only lacks a unit or a name.

    Args:
        answers: what was read, by answer.
        descriptions: of their leaves.
    """
    by_identity: dict[str, str] = {}
    for structured in answers.values():
        form = min(
            by_identity.get(structured.identity, structured.form), structured.form, key=_shortest
        )
        by_identity[structured.identity] = form
    groups: dict[str, set[str]] = defaultdict(set)
    representative: dict[str, Structure] = {}
    for structured in answers.values():
        groups[structured.core].add(structured.identity)
        representative.setdefault(structured.identity, structured.structure)
    joined = dict(by_identity)
    for core, members in groups.items():
        tagged = [representative[member] for member in members if member != core]
        if len(members) > 1 and _are_compatible(tagged):
            best = core if core in members else min(members, key=lambda member: by_identity[member])
            joined |= dict.fromkeys(members, by_identity[best])
    _join_relations(joined, representative, descriptions)
    for identity, structure in representative.items():
        is_alone = joined[identity] == by_identity[identity]
        if structure.unit == "%" and structure.kind == "value" and is_alone:
            fraction = _core(_hundredth(structure), descriptions)
            joined[identity] = joined.get(fraction, joined[identity])
    return {answer: joined[structured.identity] for answer, structured in answers.items()}


def _join_relations(
    joined: dict[str, str], structures: Mapping[str, Structure], descriptions: Descriptions
) -> None:
    """Join an equation with named values that state the same: ``2x - y = 1``, ``y = 2x - 1``."""
    if not any(structure.kind == "equation" for structure in structures.values()):
        return
    groups: dict[str, set[str]] = defaultdict(set)
    for identity, structure in structures.items():
        leaf = relation_leaf(structure)
        if leaf is not None:
            groups[_described(leaf, descriptions).identity].add(joined[identity])
    for forms in groups.values():
        best = min(forms, key=_shortest)
        for identity, form in joined.items():
            joined[identity] = best if form in forms else form


def _are_compatible(tagged: Iterable[Structure]) -> bool:
    structures = list(tagged)
    units = [unit for structure in structures for unit in _units(structure)]
    return _have_one_name(structures) and not conflict(units)


def _shortest(form: str) -> tuple[int, str]:
    return (len(form), form)
