"""The command line: what it answers, and one sentence, never a traceback, for everything that can be wrong."""

import json
import re
import shutil
import socket
from dataclasses import fields
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner
from helpers.drawn import SHAPES
from helpers.listening import use_silent_tagger
from helpers.llm_server import FakeLlm, serve
from helpers.tiny import save_tiny_encoder
from helpers.toys import WordEncoder, make_adapter, use_word_encoder
from PIL import Image

from lavic_chat.cli import main
from lavic_chat.cli.train_options import option_type
from lavic_chat.errors import LavicError
from lavic_chat.features.text_encoder import TextEncoder
from lavic_chat.model.load import load_model
from lavic_chat.serving.recommender import load_recommender
from lavic_chat.settings import read_settings
from lavic_chat.storage.files import hash_file, write_jsonl
from lavic_chat.training.configs import TuneConfig

FOUR = ["sofa-red", "sofa-green", "lamp-red", "chair-blue"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    for name in ("CATALOG", "MODEL", "ADAPTER", "HOST", "PORT", "LLM", "LLM_KEY"):
        monkeypatch.delenv(f"LAVIC_{name}", raising=False)
    monkeypatch.setenv("LAVIC_HOME", str(tmp_path / "home"))
    use_word_encoder(monkeypatch)
    use_silent_tagger(monkeypatch)
    return tmp_path / "home"


@pytest.fixture
def shop(base, tiny_catalog_folder) -> list[str]:
    """The options of a command that uses the tiny model and catalogue."""
    return ["--catalog", str(tiny_catalog_folder), "--model", str(base)]


@pytest.fixture
def dialogues(tmp_path) -> Path:
    """Six conversations over the tiny catalogue, the answer told by the title."""
    asked = {"sofa": "a harbour sofa", "lamp": "a beacon lamp", "chair": "a mill armchair"}
    rows = [
        {
            "context": f"<submission>{asked[item.split('-')[0]]}</submission>",
            "gt_items": [item],
            "candidates": FOUR,
            "set": "home",
        }
        for item in [*FOUR, "sofa-red", "lamp-red"]
    ]
    write_jsonl(tmp_path / "dialogues.jsonl", rows)
    return tmp_path / "dialogues.jsonl"


def run(*arguments: object):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def answer(*arguments: object) -> dict:
    """The JSON that a command prints."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refusal(*arguments: object, code: int = 1) -> str:
    """The one sentence that a command ends with."""
    result = run(*arguments)
    assert result.exit_code == code, (result.output, result.exception)
    assert isinstance(result.exception, SystemExit) and "Traceback" not in result.output
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1 and result.stderr.rstrip().endswith(errors[0]), result.stderr
    assert errors[0].rstrip().endswith((".", ")")) or "delete that folder" in errors[0]
    return errors[0]


# ---- ask ----


def test_ask_answers_in_json(shop):
    found = answer("ask", "a harbour sofa", *shop)
    assert found.keys() == {
        "pick", "candidates", "reply", "intent", "gave_way", "unknown", "out_of_stock", "timings_ms",
        "visual_tokens", "prompt_tokens",
    }  # fmt: skip
    assert found["reply"] == "" and found["intent"]["act"] == "ask" and found["gave_way"] == []
    assert len(found["candidates"]) == 10 and found["pick"] == found["candidates"][0]
    facts = {"category", "price", "currency", "in_stock", "link", "picture", "caption", "attributes"}
    assert found["pick"].keys() == {"id", "title", "score", "image"} | facts
    assert all(item.keys() == found["pick"].keys() for item in found["candidates"])
    assert sum(item["score"] for item in found["candidates"]) == pytest.approx(1, abs=0.01)
    assert found["visual_tokens"] == 50 and found["timings_ms"]["total"] > 0


def test_ask_answers_people(shop):
    result = run("ask", "a harbour sofa", *shop)
    assert result.exit_code == 0
    first = result.stdout.splitlines()[0]
    assert "sure" in first and "50 visual tokens" in result.stdout
    assert re.match(r"[\w ]+ in (red|green|blue|yellow) \(\w+-\1\), ", first), first  # which of its variants


def test_ask_says_what_is_out_of_stock_and_what_a_product_costs_where(shop, tiny_catalog_folder, monkeypatch):
    file = tiny_catalog_folder / "products.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    sale = {"price": 12.5, "currency": "EUR", "link": "https://x.example/p"}
    write_jsonl(file, ({**row, **sale, "in_stock": row["id"] != "sofa-red"} for row in rows))
    monkeypatch.setattr("lavic_chat.nlu.listener.Listener.missed_out", lambda *_: ("Aalto sofa in orange",))
    found = answer("ask", "a harbour sofa", *shop)
    assert {key: found["pick"][key] for key in (*sale, "in_stock")} == {**sale, "in_stock": True}
    assert "sofa-red" not in [item["id"] for item in found["candidates"]]
    lines = run("ask", "a harbour sofa", *shop).stdout.splitlines()
    assert "The Aalto sofa in orange is out of stock at the moment." in lines
    assert "), €12.50, " in lines[0] and sum(line.endswith(", €12.50") for line in lines) == 10
    assert re.search(r"sofa-(\w+)  [\w ]+ \(\1\), €12.50", "\n".join(lines))  # which of its variants each is


def test_ask_answers_in_words_where_no_pick_is_asked_for(shop, monkeypatch):
    use_silent_tagger(monkeypatch, "small_talk")
    found = answer("ask", "hello", *shop)
    assert (found["pick"], found["candidates"], found["intent"]) == (None, [], {"act": "small_talk"})
    result = run("ask", "hello", *shop)
    assert result.exit_code == 0 and found["reply"] in result.stdout and "sure" not in result.stdout


def test_ask_takes_a_photo(shop, tiny_catalog_folder):
    photo = tiny_catalog_folder / "images" / "lamp-red.png"
    found = answer("ask", "", "--photo", photo, *shop)
    assert found["visual_tokens"] == 55 and "lamp-red" in [item["id"] for item in found["candidates"]]


@pytest.mark.parametrize("decode", ["list", "branch", "generate"])
def test_ask_decodes_as_told(shop, decode):
    assert answer("ask", "🛋️ a sofa, rouge écarlate", "--decode", decode, *shop)["pick"]["id"]


@pytest.mark.parametrize(
    ("message", "sentence"),
    [("", "The message is empty"), (" \t\n", "The message is empty"), ("x" * 20_000, "has 20,000 characters")],
)
def test_a_message_that_cannot_be_used(shop, message, sentence):
    assert sentence in refusal("ask", message, *shop)


def test_bad_input_is_told_before_anything_is_loaded(monkeypatch, tmp_path):
    monkeypatch.setattr("lavic_chat.serving.recommender.load_recommender", None)
    (tmp_path / "photo.png").write_text("not a picture")
    assert "photo.png is not a readable picture" in refusal("ask", "a sofa", "--photo", tmp_path / "photo.png")
    assert "none.png is missing" in refusal("ask", "a sofa", "--photo", tmp_path / "none.png")
    assert "The message is empty" in refusal("ask", "")


# ---- the language model on a server of its own ----


def test_an_exported_llm_is_asked_by_every_command_that_scores(shop, dialogues, tmp_path):
    llm = tmp_path / "llm"
    card = answer("export-llm", llm, *shop[2:])
    assert card["name"] in card["command"] and str(llm) in card["command"]
    assert run("export-llm", llm, *shop[2:]).stdout.strip() == card["command"]
    wanted = answer("ask", "a harbour sofa", *shop)
    with serve(FakeLlm(llm, [card["name"]])) as fake:
        found = answer("ask", "a harbour sofa", *shop, "--llm", fake.address)
        assert [item["score"] for item in found["candidates"]] == pytest.approx(
            [item["score"] for item in wanted["candidates"]], abs=1e-3
        )
        answer("bench", *shop, "--turns", 1, "--only", "turns", "--llm", fake.address)
        answer("evaluate", "--dialogues", dialogues, *shop, "--out", tmp_path / "out", "--llm", fake.address)
        assert len(fake.bodies) == (1 + 1) + (1 + 4) + (1 + 6)  # each warms it up first
        answer("index", *shop)
        assert len(fake.bodies) == 14


def test_an_llm_server_from_the_environment_may_be_away(shop, monkeypatch, caplog):
    wanted = answer("ask", "a harbour sofa", *shop)
    monkeypatch.setenv("LAVIC_LLM", f"http://127.0.0.1:{free_port()}")
    found = answer("ask", "a harbour sofa", *shop)
    assert found["candidates"] == wanted["candidates"] and caplog.text.count("cannot be reached") == 1


def test_an_llm_server_that_cannot_be_used_is_told(shop, tmp_path):
    assert "take an address such as" in refusal("ask", "a sofa", *shop, "--llm", "localhost")
    sentence = refusal("ask", "a sofa", *shop, "--llm", "http://127.0.0.1:9", "--decode", "list")
    assert "--decode branch only" in sentence
    (tmp_path / "mine.txt").touch()
    assert "is no exported LLM" in refusal("export-llm", tmp_path, *shop[2:])


# ---- what may be missing or broken ----


def free_port() -> int:
    """One that nothing on this machine listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def commands(dialogues) -> list[list]:
    out = ["--out", dialogues.parent / "out"]
    return [
        ["ask", "a sofa"],
        ["index"],
        ["bench"],
        ["app", "--port", free_port()],
        ["evaluate", "--dialogues", dialogues, *out],
        ["align", *out],
        ["tune", "--dialogues", dialogues, "--valid", dialogues, *out],
    ]


@pytest.mark.parametrize("number", range(7))
def test_a_missing_catalogue(base, dialogues, tmp_path, number):
    command = commands(dialogues)[number]
    assert "no catalogue folder" in refusal(*command, "--catalog", tmp_path / "none", "--model", base)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", range(7))
def test_a_model_that_is_none(dialogues, tiny_catalog_folder, tmp_path, number):
    command = commands(dialogues)[number]
    (tmp_path / "empty").mkdir()
    sentence = refusal(*command, "--catalog", tiny_catalog_folder, "--model", tmp_path / "empty")
    assert "cannot be opened as a LLaVA-NeXT" in sentence


def test_a_broken_catalogue_line_is_named(shop, tiny_catalog_folder):
    with (tiny_catalog_folder / "products.jsonl").open("a") as file:
        file.write('{"id": "broken"\n')
    assert "products.jsonl, line 13: not valid JSON" in refusal("ask", "a sofa", *shop)


def test_an_adapter_for_another_base(shop, base, tmp_path):
    model = load_model(str(base), None, tmp_path)
    model.name, model.fingerprint = "some-other-base", "0" * 64
    adapter = make_adapter(model, tmp_path / "adapter")
    sentence = refusal("ask", "a sofa", *shop, "--adapter", adapter)
    assert "was trained on some-other-base and does not fit" in sentence and "--model some-other-base" in sentence


def test_an_adapter_that_is_none(shop, tmp_path):
    assert "has no adapter.json" in refusal("ask", "a sofa", *shop, "--adapter", tmp_path / "none")


def test_a_cache_that_is_no_database(shop, home):
    answer("index", *shop)
    (file,) = (home / "cache" / "visual").glob("*.sqlite")
    file.write_bytes(b"no database" * 200)
    shutil.rmtree(home / "cache" / "catalogs")  # what was looked at lies there, too, and would do
    assert answer("ask", "a sofa", *shop)["pick"]  # made anew, and what was there is set aside
    assert file.with_name(f"{file.name}.damaged").read_bytes() == b"no database" * 200
    assert file.read_bytes().startswith(b"SQLite format 3")


def test_a_home_that_cannot_be_written(shop, home):
    home.write_text("a file is in the way")
    assert answer("ask", "a sofa", *shop)["pick"]  # it costs the cache
    assert "Could not write" in refusal("index", *shop)  # which is all that this is for


@pytest.mark.parametrize("port", ["eighty", "-1", "0", "70000", "80.5"])
def test_a_port_that_is_none(monkeypatch, port):
    monkeypatch.setenv("LAVIC_PORT", port)
    with pytest.raises(LavicError, match="a port is a number from 1 to 65535"):
        read_settings()


def test_settings_are_read_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("LAVIC_PORT", "8080")
    monkeypatch.setenv("LAVIC_MODEL", "org/model")
    monkeypatch.setenv("LAVIC_CATALOG", str(tmp_path))
    found = read_settings(model=None)
    assert (found.port, found.model, found.catalog, found.adapter) == (8080, "org/model", tmp_path, None)
    assert read_settings(model="chosen", port=1).model == "chosen"


# ---- index and bench ----


def test_index_counts_and_the_second_one_computes_nothing(shop, tiny_catalog_folder, monkeypatch):
    (tiny_catalog_folder / "images" / "sofa-red.png").unlink()
    first = answer("index", *shop)
    assert (first["products"], first["without_picture"], first["visual_tokens"]) == (12, 1, 60)
    monkeypatch.setattr("lavic_chat.features.image_encoder.ImageEncoder._encode", None)
    assert answer("index", *shop)["products"] == 12
    assert "1 without a usable picture" in run("index", *shop).stdout


def test_bench_goes_on_where_no_pick_is_asked_for(shop, monkeypatch):
    use_silent_tagger(monkeypatch, "small_talk")
    assert answer("bench", "--turns", 1, "--only", "turns", *shop)["turns"]["first"]["runs"] == 1


def test_bench_measures(shop):
    found = answer("bench", "--turns", 2, "--only", "turns", *shop)
    assert found["turns"]["first"]["p50"] > 0 and found["turns"]["first"]["runs"] == 2
    assert found["turns"]["visual_tokens"] == 50 and found["authors"] is None
    assert "the second of the conversation" in run("bench", "--turns", 1, "--only", "turns", *shop).stdout


# ---- evaluate ----


def test_conversations_are_played(shop, tmp_path):
    row = {"id": "one", "kind": "negation", "catalog": "tiny", "act": "refine", "turns": ["a harbour sofa", "in blue"]}
    good, bad = {"price": {"most": 1000}}, {"title": ["wardrobe"]}
    rows = [row | {"expect": good}, row | {"id": "two", "kind": "price", "expect": bad}, row | {"catalog": "another"}]
    write_jsonl(tmp_path / "played.jsonl", [rows[0], rows[1], rows[2] | {"expect": good}])
    played = [
        "evaluate",
        "--conversations",
        tmp_path / "played.jsonl",
        "--about",
        "tiny",
        *shop,
        "--out",
        tmp_path / "o",
    ]
    found = answer(*played)
    assert (found["overall"]["n"], found["overall"]["satisfied"]) == (2, 0.5)
    assert found["negation"]["satisfied"] == 1 and found["price"]["satisfied"] == 0
    assert json.loads((tmp_path / "o" / "metrics.json").read_text()) == found
    failures = (tmp_path / "o" / "failures.md").read_text()
    assert "1 of 2" in failures and "| two |" in failures and "a harbour sofa" in failures
    assert "satisfied" in run(*played).stdout


def test_plain_requests_are_generated(shop, tiny_catalog_folder, tmp_path):
    typed = [json.loads(line) for line in (tiny_catalog_folder / "products.jsonl").read_text().splitlines()]
    for row in typed:
        row["attributes"]["type"] = row["attributes"].pop("shape")
    write_jsonl(tiny_catalog_folder / "products.jsonl", typed)
    found = answer("evaluate", "--generated", 2, *shop, "--out", tmp_path / "o")
    assert found["overall"]["n"] == sum(row["n"] for name, row in found.items() if name not in ("about", "overall"))
    assert {"colour", "negation", "two turns", "price"} <= found.keys() and "width" not in found


def test_what_cannot_be_played_is_told(shop, dialogues, tmp_path):
    out = ["--out", tmp_path / "o"]
    assert "--dialogues is missing" in refusal("evaluate", *shop, *out, code=2)
    both = ["--conversations", dialogues, "--generated", 1]
    assert "or how many requests are --generated" in refusal("evaluate", *both, *shop, *out, code=2)
    assert "dialogues.jsonl, line 1: that is no conversation" in refusal("evaluate", *both[:2], *shop, *out)
    row = {"id": "a", "kind": "b", "catalog": "c", "act": "ask", "turns": ["d"], "expect": {}}
    write_jsonl(tmp_path / "played.jsonl", [row])
    about = ["--conversations", tmp_path / "played.jsonl", "--about", "tiny"]
    assert "holds no conversation about that catalogue" in refusal("evaluate", *about, *shop, *out)


@pytest.mark.parametrize("ranker", ["first", "random"])
def test_two_rankers_need_no_catalogue(dialogues, tmp_path, ranker):
    found = answer(
        "evaluate",
        "--dialogues",
        dialogues,
        "--ranker",
        ranker,
        "--catalog",
        tmp_path / "none",
        "--out",
        tmp_path / "o",
    )
    assert found["overall"]["n"] == 6 and found["overall"]["chance"] == 0.25
    assert json.loads((tmp_path / "o" / "metrics.json").read_text()) == found
    assert len((tmp_path / "o" / "predictions.jsonl").read_text().splitlines()) == 6


def test_all_rankers_and_ablations_evaluate(shop, dialogues, tmp_path):
    def hits(*options) -> dict:
        return answer("evaluate", "--dialogues", dialogues, "--out", tmp_path / "o", *shop, *options)["overall"]

    assert hits("--ranker", "bm25")["mrr"] > 0.8
    assert hits("--ranker", "sbert")["mrr"] > 0.8
    for options in ([], ["--ablate", "no-images"], ["--ablate", "shuffled-images"], ["--decode", "generate"]):
        assert hits(*options)["n"] == 6
    assert hits("--retrieve")["ceiling"] > 0.5
    assert hits("--retrieve", "--ranker", "first")["recall@10"] > 0.5
    assert hits("--limit", 2)["n"] == 2


def test_evaluate_prints_a_table(shop, dialogues, tmp_path):
    result = run("evaluate", "--dialogues", dialogues, "--ranker", "bm25", "--out", tmp_path / "o", *shop)
    assert result.exit_code == 0 and "hr@1" in result.stdout and "overall" in result.stdout


@pytest.mark.parametrize("options", [["--ranker", "bm25"], ["--ranker", "model"], ["--retrieve"]])
def test_dialogues_about_other_products_explain_how_to_import(shop, tmp_path, options):
    row = {"context": "a lamp", "gt_items": ["B07X"], "candidates_st": ["B07X", "B08Y"]}
    write_jsonl(tmp_path / "amazon.jsonl", [row])
    sentence = refusal(
        "evaluate", "--dialogues", tmp_path / "amazon.jsonl", "--candidates", "candidates_st", "--out", tmp_path / "o",
        *shop, *options,
    )  # fmt: skip
    assert "lavic-chat catalog import" in sentence and "--catalog DIR" in sentence
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "nothing|no candidates"),
        ('{"context": "x", "gt_items": [], "candidates": []}\n{"context"', "bad.jsonl, line 2: not valid JSON"),
        ('{"context": 3, "gt_items": []}', "bad.jsonl, line 1: `context` must be a text"),
        ('{"context": "x", "gt_items": "a"}', "bad.jsonl, line 1: `gt_items` must be a list"),
        ('{"context": "x", "gt_items": []}', "no candidates under 'candidates'"),
        ('{"context": "x", "gt_items": [], "candidates": []}', "nothing to evaluate"),
    ],
)
def test_dialogue_files_that_cannot_be_used(tmp_path, text, sentence):
    import re

    (tmp_path / "bad.jsonl").write_text(text)
    told = refusal("evaluate", "--dialogues", tmp_path / "bad.jsonl", "--ranker", "first", "--out", tmp_path / "o")
    assert re.search(sentence, told)


def test_an_empty_dialogue_file_and_retrieval(shop, tmp_path):
    (tmp_path / "empty.jsonl").write_text("")
    command = ["evaluate", "--dialogues", tmp_path / "empty.jsonl", "--retrieve", "--out", tmp_path / "o", *shop]
    assert "conversations" in refusal(*command)


def test_a_missing_dialogue_file(tmp_path):
    assert "There is no file" in refusal("evaluate", "--dialogues", tmp_path / "none.jsonl", "--ranker", "first")


def test_a_baseline_has_no_pictures_to_take_away(dialogues):
    assert "--ablate" in refusal(
        "evaluate", "--dialogues", dialogues, "--ranker", "bm25", "--ablate", "no-images", code=2
    )


def test_more_than_ten_may_be_retrieved(shop, dialogues, tmp_path):
    command = ["evaluate", "--dialogues", dialogues, "--ranker", "first", "--out", tmp_path / "o", *shop]
    for top in (3, 12):
        answer(*command, "--retrieve", "--top", top)
        rows = [json.loads(line) for line in (tmp_path / "o" / "predictions.jsonl").read_text().splitlines()]
        assert {len(row["ranking"]) for row in rows} == {top}
    assert all(row["place"] == 1 + row["ranking"].index(row["gt_items"][0]) for row in rows)
    assert "--retrieve" in refusal(*command, "--top", 3, code=2)


def test_candidates_may_be_more_and_conversations_longer(shop, dialogues, tmp_path):
    command = ["evaluate", "--dialogues", dialogues, "--ranker", "first", "--out", tmp_path / "o"]
    wide = answer(*command, "--fill", 3, "--history", 9)
    assert wide["about"]["candidates"] == "candidates, filled to 3, 9 turns"
    assert wide["about"]["domain"] == dialogues.parent.name
    assert answer(*command)["about"]["candidates"] == "candidates"
    assert "--top" in refusal(*command, *shop, "--retrieve", "--fill", 3, code=2)
    model = ["evaluate", "--dialogues", dialogues, *shop, "--out", tmp_path / "o", "--fill", 12, "--history", 50]
    long = answer(*model, "--decode", "branch")
    assert long["overall"]["n"] == 6 and long["about"]["model"] == Path(shop[3]).name
    assert long["about"]["runtime"] == "torch"


def test_two_towers_learn_and_rank(shop, dialogues, tmp_path, monkeypatch):
    monkeypatch.setattr("lavic_chat.evaluation.two_tower.STEPS", 5)
    command = ["evaluate", "--dialogues", dialogues, "--ranker", "two-tower", "--out", tmp_path / "o", *shop]
    assert answer(*command, "--learn", dialogues)["overall"]["n"] == 6
    assert "--learn" in refusal(*command, code=2)
    assert "--learn" in refusal("evaluate", "--dialogues", dialogues, "--learn", dialogues, *shop, code=2)


# ---- training ----


def test_align_then_tune_then_ask(shop, dialogues, tmp_path):
    aligned = answer("align", *shop, "--out", tmp_path / "a", "--word-steps", 2, "--caption-steps", 2, "--batch", 2)
    assert aligned["products"] == 12 and aligned["config"]["word_steps"] == 2
    tune = ["tune", *shop, "--dialogues", dialogues, "--valid", dialogues, "--from", tmp_path / "a"]
    tuned = answer(*tune, "--out", tmp_path / "t", "--steps", 2, "--batch", 1, "--valid-every", 1, "--decode", "list")
    assert tuned["choices"] == [6] and [point["step"] for point in tuned["valid"]] == [1, 2]
    card = json.loads((tmp_path / "t" / "adapter.json").read_text())
    assert card["training"]["tune"] == tuned and tuned["best"] in tuned["valid"] and len(tuned["losses"]) == 1
    assert card["training"]["tune"]["valid_dialogues"] == [hash_file(dialogues)]
    assert card["training"].keys() == {"align", "tune"} and card["decode"] == "list"
    assert answer("ask", "a sofa", *shop, "--adapter", tmp_path / "t")["pick"]


def test_several_pictures_of_a_product_from_tune_to_ask(shop, dialogues, tiny_catalog_folder, tmp_path):
    path = tiny_catalog_folder / "products.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    others = [*rows[1:], rows[0]]
    pairs = zip(rows, others, strict=True)
    write_jsonl(path, ({**row, "images": [*row["images"], *other["images"]]} for row, other in pairs))
    tune = ["tune", *shop, "--dialogues", dialogues, "--valid", dialogues, "--out", tmp_path / "t"]
    answer(*tune, "--pictures", 3, "--steps", 2, "--batch", 1, "--valid-every", 1)
    assert json.loads((tmp_path / "t" / "adapter.json").read_text())["pictures"] == 3
    with_two = ["--adapter", tmp_path / "t"]
    assert answer("ask", "a sofa", *shop, *with_two)["visual_tokens"] == 10 * 2 * 5
    assert answer("index", *shop, *with_two, "--ship")["visual_tokens"] == 12 * 2 * 5
    evaluate = ["evaluate", *shop, *with_two, "--dialogues", dialogues, "--out", tmp_path / "e"]
    assert answer(*evaluate, "--pictures", 1)["about"]["pictures"] == 1
    assert "pictures" not in answer(*evaluate)["about"]


def write_splits(folder: Path) -> None:
    shapes = {shape: [f"{shape}-{colour}" for colour in ("red", "green", "blue", "yellow")] for shape in SHAPES}
    splits = {"train": {"sofa": shapes["sofa"], "chair": shapes["chair"]}, "valid": {"lamp": shapes["lamp"]}}
    (folder / "splits.json").write_text(json.dumps(splits | {"test": {}}))


def test_all_stages_then_ask(shop, dialogues, tiny_catalog_folder, tmp_path):
    """align, distill, tune; what the model says of the pictures is shipped with the adapter."""
    write_splits(tiny_catalog_folder)
    more = shutil.copytree(tiny_catalog_folder, tmp_path / "more")
    for name in ("train", "valid"):
        (more / "dialogues").mkdir(exist_ok=True)
        shutil.copy(dialogues, more / "dialogues" / f"{name}.jsonl")
    shop = [*shop, "--also", str(more)]
    short = ["--word-steps", 2, "--caption-steps", 2, "--caption-batch", 2, "--batch", 2]
    aligned = answer("align", *shop, "--out", tmp_path / "a", *short)
    assert (
        aligned["products"] == 16
        and len(aligned["catalogs"]) == 2
        and aligned["valid_perplexity"] > 1
        and "colour" in aligned["valid_reading"]
    )
    distill = ["distill", *shop, "--from", tmp_path / "a", "--out", tmp_path / "d", "--steps", 8, "--lr", 0.05]
    distilled = answer(*distill, "--batch", 2, "--valid-every", 2, "--word-steps", 2, "--word-batch", 2)
    assert distilled["pictures"] == 16 and distilled["best"] in distilled["valid"]
    tune = ["tune", *shop, "--dialogues", dialogues, "--valid", dialogues, "--from", tmp_path / "d"]
    briefly = ["--steps", 2, "--batch", 1, "--valid-every", 1]
    tuned = answer(*tune, "--out", tmp_path / "t", *briefly)
    assert tuned["choices"] == [6, 6] and len(tuned["dialogues"]) == 2
    shop = shop[:4]
    card = json.loads((tmp_path / "t" / "adapter.json").read_text())
    assert card["training"].keys() == {"align", "distill", "tune"} and card["speaks"]
    assert Image.open(tmp_path / "t" / "training.png").format == "PNG"
    assert {path.name for path in (tmp_path / "t").iterdir() if path.is_dir()} == {"llm", "vision"}
    evaluate = ["evaluate", *shop, "--adapter", tmp_path / "t", "--dialogues", dialogues, "--ablate", "no-distill"]
    assert "no folder no-distill with an adapter tuned without stage 1" in refusal(*evaluate, "--out", tmp_path / "e")
    undistilled = tmp_path / "t" / "no-distill"
    tune[tune.index("--from") + 1] = tmp_path / "t"
    assert "give --from and --out" in refusal(*tune, "--undistilled", "--out", tmp_path / "t", *briefly)
    answer(*tune, "--undistilled", "--out", undistilled, *briefly)
    assert {path.name for path in undistilled.iterdir() if path.is_dir()} == {"llm"}
    assert json.loads((undistilled / "adapter.json").read_text())["training"].keys() == {"align", "tune"}
    assert answer(*evaluate, "--out", tmp_path / "e")["about"]["ablate"] == "no-distill"
    again = ["align", *shop, "--from", tmp_path / "t", "--out", tmp_path / "again", "--caption-batch", 2]
    assert "give some --caption-steps" in refusal(*again, "--caption-steps", 0)
    assert answer(*again, "--caption-steps", 2, "--limit", 3)["products"] == 3
    card = json.loads((tmp_path / "again" / "adapter.json").read_text())
    assert card["training"].keys() == {"align", "distill"} and card["speaks"] and card["trust"] == 0
    same, other = "vision/adapter_model.safetensors", "llm/adapter_model.safetensors"
    assert (tmp_path / "again" / same).read_bytes() == (tmp_path / "t" / same).read_bytes()
    assert (tmp_path / "again" / other).read_bytes() != (tmp_path / "t" / other).read_bytes()
    assert "give --from" in refusal("align", *shop, "--go-on", "--out", tmp_path / "on")
    on = ["align", *shop, "--from", tmp_path / "t", "--go-on", "--out", tmp_path / "on", "--caption-batch", 2]
    card = json.loads((tmp_path / "t" / "adapter.json").read_text())
    calibrated = card["training"] | {"calibrate": {"conversations": 1}}
    means = {"decode": "list", "labeling": "ids", "trust": 9.0, "temperature": 2.0}
    (tmp_path / "t" / "adapter.json").write_text(json.dumps(card | means | {"training": calibrated}))
    told = answer(*on, "--caption-steps", 2, "--hidden-views", 0.25, "--hidden-values", 0.3)
    (tmp_path / "t" / "adapter.json").write_text(json.dumps(card))
    assert told["earlier"]["stage"] == "align" and told["losses"]["words"] == []
    card = json.loads((tmp_path / "on" / "adapter.json").read_text())
    assert card["training"].keys() == {"align", "distill", "tune"} and card["speaks"]
    assert [card[name] for name in means] == ["list", "ids", 0.0, 1.0]  # how it answers stays, what was fitted does not
    assert (tmp_path / "on" / same).read_bytes() == (tmp_path / "t" / same).read_bytes()
    for learned in (other, "projector.safetensors"):
        assert (tmp_path / "on" / learned).read_bytes() != (tmp_path / "t" / learned).read_bytes()
    answer("index", *shop, "--adapter", tmp_path / "t", "--ship")
    said = [json.loads(line) for line in (tmp_path / "t" / "descriptions.jsonl").read_text().splitlines()]
    assert len(said) == 12
    assert answer("ask", "a sofa", *shop, "--adapter", tmp_path / "t")["pick"]


def test_a_stage_may_be_gone_through_again(shop, tiny_catalog_folder, tmp_path):
    """It goes on with the adapter's own LoRA, and the card tells both times. No adapter is needed to start from."""
    write_splits(tiny_catalog_folder)
    distill = ["distill", *shop, "--lr", 0.05, "--batch", 4, "--valid-every", 1, "--dropout", 0]
    first = answer(*distill, "--steps", 4, "--rank", 3, "--alpha", 5, "--out", tmp_path / "d")
    again = answer(*distill, "--steps", 12, "--from", tmp_path / "d", "--out", tmp_path / "e")
    assert (again["config"]["rank"], again["config"]["alpha"]) == (3, 5) and "earlier" not in first
    card = json.loads((tmp_path / "e" / "adapter.json").read_text())
    assert card["training"]["distill"]["earlier"] == first
    assert again["valid"][0]["perplexity"] == pytest.approx(first["best"]["perplexity"], rel=1e-3)


@pytest.mark.parametrize(
    ("field", "value", "may"),
    [
        ("noise", "1.5", True),
        ("blur", "1.8", True),
        ("noise", "-1", False),
        ("lr", "1.5", False),
        ("captions", "0", True),
    ],
)
def test_noise_may_be_more_than_a_standard_deviation_and_shares_and_rates_at_most_one(field, value, may):
    kind = option_type(next(item for item in fields(TuneConfig) if item.name == field))
    if may:
        assert kind.convert(value, None, None) == float(value)
    else:
        with pytest.raises(click.BadParameter, match="is not in the range"):
            kind.convert(value, None, None)


def test_another_base_has_the_papers_settings(shop, dialogues, tiny_catalog_folder, tmp_path):
    """What is given wins; epochs become steps, with a validation after each."""
    write_splits(tiny_catalog_folder)
    distilled = answer("distill", *shop, "--out", tmp_path / "d", "--lr", 0.05, "--epochs", 2, "--longest", 9)["config"]
    assert (distilled["rank"], distilled["alpha"], distilled["dropout"], distilled["batch"]) == (8, 32, 0.1, 4)
    assert (distilled["lr"], distilled["longest"], distilled["steps"], distilled["valid_every"]) == (0.05, 9, 4, 2)
    tune = ["tune", *shop, "--dialogues", dialogues, "--valid", dialogues, "--out", tmp_path / "t"]
    record = answer(*tune)
    tuned = record["config"]
    assert (tuned["decode"], tuned["labeling"], tuned["epochs"]) == ("list", "ids", 1)
    assert tuned["steps"] == tuned["valid_every"] == record["choices"][0] == 6
    card = json.loads((tmp_path / "t" / "adapter.json").read_text())
    assert (card["decode"], card["labeling"]) == ("list", "ids")
    asked = answer("ask", "a sofa", *shop, "--adapter", tmp_path / "t", "--decode", "generate")
    assert len(asked["candidates"]) == 10


def test_search_is_tuned_into_the_adapters_folder(shop, base, dialogues, tmp_path, monkeypatch):
    encoder = save_tiny_encoder(tmp_path / "encoder")
    monkeypatch.setattr("lavic_chat.model.text_encoder.ensure_text_encoder", lambda home: encoder)
    monkeypatch.setattr("lavic_chat.training.retriever.FOUND", 3)
    adapter = make_adapter(load_model(str(base), None, tmp_path / "home"), tmp_path / "a")
    tune = ["tune-retriever", *shop, "--dialogues", dialogues, "--valid", dialogues]
    record = answer(*tune, "--adapter", adapter, "--steps", 6, "--batch", 4, "--lr", 0.02, "--valid-every", 3)
    assert [point["step"] for point in record["valid"]] == [0, 3, 6] and record["wishes"] == 6
    assert record["best"]["step"] and record["best"]["recall"] > record["valid"][0]["recall"]
    assert json.loads((adapter / "adapter.json").read_text())["training"]["retriever"] == record
    assert not (adapter / "retriever.progress").exists()
    monkeypatch.setattr("lavic_chat.retrieval.embedder.TextEncoder", TextEncoder)
    found = [
        load_recommender(read_settings(catalog=Path(shop[1]), model=shop[3], adapter=each)) for each in (adapter, None)
    ]
    assert not np.allclose(*(each.retriever.item_embeddings for each in found), atol=1e-3)
    assert "is not an adapter folder" in refusal(*tune, "--adapter", tmp_path / "nowhere")


def test_search_learns_to_see(shop, base, dialogues, tiny_catalog_folder, tmp_path, monkeypatch):
    adapter = make_adapter(load_model(str(base), None, tmp_path / "home"), tmp_path / "a")
    given = ["fuse", *shop, "--dialogues", dialogues, "--valid", dialogues, "--adapter", adapter]
    monkeypatch.setattr("lavic_chat.training.retriever.FOUND", 1)
    short = ["--steps", 60, "--batch", 8, "--hidden", 16, "--lr", 0.02, "--valid-every", 20, "--share", 0.9]
    record = answer(*given, *short)
    assert [point["step"] for point in record["valid"]] == [0, 20, 40, 60] and record["wishes"] == [6]
    assert record["best"]["step"] and json.loads((adapter / "adapter.json").read_text())["training"]["fuse"] == record
    assert not (adapter / "fusion.progress").exists() and list(record["best"]["by_shop"]) == ["tiny"]
    settings = read_settings(catalog=Path(shop[1]), model=shop[3], adapter=adapter)
    found = load_recommender(settings)
    assert found.retriever.embedder.fusion and found.retriever.item_embeddings.shape == (12, 2 * WordEncoder.size)
    evaluate = ["evaluate", *shop, "--adapter", adapter, "--dialogues", dialogues, "--ranker", "search"]
    assert answer(*evaluate, "--out", tmp_path / "e")["overall"]["n"] == 6

    more = tmp_path / "more"  # another shop; only what its conversations name is looked at
    shutil.copytree(tiny_catalog_folder, more)
    (more / "dialogues").mkdir()
    for name in ("train", "valid"):
        shutil.copy(dialogues, more / "dialogues" / f"{name}.jsonl")
    record = answer(*given, *short, "--also", more)
    assert record["wishes"] == [6, 6] and list(record["best"]["by_shop"]) == ["tiny", "more"]
    assert record["searched"]["more"] < record["searched"]["tiny"] == 12
    assert "is not an adapter folder" in refusal(*given[:-1], tmp_path / "nowhere")
    assert "Two catalogues are called tiny; rename" in refusal(*given, "--also", shop[1])


def test_an_adapter_is_calibrated(shop, base, dialogues, tiny_catalog_folder, tmp_path):
    adapter = make_adapter(load_model(str(base), None, tmp_path / "home"), tmp_path / "a")
    (tiny_catalog_folder / "dialogues").mkdir()
    shutil.copy(dialogues, tiny_catalog_folder / "dialogues" / "valid.jsonl")
    given = ["calibrate", *shop, "--dialogues", dialogues, "--also", tiny_catalog_folder]
    record = answer(*given, "--adapter", adapter, "--limit", 4)
    assert record["conversations"] == 8 and record["with_search"]["surprise"] <= record["alone"]["surprise"]
    card = json.loads((adapter / "adapter.json").read_text())
    assert (card["temperature"], card["trust"]) == (
        record["with_search"]["temperature"],
        record["with_search"]["trust"],
    )
    assert card["trust"] > 0 and card["training"]["calibrate"] == record  # the titles tell, and the model knows nothing
    evaluate = ["evaluate", *shop, "--adapter", adapter, "--dialogues", dialogues]
    assert answer(*evaluate, "--ablate", "no-search", "--out", tmp_path / "e")["about"]["ablate"] == "no-search"
    assert answer(*evaluate, "--ranker", "search", "--out", tmp_path / "e")["about"]["ranker"] == "search"
    assert "is not an adapter folder" in refusal(*given, "--adapter", tmp_path / "nowhere")


def test_distill_needs_shapes_to_validate(shop, tmp_path):
    answer("align", *shop, "--out", tmp_path / "a", "--word-steps", 1, "--caption-steps", 0, "--batch", 2)
    told = refusal("distill", *shop, "--from", tmp_path / "a", "--out", tmp_path / "d")
    assert "--valid-catalog others to validate on" in told
    folder = shop[shop.index("--catalog") + 1]
    short = ["--steps", 8, "--batch", 4, "--valid-every", 1, "--lr", 0.05, "--dropout", 0]
    answer("distill", *shop, "--valid-catalog", folder, "--from", tmp_path / "a", "--out", tmp_path / "d", *short)


@pytest.mark.parametrize("command", ["align", "tune"])
def test_training_does_not_replace_a_folder_of_other_things(shop, dialogues, tmp_path, command):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    more = ["--dialogues", dialogues, "--valid", dialogues] if command == "tune" else []
    sentence = refusal(command, *shop, "--out", tmp_path / "thesis", *more)
    assert "is there already and is no adapter" in sentence
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.txt"]


@pytest.mark.parametrize(
    "options",
    [
        ["--steps", 0],
        ["--batch", 0],
        ["--rank", 0],
        ["--dropout", 2],
        ["--lr", -1],
        ["--decode", "dice"],
        ["--seed", -1],
    ],
)
def test_training_options_have_bounds(shop, dialogues, tmp_path, options):
    command = ["tune", *shop, "--dialogues", dialogues, "--valid", dialogues, "--out", tmp_path / "t", *options]
    assert options[0] in refusal(*command, code=2)


def test_tune_needs_conversations_about_the_catalogue(shop, dialogues, tmp_path):
    write_jsonl(tmp_path / "other.jsonl", [{"context": "x", "gt_items": ["B07X"], "candidates": ["B07X", "B08Y"]}])
    for pair in ((tmp_path / "other.jsonl", dialogues), (dialogues, tmp_path / "other.jsonl")):
        command = ["tune", *shop, "--dialogues", pair[0], "--valid", pair[1], "--out", tmp_path / "t"]
        assert "import the products" in refusal(*command)


def test_two_catalogues_may_not_share_an_id(shop, base, dialogues, tiny_catalog_folder, tmp_path):
    """Their states go by product id; another picture under the same id would quietly be trained on."""
    other = shutil.copytree(tiny_catalog_folder, tmp_path / "other")
    command = ["tune", *shop, "--dialogues", dialogues, "--valid", dialogues, "--valid-catalog", other]
    short = ["--steps", 1, "--batch", 1, "--out", tmp_path / "t"]
    assert run(*command, *short).exit_code == 0
    Image.new("RGB", (60, 60), "purple").save(other / "images" / "lamp-red.png")
    assert "The product lamp-red has another picture in" in refusal(*command, *short)


def test_align_needs_products(shop, tiny_catalog_folder, tmp_path):
    (tiny_catalog_folder / "splits.json").write_text('{"train": {}, "valid": {}}')
    assert "no products to train on" in refusal("align", *shop, "--out", tmp_path / "a")
