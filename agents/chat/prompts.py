"""Build prompts: the language card, the brief, programs to build on, and repair requests."""

from collections.abc import Sequence

from agents.chat.edits import EditMismatch
from agents.chat.reply_cache import ChatMessage
from agents.feedback.brief import Brief, KnownProgram, count_tokens
from agents.prompt_templates import TemplateFolder, language_card, prompt_language
from agents.run.records import ControllerLanguage

PROGRAM_TOKENS = 2400
"""Maximum tokens of programs to build on; the first is always included."""

MAX_CANDIDATES = 3
"""Candidates shown in full; baselines follow while there is room."""

MAX_REASON_LINES = 6
"""Maximum comment lines at the start of a constrained reply."""

_page = TemplateFolder("agents.chat")


def opening_messages(
    brief: Brief,
    *,
    constrained: bool,
    free_knobs: bool,
    language: ControllerLanguage = ControllerLanguage.RHEO,
) -> list[ChatMessage]:
    """Build the first messages of a conversation.

    Args:
        brief: Brief of the round.
        constrained: Whether the reply is decoded under the grammar.
        free_knobs: Whether programs must have free knobs.
        language: Language to write in.

    Raises:
        ExternalError: The language is not installed.
    """
    programs, options = select_programs(brief), prompt_language(language)
    values = {
        "brief": brief.text,
        "programs": "\n\n".join(_program(program) for program in programs) or "None yet.",
        "best": programs[0].name if programs else "the best baseline",
        "knobs": _page("free_knobs" if free_knobs else options.schedule),
    }
    if constrained:
        text = _page("write_constrained", reasons=MAX_REASON_LINES, **values)
    else:
        text = _page("write", fence=options.fence, shape=options.shape, **values)
    system = _page("system", language=options.name, card=language_card(language))
    return [ChatMessage("system", system), ChatMessage("user", text)]


def select_programs(brief: Brief) -> list[KnownProgram]:
    """Select the programs to show in full, best first."""
    candidates = [program for program in brief.known if program.objective is not None]
    baselines = [program for program in brief.known if program.objective is None]
    selected: list[KnownProgram] = []
    room = PROGRAM_TOKENS
    for program in [*candidates[:MAX_CANDIDATES], *baselines]:
        room -= count_tokens(program.source)
        if room >= 0 or not selected:
            selected.append(program)
    return selected


def no_program_prompt(language: ControllerLanguage) -> str:
    """Ask again after a reply without a program."""
    return _page("no_program", fence=prompt_language(language).fence)


def cut_off_prompt(tokens: int) -> str:
    """Ask again after a reply that reached the token limit."""
    return _page("cut", tokens=f"{tokens:,}")


def unknown_base_prompt(
    name: str, programs: Sequence[KnownProgram], language: ControllerLanguage
) -> str:
    """Ask again after edits of a program that the prompt did not contain.

    Args:
        name: Name of the program in the reply.
        programs: The programs that can be edited.
        language: Language of the programs.
    """
    names = ", ".join(f"`{program.name}`" for program in programs) or "none yet"
    return _page("unknown_base", name=name, names=names, fence=prompt_language(language).fence)


def edit_mismatch_prompt(name: str, unfit: EditMismatch) -> str:
    """Ask again after an edit that does not apply, with the nearest lines and the diff."""
    if unfit.match_count > 1:
        where = f"matches {unfit.match_count} places"
    elif not unfit.edit.old.strip():
        where = "is empty, so it matches nothing"
    else:
        where = "does not match any lines"
    return _page(
        "unfit_edit",
        name=name,
        where=where,
        search=unfit.edit.old.rstrip("\n"),
        nearest=unfit.nearest,
        difference=unfit.difference or "(none)",
    )


def repair_prompt(
    source: str,
    diagnostics: str,
    *,
    constrained: bool,
    language: ControllerLanguage = ControllerLanguage.RHEO,
) -> str:
    """Ask for a repair of a program, with the checker's messages.

    Args:
        source: Source text of the program.
        diagnostics: The checker's messages.
        constrained: Whether the reply is decoded under the grammar.
        language: Language of the program.
    """
    fence = prompt_language(language).fence
    instructions = (
        _page("repair_constrained") if constrained else _page("repair_whole", fence=fence)
    )
    source = source.rstrip("\n")
    return _page("repair", source=source, diagnostics=diagnostics, how=instructions, fence=fence)


def _program(known: KnownProgram) -> str:
    worth = "a baseline" if known.objective is None else f"worth {known.objective:.2f}"
    fence = prompt_language(known.language).fence
    return f"`{known.name}`, {worth}:\n\n```{fence}\n{known.source.strip()}\n```"
