"""Editor features on unfinished programs. A bar marks the cursor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl import library
from dsl.builtins import ATTRIBUTES, FUNCTIONS, SETS, SIGNALS, VALUES
from dsl.editor import CompletionKind, Document, find_completions, find_definition, find_hover
from dsl.editor.keyword_meanings import KEYWORD_MEANINGS
from dsl.source import Source
from dsl.vocabulary import DIRECTIONS, KEYWORDS, SECTIONS, STATEMENTS

PROGRAM = """needs entropy

controller c "A title" {
  knobs { free = 3 in 1..9 }

  schedule {
    rising  width = round(2 + 6 * beta)
    falling slack = 1 - beta * 0.5
  }

  memory {
    ema   = 0.0
    trend = window(free)
  }

  each branch { .dissent = 0 }

  start { let fresh = open width }

  step {
    let leader = winner(finished, weight = .entropy)
    ema = ema + slack
    push ema onto trend
    update active { .dissent = .dissent + .depth }
    if rise(trend) > 0 and leader != none { stop }
  }

  finally { answer winner(finished) }
}
"""


def at(marked: str) -> tuple[Document, int]:
    offset = marked.index("|")
    return Document(Source(marked.replace("|", "", 1))), offset


def completed(marked: str) -> list[str]:
    return [completion.label for completion in find_completions(*at(marked)).found]


def in_step(marked: str) -> list[str]:
    return completed(PROGRAM.replace("push ema onto trend", marked))


def shown(needle: str) -> str | None:
    """What hovering over the marked word of the program says."""
    plain = needle.replace("|", "", 1)
    assert plain in PROGRAM
    found = find_hover(*at(PROGRAM.replace(plain, needle, 1)))
    return None if found is None else found.markdown


JUDGED = """needs entropy, reward

controller c {
  start { sample 2 }
  finally { answer winner(finished, weight = .reward) }
}
"""


def test_named_signal_is_completed_explained_and_found() -> None:
    assert ".reward" in completed(JUDGED.replace(".reward)", ".re|"))
    for marked in (".rew|ard)", "needs entropy, rew|ard"):
        plain = marked.replace("|", "")
        hover = find_hover(*at(JUDGED.replace(plain, marked, 1)))
        assert hover is not None
        assert "the signal `reward` that the recording declares" in hover.markdown
        assert "`(.reward else 0.0)`" in hover.markdown
    span = find_definition(*at(JUDGED.replace(".reward", ".rew|ard")))
    assert span is not None
    assert JUDGED[span.start : span.end] == "reward"
    assert span.start == JUDGED.index("reward")


# Completion


def test_completion_at_the_top_starts_a_program() -> None:
    assert completed("|") == ["controller", "needs"]
    assert set(completed("needs |")) == set(SIGNALS)
    assert set(completed("needs entropy, |")) == set(SIGNALS)


def test_completion_in_a_controller_offers_sections() -> None:
    assert completed("controller c { |") == sorted(SECTIONS)
    assert completed("controller c { memory { a = 1 } s|") == sorted(SECTIONS)


def test_completion_in_sections_offers_their_keywords() -> None:
    assert completed("controller c { schedule { |") == sorted(DIRECTIONS)
    assert completed("controller c { each |") == ["branch"]
    assert completed("controller c { step at |") == ["most"]


def test_a_schedule_offers_what_a_knob_may_follow_from() -> None:
    found = completed(PROGRAM.replace("1 - beta * 0.5", "|"))
    assert {"beta", "free", "width", "round", "max", "if"} <= set(found)
    assert not {"slack", "ema", "trend", "steps", "active", "winner", "chance", "window"} & set(
        found
    )


def test_memory_offers_windows_and_knobs_and_no_state() -> None:
    found = completed(PROGRAM.replace("window(free)", "|"))
    assert {"window", "free", "width", "beta", "budget", "none"} <= set(found)
    assert not {"ema", "steps", "active", "winner"} & set(found)


def test_a_statement_begins_with_a_verb_or_a_memory_cell() -> None:
    found = in_step("|")
    assert set(STATEMENTS) <= set(found)
    assert "ema" in found
    assert not {"trend", "leader", "width", "active", "winner"} & set(found)


def test_completion_of_a_value_offers_names_in_scope() -> None:
    found = set(in_step("advance |"))
    assert {*SETS, *VALUES} <= found
    assert set(FUNCTIONS) - found == {"window"}
    assert {"free", "width", "ema", "trend", "leader", "first", "if", "not"} <= found
    assert not {"fresh", *STATEMENTS} & (found - {"if"})


def test_a_set_can_be_narrowed_and_a_verb_continued() -> None:
    found = set(in_step("advance active |"))
    assert {"where", "by", "except", "for", "because", "and"} <= found
    assert "active" not in found


def test_let_is_in_scope_until_the_end_of_its_block() -> None:
    body = "if ema > 0 { let inner = 1 open %s } open %s"
    assert "inner" in in_step(body % ("|", "1"))
    assert "inner" not in in_step(body % ("1", "|"))
    assert "inner" not in in_step("let inner = |")


def test_a_dot_offers_fields_and_attributes() -> None:
    assert set(in_step("advance active where .|")) == {".dissent", *ATTRIBUTES}
    assert set(in_step("advance active where .de|p")) == {".dissent", *ATTRIBUTES}
    assert in_step("update active { .| }") == [".dissent"]
    assert in_step("push ema onto trend .|") == [".dissent"]


def test_inside_update_only_fields_are_assigned() -> None:
    assert in_step("update active { | }") == ["if", "let", ".dissent"]


def test_completion_in_finally_offers_no_verbs() -> None:
    found = completed(PROGRAM.replace("finally { answer", "finally { | answer"))
    assert {"answer", "let", "if", "ema"} <= set(found)
    assert not {"open", "advance", "stop"} & set(found)


def test_a_value_is_pushed_onto_a_window() -> None:
    assert in_step("push ema |")[-1:] != []
    assert in_step("push ema onto |") == ["trend"]


RUNNING = """needs logprob
controller c {
  knobs { k = 2 in 1..9 }
  memory { cell = 0 }
  each branch {
    .mark = 0
    .recent = window(k) of .logprob
    .low = 0.0 then min(.low, newest(.recent))
  }
  start { open 2  update opened { .mark = 1 } }
  finally { answer winner(opened where .low > .mark) }
}
"""


def test_a_running_value_offers_what_it_can_read() -> None:
    offered = {*completed(RUNNING.replace("newest(.recent)", "|"))}
    assert {".low", ".recent", ".depth", ".logprob", ".finished", "k", "newest"} <= offered
    assert not {".mark", ".answer", ".streak", "cell", "count", "active", "steps"} & offered
    assert "window" in completed(RUNNING.replace("window(k)", "|"))


def test_a_running_value_is_offered_declared_signals() -> None:
    judged = RUNNING.replace("needs logprob", "needs logprob, reward")
    offered = completed(judged.replace("newest(.recent)", "|"))
    assert {".logprob", ".reward"} <= {*offered}
    assert ".reward" in completed(judged.replace(".low >", ".| >"))


def test_a_running_value_is_read_and_not_assigned() -> None:
    assert {".low", ".recent", ".mark"} <= {*completed(RUNNING.replace(".low >", ".| >"))}
    assert completed(RUNNING.replace(".mark = 1", ".| = 1")) == [".mark"]


def test_a_running_value_shows_its_line() -> None:
    hover = find_hover(*at(RUNNING.replace(".low >", ".l|ow >")))
    assert hover is not None
    assert ".low = 0.0 then min(.low, newest(.recent))" in hover.markdown
    assert "a running value of each branch, a real number" in hover.markdown


def test_range_of_a_knob_is_not_a_field() -> None:
    assert not set(completed("controller c { knobs { n = 1 in 1..|")) & set(ATTRIBUTES)


@pytest.mark.parametrize(
    "marked",
    ["# a |", "controller c { # op|", 'controller c "a |', "controller c { knobs { n = 12|"],
)
def test_no_completion_in_comments_texts_and_numbers(marked: str) -> None:
    assert completed(marked) == []


def test_completion_works_after_earlier_errors() -> None:
    found = in_step("open open\n advance for\n let x = ((\n prune |")
    assert {"active", "leader", "ema"} <= set(found)


def test_a_completion_replaces_the_whole_word() -> None:
    document, offset = at("controller c { sta|rt { } }")
    span = find_completions(document, offset).span
    assert document.source.excerpt(span) == "start"
    document, offset = at("controller c { step { advance active where .de|pth } }")
    assert document.source.excerpt(find_completions(document, offset).span) == ".depth"


def test_completions_have_kinds() -> None:
    document, offset = at(PROGRAM.replace("push ema onto trend", "open |"))
    found = {
        completion.label: completion for completion in find_completions(document, offset).found
    }
    assert found["winner"].kind is CompletionKind.FUNCTION
    assert found["winner"].detail == "winner(S)"
    assert FUNCTIONS["winner"].meaning in found["winner"].markdown
    assert found["width"].kind is CompletionKind.KNOB
    assert found["width"].detail == "rising width = round(2 + 6 * beta)"
    assert found["leader"].detail == "let leader = winner(finished, weight = .entropy)"
    assert found["trend"].detail == "trend = window(free)"


# Hover


def test_every_keyword_has_a_meaning() -> None:
    assert KEYWORD_MEANINGS.keys() == KEYWORDS


def test_a_keyword_is_explained() -> None:
    assert shown("p|ush") == "```rheo\npush e onto w\n```\n\n" + KEYWORD_MEANINGS["push"].meaning


def test_a_scheduled_knob_shows_its_line_its_type_and_its_reach() -> None:
    assert shown("open wid|th") == (
        "```rheo\nrising width = round(2 + 6 * beta)\n```\n\n"
        "a knob of the schedule, an integer\n\n"
        "2 at beta = 0, 8 at beta = 1; its direction is proved"
    )


@pytest.mark.parametrize(
    ("needle", "parts"),
    [
        ("window(fr|ee)", ["free = 3 in 1..9", "a free knob, an integer"]),
        ("push em|a", ["ema = 0.0", "a memory cell, a real number"]),
        ("rise(tre|nd)", ["trend = window(free)", "a memory cell, a window"]),
        ("and lead|er", ["let leader = winner(finished, weight = .entropy)", "an answer"]),
        ("= .diss|ent", [".dissent = 0", "a field of each branch, an integer"]),
        ("+ .dep|th", ["an integer", ATTRIBUTES[".depth"].meaning]),
        ("weight = .entr|opy", ["a real number", "needs entropy"]),
        ("needs entr|opy", ["a real number", ATTRIBUTES[".entropy"].meaning]),
        ("ri|se(trend)", ["rise(w)", "a real number", FUNCTIONS["rise"].meaning]),
        ("update act|ive", ["a set of branches", SETS["active"]]),
        ("6 * bet|a", ["a real number", VALUES["beta"].meaning]),
    ],
)
def test_names_show_their_type_and_meaning(needle: str, parts: list[str]) -> None:
    text = shown(needle)
    assert text is not None
    for part in parts:
        assert part in text


@pytest.mark.parametrize("needle", ["controller c| ", "2 |+ 6", '"A ti|tle"', "{\n  |knobs"])
def test_hover_outside_of_words_is_empty_or_shows_the_adjacent_word(needle: str) -> None:
    text = shown(needle)
    assert text is None or "knobs {" in text


def test_types_are_shown_only_for_valid_programs() -> None:
    found = find_hover(*at(PROGRAM.replace("push ema", "push em|a nowhere")))
    assert found is not None
    assert found.markdown == "```rheo\nema = 0.0\n```\n\na memory cell"


# Definition


@pytest.mark.parametrize(
    ("needle", "declaration"),
    [
        ("open wid|th", "rising  |width"),
        ("window(fr|ee)", "knobs { |free"),
        ("push em|a", "memory {\n    |ema"),
        ("onto tre|nd", "    |trend = window"),
        ("and lead|er", "let |leader"),
        ("= .diss|ent", "each branch { |.dissent"),
        ("    em|a = ema", "memory {\n    |ema"),
        ("let lea|der", "let |leader"),
    ],
)
def test_go_to_definition_finds_the_declaration(needle: str, declaration: str) -> None:
    plain = needle.replace("|", "", 1)
    document, offset = at(PROGRAM.replace(plain, needle, 1))
    found = find_definition(document, offset)
    assert found is not None
    assert found.start == PROGRAM.replace(declaration.replace("|", ""), declaration).index("|")


@pytest.mark.parametrize("needle", ["act|ive", "+ .dep|th", "win|ner(", "ste|p {", "wei|ght ="])
def test_builtins_have_no_definition(needle: str) -> None:
    plain = needle.replace("|", "", 1)
    assert find_definition(*at(PROGRAM.replace(plain, needle, 1))) is None


# Any text


@pytest.mark.parametrize("name", library.NAMES)
def test_every_name_of_the_library_is_explained(name: str) -> None:
    document = Document(library.load_source(name))
    for index, token in enumerate(document.tokens):
        titled = index and document.tokens[index - 1].type == "CONTROLLER"
        if (token.type in {"NAME", "FIELD"} or str(token) in KEYWORDS) and not titled:
            assert find_hover(document, token.start_pos or 0) is not None, token


@given(st.data())
def test_editor_handles_any_program_prefix(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(PROGRAM)))
    end = data.draw(st.integers(start, min(len(PROGRAM), start + 200)))
    document = Document(Source(PROGRAM[:start] + PROGRAM[end:]))
    offset = data.draw(st.integers(0, len(document.source.text)))
    found = find_completions(document, offset)
    assert 0 <= found.span.start <= offset <= found.span.end <= len(document.source.text)
    about = find_hover(document, offset)
    assert about is None or about.span.start <= offset <= about.span.end
    place = find_definition(document, offset)
    assert place is None or document.source.excerpt(place)


@given(st.lists(st.sampled_from([*'abn_ .{}()="#,;1é\n<+', *sorted(KEYWORDS)]), max_size=40))
def test_editor_handles_any_text(parts: list[str]) -> None:
    text = " ".join(parts)
    document = Document(Source(text))
    for offset in range(0, len(text) + 1, 7):
        find_completions(document, offset)
        find_hover(document, offset)
        find_definition(document, offset)


def test_first_branch_of_each_answer_is_completed_and_explained() -> None:
    assert "once .answer" in in_step("prune active |")
    assert "once .answer" not in in_step("prune |")
    document, offset = at(PROGRAM.replace("push ema onto trend", "prune active on|ce .answer"))
    hover = find_hover(document, offset)
    assert hover is not None
    assert "the first branch of each answer" in hover.markdown
