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
    programs, how = select_programs(brief), prompt_language(language)
    values = {
        "brief": brief.text,
        "programs": "\n\n".join(_program(each) for each in programs) or "None yet.",
        "best": programs[0].name if programs else "the best baseline",
        "knobs": _page("free_knobs" if free_knobs else how.schedule),
    }
    if constrained:
        text = _page("write_constrained", reasons=MAX_REASON_LINES, **values)
    else:
        text = _page("write", fence=how.fence, shape=how.shape, **values)
    system = _page("system", language=how.name, card=language_card(language))
    return [ChatMessage("system", system), ChatMessage("user", text)]


def select_programs(brief: Brief) -> list[KnownProgram]:
    """Select the programs to show in full, best first."""
    candidates = [each for each in brief.known if each.objective is not None]
    baselines = [each for each in brief.known if each.objective is None]
    found: list[KnownProgram] = []
    room = PROGRAM_TOKENS
    for each in [*candidates[:MAX_CANDIDATES], *baselines]:
        room -= count_tokens(each.source)
        if room >= 0 or not found:
            found.append(each)
    return found


def no_program_prompt(language: ControllerLanguage) -> str:
    """Ask again after a reply without a program."""
    return _page("no_program", fence=prompt_language(language).fence)


def cut_off_prompt(tokens: int) -> str:
    """Ask again after a reply that reached the token limit."""
    return _page("cut", tokens=f"{tokens:,}")


def unknown_base_prompt(
    name: str, programs: Sequence[KnownProgram], language: ControllerLanguage
) -> str:
    """Ask again after edits of a program that was not shown."""
    names = ", ".join(f"`{each.name}`" for each in programs) or "none yet"
    return _page("unknown_base", name=name, names=names, fence=prompt_language(language).fence)


def edit_mismatch_prompt(name: str, unfit: EditMismatch) -> str:
    """Ask again after an edit that does not apply, with the nearest lines and the diff."""
    if unfit.places > 1:
        where = f"matches {unfit.places} places"
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
    """Ask for a repair of a program, with the checker's messages."""
    fence = prompt_language(language).fence
    how = _page("mend_constrained") if constrained else _page("mend_whole", fence=fence)
    source = source.rstrip("\n")
    return _page("mend", source=source, diagnostics=diagnostics, how=how, fence=fence)


def _program(known: KnownProgram) -> str:
    worth = "a baseline" if known.objective is None else f"worth {known.objective:.2f}"
    fence = prompt_language(known.language).fence
    return f"`{known.name}`, {worth}:\n\n```{fence}\n{known.source.strip()}\n```"
