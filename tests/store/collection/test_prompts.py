"""What a model is asked."""

from store.collection.questions import INSTRUCTIONS, choice_letters, format_prompt, tokenise_forcing
from store.forcing import FAMILIES
from store.serving.vllm_server import VllmServer
from tests.store.serving.scripted import MODEL, ScriptedServer, serving
from tests.store.serving.scripted_model import encode


def test_message_contains_question_choices_and_instruction() -> None:
    assert format_prompt("How many?\n", None, "") == "How many?"
    asked = format_prompt("Which?", ["one", "two"], INSTRUCTIONS["choice"])
    assert asked.startswith("Which?\n\n(A) one\n(B) two\n\nPlease reason")
    assert choice_letters(["one", "two"]) == ["A", "B"]


async def test_forcing_is_tokenised_once_without_special_tokens() -> None:
    with serving(ScriptedServer()) as scripted:
        async with VllmServer(scripted.url, MODEL) as server:
            forced = await tokenise_forcing(server, FAMILIES["think"])
            plain = await tokenise_forcing(server, FAMILIES["plain"])
    assert forced.both == tuple(encode(FAMILIES["think"].text))
    assert forced.has_ended(encode("so</think>"))
    assert (plain.end, plain.mark, plain.has_ended([256])) == ((), (), False)
    assert all(seen.body["add_special_tokens"] is False for seen in scripted.seen)
