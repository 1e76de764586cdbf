"""Adapters: saved and opened they give the same scores; another base, damage, other people's folders are refused."""

import json
import shutil

import pytest
import torch
from helpers.tiny import tiny_model, tiny_network
from helpers.toys import item_features, make_adapter, random_states, said, shake
from peft import PeftModel
from peft.tuners.tuners_utils import BaseTunerLayer
from PIL import Image
from safetensors.torch import load_file, save_file

from lavic_chat.errors import LavicError, ModelError
from lavic_chat.model import card
from lavic_chat.model.adapter import apply_adapter, check_target, read_retriever, save_adapter
from lavic_chat.model.card import AdapterCard, read_card
from lavic_chat.model.load import load_model
from lavic_chat.model.lora import LoraShape, add_lora, merge_loras, plain_layers
from lavic_chat.ranking import DECODES, Ranker, RankerConfig
from lavic_chat.retrieval.fusion import Fusion, save_fusion


@pytest.fixture(scope="module")
def trained(base, tmp_path_factory):
    """(model, its adapter folder); nobody changes either."""
    model = load_model(str(base), None, tmp_path_factory.mktemp("home"), "cpu")
    with torch.no_grad():
        model.projector.linear_2.weight.mul_(3)
    return model, make_adapter(model, tmp_path_factory.mktemp("adapter") / "a", decode="list", temperature=0.5)


@pytest.fixture
def folder(trained, tmp_path):
    """A copy of the adapter to harm."""
    return shutil.copytree(trained[1], tmp_path / "copy")


def scores(model, catalog, decode="branch"):
    products = catalog.products[:4]
    return (
        Ranker(model, RankerConfig(decode))
        .rank(said("a red sofa"), products, item_features(random_states(4, model)))
        .probabilities
    )


# ---- there and back ----


@pytest.mark.parametrize("decode", DECODES)
def test_an_adapter_gives_the_same_scores_again(trained, base, tiny_catalog, tmp_path, decode):
    model, folder = trained
    bare = load_model(str(base), None, tmp_path, "cpu")
    opened = load_model(str(base), folder, tmp_path, "cpu")
    wanted = scores(model, tiny_catalog, decode)
    assert scores(opened, tiny_catalog, decode) == pytest.approx(wanted, abs=1e-5)
    assert scores(bare, tiny_catalog, decode) != pytest.approx(wanted, abs=1e-3)


def test_folded_into_the_weights_it_gives_the_same_scores(trained, base, tiny_catalog, tmp_path):
    opened = load_model(str(base), trained[1], tmp_path, "cpu")
    before = scores(opened, tiny_catalog)
    merge_loras(opened)
    assert scores(opened, tiny_catalog) == pytest.approx(before, abs=1e-5)
    lora = next(module for module in opened.network.modules() if isinstance(module, BaseTunerLayer))
    assert lora.merged


def test_what_an_opened_adapter_says_of_itself(trained, base, tmp_path):
    opened = load_model(str(base), trained[1], tmp_path, "cpu")
    assert (opened.card.decode, opened.card.temperature) == ("list", 0.5)
    assert opened.adapter_hash and opened.vision_hash == opened.fingerprint
    assert not opened.network.training and not any(p.requires_grad for p in opened.network.parameters())


def test_the_folder_is_as_described(trained):
    folder = trained[1]
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert names == {
        "adapter.json", "files.json", "projector.safetensors", "preprocessor_config.json",
        "llm/adapter_config.json", "llm/adapter_model.safetensors",
    }  # fmt: skip
    assert json.loads((folder / "llm" / "adapter_config.json").read_text())["base_model_name_or_path"] is None
    assert "/tmp" not in "".join(path.read_text() for path in folder.rglob("*.json") if path.name != "adapter.json")


def test_the_llm_part_is_kept_in_half_precision(trained, base, tmp_path):
    stored = load_file(trained[1] / "llm" / "adapter_model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}
    opened = load_model(str(base), trained[1], tmp_path, "cpu")
    assert {p.dtype for name, p in opened.network.named_parameters() if "lora_" in name} == {torch.float32}


def test_stock_peft_opens_the_llm_part(trained):
    """On a stock LLaVA-NeXT, without a line of ours."""
    model, folder = trained
    stock = tiny_network(len(model.tokenizer), model.image_token_id)
    opened = PeftModel.from_pretrained(stock, folder / "llm")
    ids = torch.tensor([[40, 41, 42]])
    ours = model.network(input_ids=ids).logits
    assert torch.allclose(opened(input_ids=ids).logits, ours, atol=1e-5)
    with opened.disable_adapter():
        assert not torch.allclose(opened(input_ids=ids).logits, ours, atol=1e-3)


def test_the_tower_and_the_llm_may_both_have_one(base, tmp_path, tiny_catalog):
    """PEFT switches the first off when it adds the second."""
    model = load_model(str(base), None, tmp_path, "cpu")
    add_lora(model, "vision", LoraShape(4, 8, 0.0))
    shake(model, "vision")
    views = model.make_views([Image.linear_gradient("L").convert("RGB")])
    states = model.encode_views(views)
    add_lora(model, "llm", LoraShape(4, 8, 0.0))
    assert torch.allclose(model.encode_views(views), states, atol=1e-5)
    assert not any(p.requires_grad for p in model.tower.parameters())
    shake(model, "llm")
    save_adapter(model, tmp_path / "both", AdapterCard(model.name, model.fingerprint))

    opened = load_model(str(base), tmp_path / "both", tmp_path, "cpu")
    assert torch.allclose(opened.encode_views(views), states, atol=1e-5)
    assert scores(opened, tiny_catalog) == pytest.approx(scores(model, tiny_catalog), abs=1e-5)
    assert opened.vision_hash != opened.fingerprint  # other states, so another cache

    plain_layers(opened)
    assert not any(isinstance(module, BaseTunerLayer) for module in opened.network.modules())
    assert torch.allclose(opened.encode_views(views), states, atol=1e-5)
    assert scores(opened, tiny_catalog) == pytest.approx(scores(model, tiny_catalog), abs=1e-5)
    add_lora(opened, "llm", LoraShape(4, 8, 0.0))  # something else may be put on

    bare = load_model(str(base), tmp_path / "both", tmp_path, "cpu", without=["vision"])
    assert bare.vision_hash == bare.fingerprint and bare.adapter_hash != opened.adapter_hash
    assert not torch.allclose(bare.encode_views(views), states, atol=1e-3)


def test_search_goes_along_while_the_tower_stays(trained, folder, base, tmp_path):
    """A stage that begins with an adapter ends with its search, too: the card still says how far to trust it."""
    assert read_retriever(folder, "any") == {} == read_retriever(None, "any")
    (folder / "retriever").mkdir()
    (folder / "retriever" / "adapter_config.json").write_text("{}")
    model = load_model(str(base), folder, tmp_path, "cpu")
    save_fusion(Fusion(4, 5, 3), folder, model.vision_hash, "words")
    for target in (tmp_path / "next", folder):  # beside it, and in its place
        save_adapter(model, target, model.card, read_retriever(folder, model.vision_hash))
        files = sorted(file.name for file in (target / "retriever").iterdir())
        assert files == ["adapter_config.json", "fusion.safetensors"]
    assert list(read_retriever(folder, tower="another")) == ["retriever/adapter_config.json"]
    (folder / "retriever" / "fusion.safetensors").write_text("harmed")
    with pytest.raises(ModelError, match="damaged or incomplete"):
        read_retriever(folder, model.vision_hash)


# ---- a fresh LoRA ----


def test_a_fresh_lora_is_seeded_changes_nothing_yet_and_alone_is_trainable(tiny_catalog):
    model = tiny_model()
    before = scores(model, tiny_catalog)
    add_lora(model, "llm", LoraShape(4, 8, 0.1), seed=3)
    model.network.eval()
    assert scores(model, tiny_catalog) == pytest.approx(before, abs=1e-5)
    trainable = {name for name, p in model.network.named_parameters() if p.requires_grad}
    assert trainable and all("language_model" in name and "lora_" in name for name in trainable)
    kinds = {name.split(".lora_")[0].rsplit(".", 1)[-1] for name in trainable}
    assert kinds == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    again, other = tiny_model(), tiny_model()
    add_lora(again, "llm", LoraShape(4, 8, 0.1), seed=3)
    add_lora(other, "llm", LoraShape(4, 8, 0.1), seed=4)
    name = next(name for name in trainable if "lora_A" in name)
    first, same, another = (m.network.get_parameter(name) for m in (model, again, other))
    assert torch.equal(first, same) and not torch.equal(first, another)


def test_a_fresh_lora_takes_the_place_of_an_old_one(trained, base, tmp_path, tiny_catalog):
    model = load_model(str(base), trained[1], tmp_path, "cpu")
    add_lora(model, "llm", LoraShape(2, 4, 0.0))
    model.network.eval()
    plain = load_model(str(base), None, tmp_path, "cpu")
    plain.projector.load_state_dict(model.projector.state_dict())
    assert scores(model, tiny_catalog) == pytest.approx(scores(plain, tiny_catalog), abs=1e-5)


# ---- refusals ----


def test_another_base_is_refused_in_a_sentence(trained, base, tmp_path):
    other = tiny_model()  # another fingerprint
    with pytest.raises(ModelError, match=r"The adapter a was trained on .* and does not fit tiny; choose --model"):
        apply_adapter(other, trained[1])


def change_card(**fields):
    def harm(folder):
        path = folder / "adapter.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | fields))

    return harm


def write(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def drop(name):
    return lambda folder: (folder / name).unlink()


def halve(name):
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:300])


def rename_weights(folder):
    path = folder / "llm" / "adapter_model.safetensors"
    save_file({name.replace("layers", "leyers"): value for name, value in load_file(path).items()}, path)


def widen_projector(folder):
    path = folder / "projector.safetensors"
    save_file({name: torch.cat([value, value]) for name, value in load_file(path).items()}, path)


def change_lora(**fields):
    def harm(folder):
        path = folder / "llm" / "adapter_config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | fields))

    return harm


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (drop("adapter.json"), "is not an adapter folder"),
        (write("adapter.json", b"{"), "cannot be read as an adapter's card"),
        (write("adapter.json", b"[]"), "cannot be read as an adapter's card"),
        (write("adapter.json", b"\xff\xfe\xff"), "cannot be read as an adapter's card"),
        (change_card(nll=1), "cannot be read as an adapter's card"),
        (change_card(temperature=0), "temperature must be above 0"),
        (change_card(temperature="warm"), "cannot be read as an adapter's card"),
        (change_card(format=2, nll=1), "format 2, this version reads 1; update"),
        (drop("projector.safetensors"), "damaged or incomplete"),
        (halve("projector.safetensors"), "damaged or incomplete"),
        (widen_projector, "damaged or incomplete"),
        (drop("llm/adapter_model.safetensors"), "damaged or incomplete"),
        (halve("llm/adapter_model.safetensors"), "damaged or incomplete"),
        (rename_weights, "damaged or incomplete"),
        (write("llm/adapter_config.json", b"[]"), "damaged or incomplete"),
        (write("llm/adapter_config.json", b"{"), "damaged or incomplete"),
        (change_lora(r="eight"), "damaged or incomplete"),
        (change_lora(r=2), "damaged or incomplete"),
        (change_lora(target_modules="nothing"), "damaged or incomplete"),
    ],
)
def test_a_damaged_folder_is_refused_in_a_sentence(folder, base, tmp_path, harm, sentence):
    harm(folder)
    with pytest.raises(ModelError, match=sentence) as told:
        load_model(str(base), folder, tmp_path, "cpu")
    assert "\n" not in str(told.value)


def test_a_way_to_decode_that_does_not_exist_is_refused(folder, base, tmp_path):
    change_card(decode="dice")(folder)
    model = load_model(str(base), folder, tmp_path, "cpu")
    with pytest.raises(ModelError, match="no way to decode called 'dice'"):
        Ranker(model, RankerConfig(model.card.decode))


# ---- writing ----


def test_a_folder_of_other_things_is_not_replaced(trained, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    for target in (tmp_path / "thesis", tmp_path / "thesis" / "chapter.txt"):
        with pytest.raises(ModelError, match="is there already and is no adapter"):
            save_adapter(trained[0], target, AdapterCard("tiny", ""))
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"


def test_new_empty_and_older_adapter_folders_may_be_written(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    for target in (tmp_path / "new", tmp_path / "empty", folder):
        check_target(target)


def test_a_stopped_save_leaves_the_older_adapter(trained, folder, monkeypatch):
    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(card, "write_json", stop)
    with pytest.raises(KeyboardInterrupt):
        save_adapter(trained[0], folder, AdapterCard("newer", ""))
    assert read_card(folder).base != "newer"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_full_disk_is_told(trained, tmp_path, monkeypatch):
    class Full:
        def __init__(self, *arguments, **options):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("lavic_chat.storage.files.tempfile.NamedTemporaryFile", Full)
    with pytest.raises(LavicError, match="No space left on device"):
        save_adapter(trained[0], tmp_path / "new", AdapterCard("tiny", ""))
    assert list(tmp_path.iterdir()) == []
