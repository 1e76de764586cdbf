"""Describe: what the teacher sees is what LLaVA-NeXT itself would see; texts are checked, kept, and not made twice."""

import json

import pytest
import torch
from click.testing import CliRunner
from helpers.tiny import tiny_model
from PIL import Image
from transformers import LlavaNextProcessor

from lavic_chat.catalog import Product
from lavic_chat.cli import main
from lavic_chat.errors import LavicError
from lavic_chat.training import teacher_captions
from lavic_chat.training.teacher_captions import (
    DescribeRequest,
    Description,
    agreement,
    describe_pictures,
    read_descriptions,
    tasks_of,
)


@pytest.mark.parametrize("tower", ["dinov2", "clip"])
def test_the_teacher_sees_what_the_stock_model_sees(tower):
    """The stock class with the stock processor, on the picture as it is letterboxed, says the same."""
    model = tiny_model(tower)
    picture = Image.effect_noise((56, 56), 90).convert("RGB")
    strategy = "default"
    processor = LlavaNextProcessor(
        model.image_processor, model.tokenizer, patch_size=14, vision_feature_select_strategy=strategy,
        image_token="<image>", num_additional_image_tokens=1,
    )  # fmt: skip
    given = processor(images=picture, text="<image>what is it?", return_tensors="pt")
    wanted = model.network.generate(**given, max_new_tokens=6, do_sample=False)[0, given["input_ids"].shape[1] :]
    tokens = model.see_fully([picture])[0]
    assert int((given["input_ids"] == model.image_token_id).sum()) == len(tokens) == 5 * 4 + 4
    ids = torch.tensor([model.image_token_id] * len(tokens) + model.words_to_ids("what is it?"))
    assert torch.equal(ids, given["input_ids"][0])
    prompt = model.embed(ids, tokens)
    assert model.generate([prompt], 6) == [model.tokenizer.decode(wanted, skip_special_tokens=True)]


def test_prompts_of_different_lengths_are_answered_as_each_alone():
    model = tiny_model()
    with torch.no_grad():
        model.core.language_model.norm.weight.mul_(3)
    texts = ("a red sofa", "why")
    prompts = [model.embed(torch.tensor(model.words_to_ids(text)), torch.zeros(0, 48)) for text in texts]
    assert model.generate(prompts, 5) == [model.generate([prompt], 5)[0] for prompt in prompts]


def test_agreement_is_about_what_is_known():
    looks = {"colour": "grey", "material": "velvet", "pattern": "plain", "type": "sofa"}
    sofa = Product("s", "S", "Sofas", attributes=looks)
    assert agreement(sofa, "Two gray sofas of Velvet") == {"colour": True, "material": True, "type": True}
    assert agreement(sofa, "a greyish couch") == {"colour": False, "material": False, "type": False}
    assert agreement(Product("x", "X", "Sofas"), "anything") == {}


@pytest.fixture
def tasks(tiny_catalog):
    return tasks_of(tiny_model(), tiny_catalog, tiny_catalog.products[:5], 4)


def test_a_stopped_run_goes_on_and_nothing_is_described_twice(tasks, tmp_path, monkeypatch):
    model, out, asked = tiny_model(), tmp_path / "texts.jsonl", []
    request = DescribeRequest(None, out, batch=2, new_tokens=4)

    def write(model, part, new_tokens):
        if len(asked) == 4:
            raise KeyboardInterrupt
        asked.extend(task.key for task in part)
        return [f"a {task.product.attributes['colour']} thing" for task in part]

    monkeypatch.setattr(teacher_captions, "write", write)
    with pytest.raises(KeyboardInterrupt):
        describe_pictures(model, tasks, request)
    assert len(list(read_descriptions(out))) == 4
    monkeypatch.setattr(
        teacher_captions, "write", lambda model, part, n: [asked.append(task.key) or "last" for task in part]
    )
    written = describe_pictures(model, tasks, request)
    assert asked == [task.key for task in tasks] == [item.key for item in written]
    assert list(read_descriptions(out)) == written
    assert written[0].agrees["colour"] and not written[4].is_usable


def test_another_title_or_teacher_is_another_task(tiny_catalog, tasks):
    other = tasks_of(tiny_model("clip"), tiny_catalog, tiny_catalog.products[:5], 5)
    assert not {task.key for task in tasks} & {task.key for task in other}


def test_a_file_of_other_things_is_told(tmp_path):
    (tmp_path / "d.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(LavicError, match="line 1: no description"):
        list(read_descriptions(tmp_path / "d.jsonl"))


def test_the_command_describes_and_distill_learns_from_it(base, tiny_catalog_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("LAVIC_HOME", str(tmp_path / "home"))
    command = [
        "describe",
        "--catalog",
        str(tiny_catalog_folder),
        "--model",
        str(base),
        "--out",
        str(tmp_path / "d.jsonl"),
    ]
    result = CliRunner().invoke(main, [*command, "--new-tokens", "3", "--limit", "2", "--json"])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["pictures"] == 2 and set(answer["agrees"]) >= {"colour"}
    assert all(isinstance(item, Description) for item in read_descriptions(tmp_path / "d.jsonl"))
    told = CliRunner().invoke(main, [*command, "--new-tokens", "3", "--limit", "2"])
    assert "2 pictures described" in told.output and "colour in" in told.output
    assert CliRunner().invoke(main, [*command, "--split", "valid"]).exit_code == 1
