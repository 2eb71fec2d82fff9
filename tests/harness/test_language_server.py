"""``rheostat lsp``: the real server in a process of its own, over the real protocol."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from harness.lsp.positions import LspPosition, PositionEncoding, PositionMapper
from tests.harness.language_client import ROOT, Client, connected

URI = "file:///programs/c.rheo"

SOUND = """controller c "é🙂" {
  knobs { n = 4 in 1..9 }

  start { open n }

  finally { answer winner(alive) }
}
"""


@pytest.fixture(scope="module")
def running() -> Iterator[Client]:
    with connected(textDocument={"completion": {"completionItem": {"snippetSupport": True}}}) as it:
        yield it


@pytest.fixture
def client(running: Client) -> Iterator[Client]:
    """A client with nothing open."""
    yield running
    running.tell("textDocument/didClose", {"textDocument": {"uri": URI}})
    while running.diagnostics()["diagnostics"]:
        pass


def opened(client: Client, text: str) -> list[dict[str, Any]]:
    """Open a text and give what is wrong with it."""
    document = {"uri": URI, "languageId": "rheo", "version": 1, "text": text}
    client.tell("textDocument/didOpen", {"textDocument": document})
    published = client.diagnostics()
    assert (published["uri"], published["version"]) == (URI, 1)
    return list(published["diagnostics"])


def at(text: str, needle: str) -> dict[str, object]:
    """The position, in UTF-16 units, of the bar in a needle."""
    offset = text.index(needle.replace("|", "", 1)) + needle.index("|")
    line = text.count("\n", 0, offset)
    begin = text.rfind("\n", 0, offset) + 1
    column = len(text[begin:offset].encode("utf-16-le")) // 2
    return {"textDocument": {"uri": URI}, "position": {"line": line, "character": column}}


def where(line: int, start: int, end: int) -> dict[str, object]:
    return {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}


def test_a_sound_program_has_no_diagnostics(client: Client) -> None:
    assert opened(client, SOUND) == []


def test_diagnostics_have_code_help_and_related_locations(client: Client) -> None:
    text = SOUND.replace("start {", "memory { n = 1 }\n  start {")
    (result,) = opened(client, text)
    assert (result["code"], result["severity"], result["source"]) == ("RH204", 1, "rheo")
    assert result["range"] == where(3, 11, 12)
    assert result["message"].startswith("`n` is declared twice\n")
    assert "\nhelp: " in result["message"]
    (other,) = result["relatedInformation"]
    assert other["location"] == {"uri": URI, "range": where(1, 10, 11)}


def test_diagnostics_are_updated_with_the_text(client: Client) -> None:
    assert opened(client, SOUND) == []
    for version, text, codes in ((2, SOUND.replace("open n", "open m"), ["RH201"]), (3, SOUND, [])):
        client.tell(
            "textDocument/didChange",
            {
                "textDocument": {"uri": URI, "version": version},
                "contentChanges": [{"text": text}],
            },
        )
        published = client.diagnostics()
        assert published["version"] == version
        assert [
            diagnostic["code"]
            for diagnostic in published["diagnostics"]
            if diagnostic["severity"] == 1
        ] == codes


def test_positions_count_in_utf_16_units(client: Client) -> None:
    text = 'controller c { finally { answer "🙂🙂" else nowhere } }\n'
    (result,) = opened(client, text)
    assert result["range"] == where(0, 44, 51)
    assert client.ask("textDocument/hover", at(text, "nowhere| ")) is None
    hover = client.ask("textDocument/hover", at(text, "el|se nowhere"))
    assert hover["range"] == where(0, 39, 43)


def test_a_client_may_count_in_utf_8() -> None:
    with connected(general={"positionEncodings": ["utf-8", "utf-16"]}) as client:
        (result,) = opened(client, 'controller c { finally { answer "🙂🙂" else nowhere } }\n')
        assert result["range"] == where(0, 48, 55)


def test_hover_gives_the_meaning_and_the_type(client: Client) -> None:
    opened(client, SOUND)
    hover = client.ask("textDocument/hover", at(SOUND, "open |n"))
    assert hover["contents"]["kind"] == "markdown"
    assert "n = 4 in 1..9" in hover["contents"]["value"]
    assert "an integer" in hover["contents"]["value"]
    assert hover["range"] == where(3, 15, 16)
    assert client.ask("textDocument/hover", at(SOUND, "1|..9")) is None


def test_completion_replaces_the_word_and_calls_functions(client: Client) -> None:
    opened(client, SOUND)
    text = SOUND.replace("answer winner(alive)", "answer win")
    opened(client, text)
    result = client.ask("textDocument/completion", at(text, "answer win|"))
    items = {item["label"]: item for item in result["items"]}
    assert items["winner"]["textEdit"] == {"range": where(5, 19, 22), "newText": "winner($0)"}
    assert items["winner"]["detail"] == "winner(S)"
    assert items["n"]["detail"] == "n = 4 in 1..9"
    assert items["none"]["textEdit"]["newText"] == "none"


def test_completion_adds_no_second_parenthesis(client: Client) -> None:
    opened(client, SOUND)
    result = client.ask("textDocument/completion", at(SOUND, "answer win|ner"))
    items = {item["label"]: item for item in result["items"]}
    assert items["winner"]["textEdit"] == {"range": where(5, 19, 25), "newText": "winner"}


def test_a_dot_completes_attributes(client: Client) -> None:
    text = SOUND.replace("winner(alive)", "winner(alive where .)")
    opened(client, text)
    result = client.ask("textDocument/completion", at(text, "where .|)"))
    assert ".answer" in {item["label"] for item in result["items"]}


def test_a_name_leads_to_its_declaration(client: Client) -> None:
    opened(client, SOUND)
    result = client.ask("textDocument/definition", at(SOUND, "open |n"))
    assert result == {"uri": URI, "range": where(1, 10, 11)}
    assert client.ask("textDocument/definition", at(SOUND, "winner(al|ive")) is None


def formatted(client: Client) -> Any:  # noqa: ANN401 - edits, or nothing
    options = {"tabSize": 2, "insertSpaces": True}
    return client.ask("textDocument/formatting", {"textDocument": {"uri": URI}, "options": options})


def test_formatting_replaces_the_whole_text(client: Client) -> None:
    opened(client, 'controller c "🙂" {\r\nfinally { answer none } } # end')
    (edit,) = formatted(client)
    assert edit["range"] == {
        "start": {"line": 0, "character": 0},
        "end": {"line": 1, "character": 31},
    }
    assert edit["newText"] == ('controller c "🙂" {\r\n  finally { answer none }\r\n}  # end\r\n')


def test_formatted_and_invalid_texts_are_not_changed(client: Client) -> None:
    opened(client, SOUND)
    assert formatted(client) == []
    opened(client, "controller c { finally { answer } }")
    assert formatted(client) is None


def test_symbols_show_sections_and_their_declarations(client: Client) -> None:
    opened(client, SOUND)
    (controller,) = client.ask("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    assert controller["name"] == "c"
    assert controller["selectionRange"] == where(0, 11, 12)
    assert [section["name"] for section in controller["children"]] == ["knobs", "start", "finally"]
    (knob,) = controller["children"][0]["children"]
    assert (knob["name"], knob["range"]) == ("n", where(1, 10, 23))


def test_fixes_are_offered_as_code_actions(client: Client) -> None:
    text = SOUND.replace("alive", "alife")
    result = next(
        diagnostic for diagnostic in opened(client, text) if diagnostic["code"] == "RH201"
    )
    (action,) = client.ask(
        "textDocument/codeAction",
        {
            "textDocument": {"uri": URI},
            "range": result["range"],
            "context": {"diagnostics": [result]},
        },
    )
    assert action["title"] == "Replace `alife` by `alive`"
    assert action["kind"] == "quickfix"
    assert action["diagnostics"] == [result]
    assert action["edit"] == {"changes": {URI: [{"range": result["range"], "newText": "alive"}]}}


def test_requests_are_answered_for_any_text(client: Client) -> None:
    for text in (
        "",
        "\ufeff",
        "controller",
        "controller c { step { let x = .",
        '"',
        "#",
        "}{" * 500,
    ):
        opened(client, text)
        end = {"line": 0, "character": len(text)}
        here = {"textDocument": {"uri": URI}, "position": end}
        for method in ("hover", "completion", "definition"):
            client.ask(f"textDocument/{method}", here)
        client.ask("textDocument/documentSymbol", {"textDocument": {"uri": URI}})


def test_missing_pygls_is_reported_with_the_package_to_install() -> None:
    start = (
        "import sys; sys.modules['pygls'] = None; from harness.cli.main import main;"
        " sys.exit(main(['lsp']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", start], cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr == (
        "error: the language server needs pygls, which is not installed\n"
        'hint: install rheostat with its extra: pip install ".[lsp]"\n'
    )


TEXT = "a🙂é\r\nb\rc\n"


@pytest.mark.parametrize(
    ("encoding", "offset", "place"),
    [
        (PositionEncoding.UTF16, 2, (0, 3)),
        (PositionEncoding.UTF8, 2, (0, 5)),
        (PositionEncoding.UTF32, 2, (0, 2)),
        (PositionEncoding.UTF16, 3, (0, 4)),
        (PositionEncoding.UTF8, 3, (0, 7)),
        (PositionEncoding.UTF16, 5, (1, 0)),
        (PositionEncoding.UTF16, 7, (2, 0)),
        (PositionEncoding.UTF16, 9, (3, 0)),
    ],
)
def test_offsets_and_positions_convert_both_ways(
    encoding: PositionEncoding, offset: int, place: tuple[int, int]
) -> None:
    positions = PositionMapper(TEXT, encoding)
    assert positions.position(offset) == place
    assert positions.offset(LspPosition(*place)) == offset


@pytest.mark.parametrize(
    ("place", "offset"), [((0, 99), 3), ((99, 0), 9), ((0, 2), 1), ((2, 1), 8), ((3, 5), 9)]
)
def test_positions_outside_of_the_text_are_clipped(place: tuple[int, int], offset: int) -> None:
    assert PositionMapper(TEXT, PositionEncoding.UTF16).offset(LspPosition(*place)) == offset
