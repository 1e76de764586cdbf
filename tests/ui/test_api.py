"""The API as other programs use it, through gradio_client and over HTTP."""

from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from helpers.fakes import FakeRecommender, make_catalog
from PIL import Image

from lavic_chat.errors import CatalogError
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.ui import build_app, launch
from lavic_chat.ui.product_api import read_filters


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    catalog = make_catalog(folder / "catalog")
    annotations = AnnotationStore(folder / "flags.sqlite")
    app = build_app(FakeRecommender(catalog), annotations)
    _, address, _ = launch(app, catalog, port=None, prevent_thread_lock=True, quiet=True)
    yield Client(address, verbose=False), annotations
    app.close(verbose=False)


def ask(client: Client, message: str, photo=None, categories=(), least="", most="") -> dict:
    return client.predict(message, photo, list(categories), least, most, api_name="/ask")


def test_ask_then_refine_then_flag(client):
    client, annotations = client
    answer = ask(client, "a red armchair")
    assert answer["pick"]["id"] == "red-armchair" and len(answer["candidates"]) == 10
    assert answer["visual_tokens"] == 50 and answer["context"].startswith("<submission>a red armchair")
    more = answer["context"] + "<comment>This one?</comment>\n<submission>rather a green steel lamp</submission>"
    assert client.predict(more, api_name="/recommend")["pick"]["id"].endswith("-lamp")
    shown = [[item["id"], item["score"]] for item in answer["candidates"]]
    stored = client.predict(answer["context"], shown, answer["pick"]["id"], "green-lamp", "too red", api_name="/flag")
    assert stored == {"stored": 1}
    (flag,) = annotations.list()
    assert (flag.pick, flag.correct, flag.reason) == ("red-armchair", "green-lamp", "too red")
    assert flag.candidates == tuple(map(tuple, shown)) and flag.model_hash


def test_this_one_is_the_product_that_the_caller_names(client):
    client, _ = client
    asked = f"{ask(client, 'a red armchair')['context']}<submission>and this one?</submission>"
    answer = client.predict(asked, "blue-sofa", api_name="/recommend")
    assert answer["reply"] == "Meadow sofa it is." and answer["context"].endswith(
        "<submission>and this one?</submission>\n"
    )
    with pytest.raises(AppError, match="no product of this catalogue"):
        client.predict(asked, "no-such-sofa", api_name="/recommend")


def test_what_asks_for_no_pick_is_answered_with_words_alone(client):
    client, _ = client
    answer = ask(client, "a red armchair under 500")
    assert answer["reply"] == "" and answer["gave_way"] == []
    assert answer["intent"]["wanted"] == ["red"] and answer["intent"]["limits"] == {"price": {"most": 500}}
    for reply in (
        ask(client, "thanks"),
        client.predict(f"{answer['context']}<submission>thanks</submission>", api_name="/recommend"),
    ):
        assert (reply["pick"], reply["candidates"], reply["reply"]) == (None, [], "My pleasure.")
        assert reply["context"].endswith("<submission>thanks</submission>\n")
    with pytest.raises(AppError, match="candidates"):
        client.predict(reply["context"], reply["candidates"], "", "", "", api_name="/flag")


def test_photos_and_filters_go_along(client, tmp_path: Path):
    client, _ = client
    Image.new("RGB", (60, 40), "#35558f").save(tmp_path / "sofa.png")
    answer = ask(client, "like this", handle_file(str(tmp_path / "sofa.png")), ["lamp"], "", "200")
    assert {item["id"].split("-")[1] for item in answer["candidates"]} == {"lamp"}


@pytest.mark.parametrize("given, sentence", [
    (("",), "message is empty"),
    (("x" * 5000,), "5,000 characters"),
    (("a lamp", None, [], "cheap"), "such as 49.90"),
    (("a lamp", None, ["boat"]), "no category 'boat'; choose among armchair, dining table, lamp, sofa"),
    (("sorry",), "Nothing on the shelves"),
    (("break down, my name is Ada",), "Something went wrong on our side"),
])  # fmt: skip
def test_what_cannot_be_answered_is_a_sentence(client, given, sentence, caplog):
    with pytest.raises(AppError, match=sentence):
        ask(client[0], *given)
    assert "Ada" not in caplog.text


@pytest.mark.parametrize("context", ["", "<submission>a</submission><comment>b</comment>", "x" * 60_000])
def test_a_conversation_ends_with_the_shopper(client, context):
    with pytest.raises(AppError, match="conversation must"):
        client[0].predict(context, api_name="/recommend")


@pytest.mark.parametrize("candidates", [None, "abc", {"a": 1}, [], [["a"]], [["a", "high"]], [[1, 0.5]], [None]])
def test_malformed_flags_are_refused(client, candidates):
    client, annotations = client
    before = len(annotations.list())
    with pytest.raises(AppError, match="candidate"):
        client.predict("<submission>a</submission>", candidates, "a", "", "", api_name="/flag")
    assert len(annotations.list()) == before


def test_a_flag_is_about_one_of_the_candidates_best_first(client):
    client, annotations = client
    shown = [["green-lamp", 0.1], ["red-lamp", 0.9]]
    with pytest.raises(AppError, match="pick must be one of the candidates"):
        client.predict("<submission>a</submission>", shown, "blue-lamp", "", "", api_name="/flag")
    client.predict("<submission>a</submission>", shown, "green-lamp", "", "", api_name="/flag")
    assert [name for name, _ in annotations.list()[0].candidates] == ["red-lamp", "green-lamp"]


def test_a_photo_that_is_none_is_told(client, tmp_path: Path):
    (tmp_path / "photo.png").write_text("no picture")
    with pytest.raises(AppError, match="picture"):
        ask(client[0], "like this", handle_file(str(tmp_path / "photo.png")))


def test_the_readmes_program_runs(client, capsys):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    program = readme.partition("```python\n")[2].partition("```")[0]
    place = "http://127.0.0.1:7860"
    assert place in program
    exec(program.replace(place, client[0].src.rstrip("/")), {})
    told = capsys.readouterr().out
    assert "'id': 'green-armchair'" in told and "'in_stock': None" in told and told.rstrip().endswith("armchair 49.0")


def test_programs_find_look_up_and_compare(client):
    client, _ = client
    found = client.predict(query="a blue sofa", category="sofa", k=1, api_name="/find_products")
    assert [one["id"] for one in found["products"]] == ["blue-sofa"] and found["intent"]["wanted"] == ["blue"]
    assert client.predict("blue-sofa", api_name="/product")["currency"] == "$"
    assert client.predict(["blue-sofa", "red-sofa"], api_name="/compare")["same"]["category"] == "sofa"
    assert client.predict("a blue sofa", api_name="/recommend")["pick"]["id"] == "blue-sofa"
    for values, endpoint, said in (
        (["none"], "/product", "no product 'none'"),
        ([["blue-sofa"]], "/compare", "2 or 3 different ids"),
        ([["blue-sofa", 5]], "/compare", "list of texts"),
    ):
        with pytest.raises(AppError, match=said):
            client.predict(*values, api_name=endpoint)


@pytest.mark.parametrize("names", [7, "Sofas", {"Sofas": 1}, ["Sofas", 7], [None]])
def test_categories_that_are_no_list_of_texts_are_told(tmp_path, names):
    catalog = make_catalog(tmp_path / "catalog")
    with pytest.raises(CatalogError, match="must be a list of texts"):
        read_filters(names, ("", ""), catalog)
    assert not read_filters(None, ("", ""), catalog).categories


def test_a_wrong_type_of_categories_is_a_sentence(client):
    with pytest.raises(AppError, match="must be a list of texts"):
        client[0].predict("a sofa", None, 7, "", "", api_name="/ask")


@pytest.mark.parametrize("message", [{"a": 1}, ["a lamp"], True])
def test_what_is_no_text_is_refused_rather_than_answered(client, message):
    with pytest.raises(AppError, match=r"^The value of context must be a text\.$"):
        client[0].predict(message, api_name="/recommend")


@pytest.mark.parametrize("k", [2.5, True, "three", [1]])
def test_what_is_no_whole_number_is_refused(client, k):
    with pytest.raises(AppError, match="k must be a whole number"):
        client[0].predict("a lamp", "", "", "", k, api_name="/find_products")


def test_prices_may_be_numbers(client):
    assert client[0].predict("a lamp", "", 0, 500, 3, api_name="/find_products")["products"]
