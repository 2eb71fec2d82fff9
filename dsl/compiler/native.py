"""From the text of a module to machine code, through LLVM.

Nothing is fused and no arithmetic is reordered: the passes are those that keep IEEE results.
"""

import ctypes
import threading
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

import llvmlite
import llvmlite.binding as llvm

from dsl.beta import confidence_table
from dsl.compiler.kernels import SET_TABLE, SYMBOLS


class Tier(Enum):
    """How much work goes into a compilation."""

    QUICK = 1
    """A few passes: for a program that runs once."""
    FULL = 2
    """O2: for repeated runs; its objects are worth keeping."""


class TargetMachine(NamedTuple):
    """What code is made for; a part of the key of every kept object."""

    cpu: str
    features: str
    triple: str


RunFunction = Callable[[int], None]
"""A compiled program: called with the address of its words."""

# LLVM's own objects are not safe to share between threads while they compile.
_lock = threading.RLock()


OPTIONS = ("-disable-lsr", "-disable-cgp")
"""Options of LLVM. Strength reduction of loops costs a fifth of a compilation, and what it makes of
loops over a few branches is slower. The preparation of code generation costs a tenth, and programs
are as fast without it."""


@lru_cache(maxsize=1)
def detect_machine() -> TargetMachine:
    """Return the machine that runs this."""
    for option in OPTIONS:
        llvm.set_option("rheostat", option)
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    return TargetMachine(llvm.get_host_cpu_name(), features, llvm.get_process_triple())


def version() -> str:
    """Return the compiler after an object; another version compiles again."""
    numbers = ".".join(map(str, llvm.llvm_version_info))
    return " ".join(("llvmlite", llvmlite.__version__, "llvm", numbers, *OPTIONS))


class NativeProgram:
    """A loaded program. The code lives as long as this does.

    Args:
        code: a compiled object, from `compile_text`. The shared kernels are linked already.
    """

    def __init__(self, code: bytes):
        self._engine = _load(code)
        address = self._engine.get_function_address("run")
        # A ctypes call lets other threads of Python run meanwhile.
        self.run: RunFunction = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)


_linked: list["LoadedKernels"] = []
"""Programs are linked to these by address, so they are never let go."""


class LoadedKernels:
    """The shared kernels, loaded for the rest of the process: programs loaded later find them.

    Args:
        code: their compiled object.
    """

    def __init__(self, code: bytes):
        self._engine = _load(code)
        rows = confidence_table()
        self._table = (ctypes.c_double * (len(rows) * len(rows[0])))(
            *(value for row in rows for value in row)
        )
        set_table = self._engine.get_function_address(SET_TABLE)
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(set_table)(ctypes.addressof(self._table))
        for name in SYMBOLS:
            llvm.add_symbol(name, self._engine.get_function_address(name))
        _linked.append(self)


def compile_text(text: str, tier: Tier) -> bytes:
    """Compile the text of a module to an object file's bytes."""
    with _lock:
        target = _target(tier)
        parsed = llvm.parse_assembly(text)
        parsed.verify()
        _optimise(parsed, target, tier)
        code: bytes = target.emit_object(parsed)
    return code


def _load(code: bytes) -> llvm.ExecutionEngine:
    with _lock:
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target(Tier.QUICK))
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
    return engine


def _target(tier: Tier) -> llvm.TargetMachine:
    host = detect_machine()
    return llvm.Target.from_triple(host.triple).create_target_machine(
        cpu=host.cpu, features=host.features, opt=tier.value, reloc="pic", codemodel="jitdefault",
        jit=True,
    )  # fmt: skip


def _optimise(parsed: llvm.ModuleRef, target: llvm.TargetMachine, tier: Tier) -> None:
    options = llvm.create_pipeline_tuning_options(speed_level=tier.value)
    # Loops over branches are short: vectors and unrolling cost compile time and gain nothing.
    options.loop_vectorization = False
    options.slp_vectorization = False
    options.loop_unrolling = False
    options.loop_interleaving = False
    builder = llvm.create_pass_builder(target, options)
    if tier is Tier.FULL:
        builder.getModulePassManager().run(parsed, builder)
        return
    # Slots to registers is nearly all that a program gains from O2, at a twentieth of the time.
    passes = llvm.create_new_module_pass_manager()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    passes.run(parsed, builder)
