"""Write the text of one LLVM function: temporaries, slots, blocks, loops."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager

ATTRIBUTES = "nounwind"


class Emitter:
    """A function under construction. Slots are allocated in its entry block.

    Args:
        head: what is before the body: ``internal i64 @f(i64 %a)``.
    """

    def __init__(self, head: str):
        self._head = head
        self._slots: list[str] = []
        self._lines: list[str] = []
        self._temporaries = 0
        self._labels = 0
        self._open = True  # whether the block has not been ended yet

    def text(self) -> str:
        """Return the whole function."""
        body = "\n".join(f"  {line}" if line[-1] != ":" else line for line in self._lines)
        slots = "\n".join(f"  {slot}" for slot in self._slots)
        blocks = f"entry:\n{slots}\n  br label %begin\nbegin:\n{body}"
        return f"define {self._head} {ATTRIBUTES} {{\n{blocks}\n}}\n"

    # Instructions

    def op(self, instruction: str) -> str:
        """Emit an instruction with a result, and return its name."""
        self._temporaries += 1
        name = f"%t{self._temporaries}"
        self.do(f"{name} = {instruction}")
        return name

    def do(self, instruction: str) -> None:
        """Emit an instruction without a result. After the end of a block nothing is emitted."""
        if self._open:
            self._lines.append(instruction)

    def load(self, kind: str, pointer: str) -> str:
        """Read memory."""
        return self.op(f"load {kind}, ptr {pointer}")

    def store(self, kind: str, value: str, pointer: str) -> None:
        """Write memory.

        Args:
            kind: LLVM type of the value.
            value: the value to store.
            pointer: the address.
        """
        self.do(f"store {kind} {value}, ptr {pointer}")

    def element(self, kind: str, base: str, index: str) -> str:
        """Return the address of an element of an array.

        Args:
            kind: LLVM type of the value.
            base: address of the array.
            index: index of the element.
        """
        return self.op(f"getelementptr inbounds {kind}, ptr {base}, i64 {index}")

    def load_element(self, kind: str, base: str, index: str) -> str:
        """Read an element of an array.

        Args:
            kind: LLVM type of the value.
            base: address of the array.
            index: index of the element.
        """
        return self.load(kind, self.element(kind, base, index))

    def store_element(self, kind: str, value: str, base: str, index: str) -> None:
        """Write an element of an array.

        Args:
            kind: LLVM type of the value.
            value: the value to store.
            base: address of the array.
            index: index of the element.
        """
        self.store(kind, value, self.element(kind, base, index))

    def slot(self, kind: str, value: str | None = None) -> str:
        """Allocate a slot in the function's frame; an initial value is stored at this point."""
        name = f"%s{len(self._slots)}"
        self._slots.append(f"{name} = alloca {kind}")
        if value is not None:
            self.store(kind, value, name)
        return name

    def bump(self, slot: str, by: str = "1", kind: str = "i64") -> None:
        """Add to a slot.

        Args:
            slot: the slot.
            by: the amount to add.
            kind: LLVM type of the value.
        """
        self.store(kind, self.op(f"add {kind} {self.load(kind, slot)}, {by}"), slot)

    def select(self, condition: str, kind: str, then: str, otherwise: str) -> str:
        """Emit a choice of one of two values.

        Args:
            condition: an ``i1`` value.
            kind: LLVM type of the value.
            then: result if the condition is true.
            otherwise: result if it is false.
        """
        return self.op(f"select i1 {condition}, {kind} {then}, {kind} {otherwise}")

    def call(self, kind: str, function: str, *arguments: str) -> str:
        """Call a function; each argument is written with its type."""
        return self.op(f"call {kind} {function}({', '.join(arguments)})")

    # Blocks

    def label(self, hint: str = "l") -> str:
        """Return a fresh label."""
        self._labels += 1
        return f"{hint}{self._labels}"

    def start_block(self, label: str) -> None:
        """Start a block; one that is still open falls through into it."""
        if self._open:
            self.do(f"br label %{label}")
        self._open = True
        self._lines.append(f"{label}:")

    def jump(self, label: str) -> None:
        """End the block."""
        self.do(f"br label %{label}")
        self._open = False

    def branch(self, condition: str, then: str, otherwise: str) -> None:
        """End the block with a conditional jump.

        Args:
            condition: an ``i1`` value.
            then: result if the condition is true.
            otherwise: result if it is false.
        """
        self.do(f"br i1 {condition}, label %{then}, label %{otherwise}")
        self._open = False

    def give(self, kind: str, value: str = "") -> None:
        """Return from the function."""
        self.do(f"ret {kind} {value}".rstrip())
        self._open = False

    @property
    def is_open(self) -> bool:
        """Whether what is emitted next can be reached from what was emitted last."""
        return self._open

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """Guard what is emitted inside by a condition."""
        inside, end_label = self.label("then"), self.label("end")
        self.branch(condition, inside, end_label)
        self.start_block(inside)
        yield
        self.start_block(end_label)

    @contextmanager
    def loop(self, count: str) -> Iterator[str]:
        """Repeat what is emitted inside for the index yielded, from 0 to below ``count``."""
        with self.breakable(count) as (index, _):
            yield index

    @contextmanager
    def breakable(self, count: str) -> Iterator[tuple[str, str]]:
        """Return the same; yields the index and the label after the loop."""
        slot = self.slot("i64")
        self.store("i64", "0", slot)
        head, inside, end_label = self.label("head"), self.label("body"), self.label("end")
        self.start_block(head)
        index = self.load("i64", slot)
        self.branch(self.op(f"icmp slt i64 {index}, {count}"), inside, end_label)
        self.start_block(inside)
        yield index, end_label
        self.store("i64", self.op(f"add i64 {index}, 1"), slot)
        self.jump(head)
        self.start_block(end_label)


def real(value: float) -> str:
    """Return a double, to the bit."""
    return f"0x{struct.pack('>d', value).hex().upper()}"
