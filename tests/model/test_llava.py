"""The wrapped LLaVA-NeXT: five views of anything, [CLS] states, image places, chat frame, inert text; opening."""

import json
import sys
import threading

import pytest
import torch
from helpers.tiny import tiny_model, tiny_tokenizer
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel, LlavaNextForConditionalGeneration

from lavic_chat.errors import ModelError
from lavic_chat.model import VIEWS
from lavic_chat.model.llava import read_frame
from lavic_chat.model.load import base_fingerprint, load_model

CONTROL = ["<|start|>", "<|end|>", "<image>", "<pad>"]
HOSTILE = st.lists(st.one_of(st.sampled_from([*CONTROL, "<|", "|>", "assistant "]), st.text(max_size=8))).map("".join)


@pytest.fixture(scope="module", params=["dinov2", "clip"])
def model(request):
    return tiny_model(request.param)


# ---- seeing ----


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (336, 336), (28, 28), (56, 57), (640, 480)])
def test_any_picture_is_five_views(model, size):
    views = model.make_views([Image.new("RGB", size, "red")])
    assert views.shape == (1, VIEWS, 3, 28, 28)


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.tuples(st.integers(1, 400), st.integers(1, 400)), min_size=1, max_size=3))
def test_any_pictures_are_five_views_each(model, sizes):
    assert model.make_views([Image.new("L", size) for size in sizes]).shape == (len(sizes), VIEWS, 3, 28, 28)


def test_the_views_are_the_whole_and_its_quarters():
    model = tiny_model()
    picture = Image.new("RGB", (80, 80))
    colours = [(250, 20, 20), (20, 250, 20), (20, 20, 250), (240, 240, 240)]
    for place, colour in zip([(0, 0), (40, 0), (0, 40), (40, 40)], colours, strict=True):
        picture.paste(colour, (*place, place[0] + 40, place[1] + 40))
    mean, std = (
        torch.tensor(v).view(3, 1, 1) for v in (model.image_processor.image_mean, model.image_processor.image_std)
    )
    whole, *quarters = (255 * (view * std + mean) for view in model.make_views([picture])[0])
    for quarter, colour in zip(quarters, colours, strict=True):
        assert torch.allclose(quarter[:, 4:-4, 4:-4].mean((1, 2)), torch.tensor(colour, dtype=torch.float), atol=3)
    for row, column, colour in ((6, 6, 0), (6, 21, 1), (21, 6, 2), (21, 21, 3)):
        assert torch.allclose(whole[:, row, column], torch.tensor(colours[colour], dtype=torch.float), atol=8)


def test_a_state_is_the_cls_after_the_last_layer(model):
    views = model.make_views([Image.radial_gradient("L").convert("RGB"), Image.new("RGB", (40, 90), "teal")])
    states = model.encode_views(views)
    assert states.shape == (2, VIEWS, model.state_size)
    seen = model.tower(pixel_values=views[1, 3][None], output_hidden_states=True)
    assert torch.allclose(states[1, 3], seen.last_hidden_state[0, 0], atol=1e-5)
    assert not torch.allclose(states[1, 3], seen.last_hidden_state[0, 1], atol=1e-3)


def test_dinov2_states_come_after_its_layer_norm():
    model = tiny_model("dinov2")
    seen = model.tower(pixel_values=torch.rand(1, 3, 28, 28), output_hidden_states=True)
    assert not torch.allclose(seen.last_hidden_state[0, 0], seen.hidden_states[-1][0, 0], atol=1e-3)


def test_projected_states_are_as_wide_as_words(model):
    assert model.project(torch.zeros(7, VIEWS, model.state_size)).shape == (7, VIEWS, model.token_size)


# ---- reading ----


def test_visual_tokens_take_the_image_places_in_order(model):
    place = model.image_token_id
    ids = torch.tensor([5, place, 6, place, 7])
    tokens = torch.randn(2, model.token_size)
    embedded = model.embed(ids, tokens)
    words = model.core.get_input_embeddings()(ids)
    assert torch.equal(embedded[[1, 3]], tokens)
    assert torch.equal(embedded[[0, 2, 4]], words[[0, 2, 4]])


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_number_of_image_places_is_asserted(model, count):
    ids = torch.tensor([model.image_token_id, 5, model.image_token_id])
    with pytest.raises(AssertionError, match=f"2 image places for {count} visual tokens"):
        model.embed(ids, torch.zeros(count, model.token_size))


def test_logits_of_a_few_words_are_those_of_all(model):
    states = torch.randn(2, 4, model.token_size)
    words = torch.tensor([7, 30, 4])
    assert torch.allclose(model.word_logits(states, words), model.network.lm_head(states)[..., words], atol=1e-5)


# ---- words ----


def test_the_chat_frame_is_the_bases_own(model):
    before, after = model.chat_frame()
    talk = [{"role": "user", "content": "red sofa"}]
    whole = model.tokenizer.apply_chat_template(talk, add_generation_prompt=True, tokenize=False)
    assert model.tokenizer.decode(before) + "red sofa" + model.tokenizer.decode(after) == whole
    assert {1, 2} <= {*before, *after}  # its control tokens, here, are meant


@pytest.mark.parametrize(
    ("template", "frame"),
    [
        ("{% for m in messages %}{% for c in m['content'] %}{{ '[I]' + c['text'] + '[/I]' }}{% endfor %}{% endfor %}",
         ("[I]", "[/I]")),
        (None, ("USER: ", "\nASSISTANT:")),
        ("{{ 'always the same' }}", ("USER: ", "\nASSISTANT:")),
    ],
    ids=["a processor's", "none", "deaf"],
)  # fmt: skip
def test_other_chat_templates(template, frame):
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = template
    assert tuple(tokenizer.decode(part) for part in read_frame(tokenizer)) == frame


@settings(max_examples=60, deadline=None)
@given(text=HOSTILE)
def test_control_tokens_in_text_are_inert(model, text):
    ids = model.words_to_ids(text)
    assert not set(ids) & {0, 1, 2, 3, model.image_token_id}
    text = text.encode("utf-8", "ignore").decode()
    assert model.tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text  # letter by letter, none lost


def test_threads_do_not_make_text_obeyed():
    """The tokenizer keeps `split_special_tokens` from one call for the next, whichever thread that comes from."""
    model = tiny_model()
    text = "please <|end|> " * 40
    frame, ids, problems = model.chat_frame(), model.words_to_ids(text), []

    def work():
        for _ in range(30):
            if model.chat_frame() != frame or model.words_to_ids(text) != ids:
                problems.append("another thread's settings")

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert problems == []


# ---- opening ----


@pytest.fixture
def folder(base, tmp_path):
    """A copy to harm."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in base.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    return copy


def test_a_saved_folder_opens_as_it_was(base, tmp_path):
    opened, original = load_model(str(base), None, tmp_path, "cpu"), tiny_model()
    picture = [Image.linear_gradient("L").convert("RGB")]
    states = [model.encode_views(model.make_views(picture)) for model in (opened, original)]
    assert torch.allclose(*states, atol=1e-5)
    assert opened.chat_frame() == original.chat_frame()
    assert not opened.network.training and not any(p.requires_grad for p in opened.network.parameters())


def test_a_base_has_one_fingerprint_on_every_device(base, tmp_path):
    """A GPU opens it in bfloat16, a CPU in float32: an adapter of the one must fit the other."""
    halved = LlavaNextForConditionalGeneration.from_pretrained(base, dtype=torch.bfloat16)
    assert base_fingerprint(base, halved) == load_model(str(base), None, tmp_path, "cpu").fingerprint


def test_other_weights_have_another_fingerprint(base, folder, tmp_path):
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if name.endswith("linear_1.bias"))
    save_file(weights | {name: weights[name] + 0.1}, folder / "model.safetensors", {"format": "pt"})
    assert load_model(str(folder), None, tmp_path).fingerprint != load_model(str(base), None, tmp_path).fingerprint


def test_the_recorded_fingerprint_counts_unless_it_is_damaged(base, folder, tmp_path):
    (folder / "lavic_base.json").write_text('{"fingerprint": "as recorded"}')
    assert load_model(str(folder), None, tmp_path).fingerprint == "as recorded"
    (folder / "lavic_base.json").write_text("[]")
    assert load_model(str(folder), None, tmp_path).fingerprint == load_model(str(base), None, tmp_path).fingerprint


def cut_weights(folder):
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])


def lose_a_weight(folder):
    weights = load_file(folder / "model.safetensors")
    weights.pop(next(name for name in weights if "layers.1.mlp" in name))
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def become_a_bert(folder):
    shape = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    BertModel(BertConfig(**shape, intermediate_size=16)).save_pretrained(folder)


def break_config(folder):
    (folder / "config.json").write_text("{")


def drop_tokenizer(folder):
    for file in folder.glob("tokenizer*"):
        file.unlink()


@pytest.mark.parametrize("harm", [cut_weights, lose_a_weight, become_a_bert, break_config, drop_tokenizer])
def test_a_harmed_folder_is_told_in_a_sentence(folder, tmp_path, harm):
    harm(folder)
    with pytest.raises(ModelError, match="cannot be opened as a LLaVA-NeXT") as told:
        load_model(str(folder), None, tmp_path)
    assert "\n" not in str(told.value)


def test_a_model_that_is_nowhere_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="no-such-model cannot be opened"):
        load_model(str(tmp_path / "no-such-model"), None, tmp_path)


def test_the_config_file_may_not_bring_code(folder, tmp_path):
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "evil", "auto_map": {"AutoConfig": "evil.EvilConfig"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(ModelError):
        load_model(str(folder), None, tmp_path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("tower", ["dinov2", "clip"])
def test_a_tower_that_sees_partly_reads_its_cls_from_fewer_patches(tower):
    model = tiny_model(tower)
    views = model.make_views([Image.linear_gradient("L").convert("RGB")])
    whole, read = model.encode_views(views), []
    hook = model.tower.encoder.register_forward_pre_hook(
        lambda module, given, named: read.append((given or tuple(named.values()))[0].shape[1]), with_kwargs=True
    )
    with model.seeing_partly(0.5):
        partly = model.encode_views(views)
    with model.seeing_partly(1.0):
        all_again = model.encode_views(views)  # in another order, which [CLS] does not see
    hook.remove()
    assert read == [3, 5] and partly.shape == whole.shape  # [CLS] and two, or four, patches
    assert torch.allclose(all_again, whole, atol=1e-5) and not torch.allclose(partly, whole, atol=1e-4)
    assert torch.allclose(model.encode_views(views), whole, atol=1e-5)


def test_a_view_made_alone_is_the_same_view():
    model = tiny_model()
    picture = Image.effect_noise((150, 90), 80).convert("RGB")
    together = model.make_views([picture])[0]
    for place in range(VIEWS):
        assert torch.allclose(model.make_view(picture, place), together[place], atol=0.02), place
