"""What a model is told: the language card, the brief, programs to build on, and what went wrong."""

from collections.abc import Sequence

from agents.chat.edits import EditMismatch
from agents.chat.reply_cache import ChatMessage
from agents.feedback.brief import Brief, KnownProgram, count_tokens
from agents.prompt_templates import TemplateFolder, language_card, prompt_language
from agents.run.records import ControllerLanguage

PROGRAM_TOKENS = 2400
"""The most tokens of programs to build on; the first stands in any case."""

MAX_CANDIDATES = 3
"""Candidates of the run that are shown whole; baselines follow, while there is room."""

MAX_REASON_LINES = 6
"""Comment lines that a constrained reply begins with, at most."""

_page = TemplateFolder("agents.chat")


def opening_messages(
    brief: Brief,
    *,
    constrained: bool,
    free_knobs: bool,
    language: ControllerLanguage = ControllerLanguage.RHEO,
) -> list[ChatMessage]:
    """The beginning of a conversation.

    Args:
        brief: the round's.
        constrained: whether the reply is decoded under the grammar.
        free_knobs: whether programs are to have free knobs.
        language: what it is to write in.

    Raises:
        ExternalError: the language is not installed.
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
    """The programs that are shown whole, the best first."""
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
    """Nothing that could be a program came."""
    return _page("no_program", fence=prompt_language(language).fence)


def cut_off_prompt(tokens: int) -> str:
    """The reply ran into the limit on its tokens."""
    return _page("cut", tokens=f"{tokens:,}")


def unknown_base_prompt(
    name: str, programs: Sequence[KnownProgram], language: ControllerLanguage
) -> str:
    """Edits of a program that was not shown."""
    names = ", ".join(f"`{each.name}`" for each in programs) or "none yet"
    return _page("unknown_base", name=name, names=names, fence=prompt_language(language).fence)


def edit_mismatch_prompt(name: str, unfit: EditMismatch) -> str:
    """An edit that does not apply: where it nearly would, and what differs."""
    if unfit.places > 1:
        where = f"fits in {unfit.places} places"
    elif not unfit.edit.old.strip():
        where = "is empty, so it stands nowhere"
    else:
        where = "is not among the lines"
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
    """A program that does not check, with what the checker says of it."""
    fence = prompt_language(language).fence
    how = _page("mend_constrained") if constrained else _page("mend_whole", fence=fence)
    source = source.rstrip("\n")
    return _page("mend", source=source, diagnostics=diagnostics, how=how, fence=fence)


def _program(known: KnownProgram) -> str:
    worth = "a baseline" if known.objective is None else f"worth {known.objective:.2f}"
    fence = prompt_language(known.language).fence
    return f"`{known.name}`, {worth}:\n\n```{fence}\n{known.source.strip()}\n```"
