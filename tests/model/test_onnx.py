"""The processor's runtime against torch, the reference: the same states, tokens, logits and words, up to rounding."""

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from helpers.tiny import save_tiny, save_tiny_encoder, tiny_model
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import ModelError
from lavic_chat.features.captions import decode_captions
from lavic_chat.model import VIEWS, onnx_graph, runtimes
from lavic_chat.model.base import join_rows
from lavic_chat.model.layers import STACKS, TOGETHER
from lavic_chat.model.load import load_model
from lavic_chat.model.onnx_export import export_text_encoder
from lavic_chat.model.onnx_graph import Graph
from lavic_chat.model.onnx_model import RECORD, STACK_FILES, OnnxModel
from lavic_chat.model.onnx_text import OnnxTextEncoder
from lavic_chat.model.packing import pad
from lavic_chat.model.runtimes import ModelSource, export_folder, open_model
from lavic_chat.ranking.prompt import BRANCH, LIST, PromptCandidate, PromptFormat, build_prompt
from lavic_chat.ranking.reading import Reader
from lavic_chat.ranking.scoring import score_prompts, score_with

TALK = Dialogue().say("a red sofa for the blue chair")
TITLES = ("Red sofa", "Red chair", "Lamp")
CLOSE = {"atol": 1e-4, "rtol": 1e-4}
HALVED = {"atol": 1e-3, "rtol": 2e-3}  # weights in half precision


def named(folder: Path) -> Path:
    """A base that says what it is, so that it can be exported."""
    (folder / "lavic_base.json").write_text(json.dumps({"fingerprint": "the tests' own"}))
    return folder


@pytest.fixture(scope="module", params=["dinov2", "clip"])
def pair(request, tmp_path_factory):
    """One base in torch and exported."""
    home = tmp_path_factory.mktemp(request.param)
    base = named(save_tiny(home / "base", request.param))
    exported = open_model(ModelSource(str(base), None, home, "onnx"))
    assert isinstance(exported, OnnxModel)
    return load_model(str(base), None, home, "cpu"), exported


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> ModelSource:
    home = tmp_path_factory.mktemp("home")
    return ModelSource(str(named(save_tiny(home / "base"))), None, home, "onnx")


def prompt_of(model, layout: str = BRANCH):
    return build_prompt(model, TALK, [PromptCandidate(title) for title in TITLES], PromptFormat(layout, 512))


def tokens_of(model) -> torch.Tensor:
    return torch.randn(len(TITLES) * VIEWS, model.token_size, generator=torch.Generator().manual_seed(0))


def states_of(model) -> torch.Tensor:
    """What the tower saw of the three, made up."""
    return torch.randn(len(TITLES) * VIEWS, model.state_size, generator=torch.Generator().manual_seed(1))


# ---- the same ----


def test_sizes_and_names_are_those_of_the_reference(pair):
    reference, exported = pair
    for name in (
        "name", "fingerprint", "vision_hash", "adapter_hash", "state_size", "token_size", "full_tokens", "context",
        "image_token_id", "end_token_id", "weights_hash",
    ):  # fmt: skip
        assert getattr(exported, name) == getattr(reference, name), name
    assert exported.chat_frame() == reference.chat_frame()


def test_pictures_are_seen_the_same(pair):
    reference, exported = pair
    pictures = [Image.radial_gradient("L").convert("RGB"), Image.new("RGB", (40, 90), "teal")]
    views = reference.make_views(pictures)
    assert torch.allclose(exported.make_views(pictures), views, atol=0.02)  # half a step of 255
    states = reference.encode_views(views)
    assert torch.allclose(exported.encode_views(views), states, **HALVED)
    assert torch.allclose(exported.project(states), reference.project(states), **HALVED)


@pytest.mark.parametrize("layout", [BRANCH, LIST])
def test_prompts_are_scored_the_same(pair, layout):
    scores = [score_prompts(model, [prompt_of(model, layout)], [tokens_of(model)])[0] for model in pair]
    assert torch.allclose(*scores, **HALVED)
    assert scores[0].std() > 30 * (scores[0] - scores[1]).abs().max()  # so the agreement says something


def test_a_padded_batch_is_scored_as_each_alone(pair):
    exported = pair[1]
    prompts = [prompt_of(exported), build_prompt(exported, TALK, [PromptCandidate("Lamp")], PromptFormat(BRANCH, 512))]
    tokens = [tokens_of(exported), tokens_of(exported)[:VIEWS]]
    together = score_prompts(exported, prompts, tokens)
    for prompt, seen, scores in zip(prompts, tokens, together, strict=True):
        assert torch.allclose(score_prompts(exported, [prompt], [seen])[0], scores, **CLOSE)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("layout", [BRANCH, LIST])
def test_reading_on_is_reading_anew(pair, place, layout):
    model, rows = pair[place], states_of(pair[place])
    reader = Reader(model)
    longer = TALK.answer("this one", ["a"]).say("rather blue")
    for dialogue in (TALK, longer, longer):
        prompt = build_prompt(model, dialogue, [PromptCandidate(title) for title in TITLES], PromptFormat(layout, 512))
        anew = score_prompts(model, [prompt], [model.project(rows)])[0]
        assert torch.allclose(score_with(reader, prompt, rows), anew, **CLOSE)


def test_what_was_read_is_the_same(pair):
    rows = [pad(model, [prompt_of(model)], [tokens_of(model)]) for model in pair]
    (_, past), (_, own) = (model.read(*row, kept=9) for model, row in zip(pair, rows, strict=True))
    assert past.shape == own.shape and torch.allclose(past, own, **HALVED)


@pytest.mark.parametrize("place", [0, 1])
def test_stack_by_stack_is_the_whole(pair, place):
    model = pair[place]
    embeddings, positions, mask = pad(model, [prompt_of(model)], [tokens_of(model)])
    whole, past = model.read(embeddings, positions, mask, kept=7)
    states, rows = embeddings, []
    for stack in STACKS:
        states, read = model.read_stack(stack, states, positions, mask, None, 7)
        rows.append(read)
    assert torch.allclose(states, whole, **CLOSE) and torch.allclose(join_rows(rows), past, **CLOSE)
    assert len(past) == 2 * model.memory_shape[0]


def test_captions_and_answers_are_the_same(pair):
    reference, exported = pair
    tokens = tokens_of(reference).view(len(TITLES), VIEWS, -1)
    assert decode_captions(exported, tokens) == decode_captions(reference, tokens)
    prompt = reference.embed(prompt_of(reference, LIST).ids, tokens_of(reference))
    assert exported.generate([prompt], 6) == reference.generate([prompt], 6)


@given(text=st.lists(st.one_of(st.sampled_from(["<|start|>", "<image>", "<|end|>", "<pad>"]), st.text(max_size=9))))
def test_words_are_read_the_same(pair, text):
    reference, exported = pair
    assert exported.words_to_ids("".join(text)) == reference.words_to_ids("".join(text))
    ids = reference.words_to_ids("".join(text))
    assert exported.ids_to_words(ids) == reference.ids_to_words(ids)


def test_texts_have_the_same_vectors(tmp_path):
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(save_tiny_encoder(tmp_path)), device="cpu")
    export_text_encoder(encoder, "tiny", tmp_path / "export")
    exported = OnnxTextEncoder(tmp_path / "export").check()
    texts = ["a red sofa", "quince", "lamp " * 200, "the blue chair"] * 12
    expected = encoder.encode(texts, normalize_embeddings=True)
    assert exported.size == expected.shape[1] and exported.name == "tiny"
    assert torch.allclose(torch.tensor(exported.encode(texts)), torch.tensor(expected), **HALVED)


# ---- when ----


def test_an_export_is_made_once_and_whole(source):
    folder = export_folder(source)
    ensure_exports_of_model(source)
    made = (folder / RECORD).stat().st_mtime_ns
    ensure_exports_of_model(source)
    assert (folder / RECORD).stat().st_mtime_ns == made
    assert not [path for path in folder.parent.iterdir() if path.name.startswith(".")]


def ensure_exports_of_model(source: ModelSource) -> None:
    runtimes.ensure_model(source, progress=False)


def test_only_the_exports_that_were_used_last_are_kept(tmp_path):
    folders = [tmp_path / f"onnx-{number}" for number in range(6)]
    for age, folder in enumerate(folders):
        folder.mkdir()
        os.utime(folder, (1000 + age, 1000 + age))
    (tmp_path / "onnx-other-1").mkdir()
    (tmp_path / "openvino-int8-1").mkdir()
    (tmp_path / "onnx-9.lock").touch()
    runtimes.forget_unused(folders[0])
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"onnx-0", "onnx-4", "onnx-5", "onnx-other-1", "onnx-9.lock"}


def test_torch_answers_until_there_is_an_export(tmp_path):
    base = named(save_tiny(tmp_path / "base"))
    source = ModelSource(str(base), None, tmp_path, "auto")
    assert open_model(source).runtime == "torch"
    runtimes.ensure_model(source, progress=False)
    assert open_model(source).runtime == "onnx"
    assert open_model(ModelSource(str(base), None, tmp_path, "torch")).runtime == "torch"


def test_a_base_without_a_name_stays_with_torch(base, tmp_path):
    assert export_folder(ModelSource(str(base), None, tmp_path, "auto")) is None
    assert open_model(ModelSource(str(base), None, tmp_path, "auto")).runtime == "torch"


def test_what_cannot_run_here_costs_a_sentence(source, caplog, monkeypatch):
    """A graph that is what was written, and that this machine's ONNX Runtime does not take."""
    runtimes.ensure_model(source, progress=False)
    own = onnx_graph.open_session
    monkeypatch.setattr(onnx_graph, "open_session", lambda path: own(path.with_name("aside.onnx")))
    assert open_model(ModelSource(source.name, None, source.home, "auto")).runtime == "torch"
    assert len(caplog.records) == 1 and "torch answers" in caplog.text
    with pytest.raises(ModelError, match="cannot be run here"):
        open_model(source)


@pytest.mark.parametrize("name", [RECORD, "tokenizer.json", "words.safetensors"])
def test_a_damaged_export_is_told(source, name, tmp_path):
    import shutil

    runtimes.ensure_model(source, progress=False)
    folder = shutil.copytree(export_folder(source), tmp_path / "copy")
    (folder / name).write_bytes(b"{")
    with pytest.raises(ModelError, match="is damaged"):
        OnnxModel(folder)


def test_every_runtime_there_is_can_be_asked_for(tmp_path):
    with pytest.raises(ModelError, match="choose auto, torch, onnx"):
        ModelSource("x", None, tmp_path, "tensorrt")


def test_no_graph_waits_for_another_to_be_opened(tmp_path, monkeypatch):
    """The LLM's are opened by a thread while the sentence encoder's is."""
    slow, opening, done = Graph(tmp_path / "slow"), threading.Event(), threading.Event()

    def open_it(path):
        if path == slow.path:
            opening.set()
            assert done.wait(60)
        return path.name

    monkeypatch.setattr(onnx_graph, "open_session", open_it)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(slow.open)
        assert opening.wait(60)
        second = pool.submit(slow.open)  # of the same graph: it waits for the first
        assert Graph(tmp_path / "quick").open() == "quick"
        assert not first.done() and not second.done()
        done.set()
        assert first.result() == second.result() == "slow"


def test_what_cannot_be_prepared_is_told(tmp_path):
    (tmp_path / "traced.onnx").write_bytes(b"no graph")
    told = r"cannot be prepared .*; see that there is room in .*, or choose --runtime torch"
    with pytest.raises(ModelError, match=told):
        onnx_graph.prepare_graph(tmp_path / "traced.onnx", tmp_path / "graph.onnx")


def test_a_model_on_a_gpu_is_not_exported(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    base = named(save_tiny(tmp_path / "base"))
    assert export_folder(ModelSource(str(base), None, tmp_path, "auto")) is None


def test_a_hidden_row_of_a_mask_is_no_nan(pair):
    exported = pair[1]
    embeddings, positions, mask = pad(exported, [prompt_of(exported)], [tokens_of(exported)])
    mask[0, 3] = False
    states, _ = exported.read(embeddings, positions, mask)
    assert states.isfinite().all()


def test_the_graph_knows_no_example(source):
    """The lengths that were traced are not those that are asked for."""
    runtimes.ensure_model(source, progress=False)
    assert (export_folder(source) / STACK_FILES[TOGETHER]).is_file()
    model, reference = open_model(source), tiny_model()
    for length in (1, 4, 5, 77):
        given_ = torch.randn(1, length, model.token_size, generator=torch.Generator().manual_seed(length))
        mask = torch.ones(1, length, length, dtype=torch.bool).tril()
        one, other = (each.hidden_states(given_, torch.arange(length)[None], mask) for each in (model, reference))
        assert torch.allclose(one, other, **HALVED)
