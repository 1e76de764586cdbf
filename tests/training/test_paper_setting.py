"""The paper's setting in small: a random LLaVA-NeXT with CLIP and Mistral, from the authors' files to an answer, by
the commands that a 7B run uses and with the paper's own defaults."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from helpers.listening import use_silent_tagger
from helpers.toys import use_word_encoder
from PIL import Image

from lavic_chat.cli import main
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.model.random_weights import make_random
from lavic_chat.serving.recommender import load_recommender
from lavic_chat.settings import read_settings
from lavic_chat.storage.files import write_json, write_jsonl
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.ui import build_app

COLOURS = {"red": (190, 40, 40), "green": (40, 140, 70), "blue": (40, 70, 180), "white": (230, 230, 230)}


@pytest.fixture
def work(tmp_path, monkeypatch) -> Path:
    """The base, and the authors' files: metadata of training and of validation with their pictures, three splits."""
    monkeypatch.setenv("LAVIC_HOME", str(tmp_path / "home"))
    for name in ("LAVIC_CATALOG", "LAVIC_MODEL", "LAVIC_ADAPTER"):
        monkeypatch.delenv(name, raising=False)
    use_word_encoder(monkeypatch)
    use_silent_tagger(monkeypatch)
    model = make_random("tiny", ["a red sofa", "which product fits best"], "cpu", torch.float32)
    for part in (model.network, model.tokenizer, model.image_processor):
        part.save_pretrained(tmp_path / "base")
    (tmp_path / "images").mkdir()
    train, valid = {}, []
    for number in range(16):
        asin, (colour, rgb) = f"B{number:09}", list(COLOURS.items())[number % 4]
        Image.new("RGB", (40, 50), rgb).save(tmp_path / "images" / f"{asin}_0.jpg")
        text, image = f"a {colour} thing {number}", f"https://example.org/{asin}.jpg"
        if number < 12:
            captions = {f"{asin}_0.jpg": text}
            train[asin] = {
                "title": f"Thing {number}",
                "images": [image],
                "categories": ["Home"],
                "image_descriptions_llava_cleaned": captions,
            }
        else:
            row = {"image_name": f"{asin}_0.jpg", "image": image, "title": f"Thing {number}"}
            valid.append({**row, "image_description_llava_cleaned": text})
    write_json(tmp_path / "item2meta_train.json", train)
    write_jsonl(tmp_path / "item2meta_valid.jsonl", valid)
    for split, ids in (("train", sorted(train)), ("valid", [row["image_name"][:10] for row in valid])):
        rows = [
            {
                "context": f"<submission>I want thing {item}</submission>\n<comment>Which?</comment>\n",
                "context_items": [],
                "gt": f"this: {item}",
                "gt_items": [item, item],  # the data names some twice
                "candidates_st": [other for other in ids if other != item or split == "valid"][:10],
            }
            for item in ids
        ]
        write_jsonl(tmp_path / "amazon_home" / f"{split}.jsonl", rows)
    return tmp_path


def do(*words) -> dict:
    result = CliRunner().invoke(main, [*map(str, words), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_from_the_authors_files_to_an_answer(work):
    for split, name in (("train", "item2meta_train.json"), ("valid", "item2meta_valid.jsonl")):
        do("catalog", "import", work / name, "--to", work / split)
    base, train = ["--model", work / "base"], ["--catalog", work / "train"]
    described = do("describe", *train, *base, "--out", work / "texts.jsonl", "--new-tokens", 4)
    assert described["pictures"] == 12
    descriptions = [work / split / "descriptions.jsonl" for split in ("train", "valid")]  # the authors' own
    texts = [option for file in descriptions for option in ("--descriptions", file)]
    distill = [
        "distill",
        *train,
        *base,
        *texts,
        "--valid-catalog",
        work / "valid",
        "--out",
        work / "seen",
        "--lr",
        0.01,
    ]
    distilled = do(*distill)
    assert distilled["config"]["epochs"] == 5 and distilled["config"]["steps"] == 5 * 3  # twelve pictures, four a step
    assert len(distilled["valid"]) == 6 and distilled["best"]["perplexity"] < distilled["valid"][0]["perplexity"]
    lists = ["--candidates", "candidates_st", "--valid-catalog", work / "valid"]
    talks = ["--dialogues", work / "amazon_home/train.jsonl", "--valid", work / "amazon_home/valid.jsonl"]
    tuned = do("tune", *train, *base, *talks, *lists, "--from", work / "seen", "--out", work / "tuned", "--lr", 0.01)
    assert tuned["choices"] == [12] and tuned["config"]["labeling"] == "ids" and tuned["config"]["epochs"] == 1
    valid = ["--catalog", work / "valid", *base, "--adapter", work / "tuned"]
    asked = ["evaluate", *valid, "--dialogues", work / "amazon_home/valid.jsonl", "--candidates", "candidates_st"]
    for decode in ("list", "generate"):
        metrics = do(*asked, "--decode", decode, "--out", work / "runs" / decode)
        assert metrics["overall"]["ceiling"] == 1.0 and metrics["overall"]["n"] == 4
    result = CliRunner().invoke(main, ["table", str(work / "runs"), "--out", str(work / "paper")])
    assert result.exit_code == 0 and "amazon_home · candidates_st" in (work / "paper/table.md").read_text()
    assert do("ask", "thing 13", *valid)["pick"]["title"].startswith("Thing 1")
    settings = read_settings(catalog=work / "valid", model=str(work / "base"), adapter=work / "tuned")
    assert build_app(load_recommender(settings), AnnotationStore(work / "flags.sqlite"), "$")


def test_a_run_that_was_killed_gives_the_same_curve(work, monkeypatch):
    do("catalog", "import", work / "item2meta_train.json", "--to", work / "train")
    do("catalog", "import", work / "item2meta_valid.jsonl", "--to", work / "valid")
    texts = ["--descriptions", work / "train/descriptions.jsonl", "--descriptions", work / "valid/descriptions.jsonl"]
    base = ["--catalog", work / "train", "--model", work / "base", "--valid-catalog", work / "valid", *texts]
    distill = ["distill", *base, "--epochs", 3, "--lr", 0.01, "--checkpointing", "true"]
    whole = do(*distill, "--out", work / "whole")
    save = Checkpoint.save

    def die(self, step, *state):
        save(self, step, *state)
        raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", die)
    killed = CliRunner().invoke(main, [*map(str, distill), "--out", str(work / "cut")])
    assert killed.exit_code != 0 and (work / "cut.progress").is_file()
    monkeypatch.setattr(Checkpoint, "save", save)
    again = do(*distill, "--out", work / "cut")
    assert again["losses"] == whole["losses"] and again["valid"] == whole["valid"]
    shutil.rmtree(work / "whole")
    plain = do(*distill[:-2], "--out", work / "whole")
    assert plain["losses"] == pytest.approx(whole["losses"], abs=1e-3)  # less memory, the same gradients
