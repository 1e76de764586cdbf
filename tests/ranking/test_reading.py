"""Reading by a plan: branches apart from the conversation first, answer places alone last, nothing read twice."""

import sqlite3
from dataclasses import replace

import pytest
import torch
from helpers.tiny import save_tiny, tiny_model
from helpers.toys import item_features, random_states, said
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import ModelError
from lavic_chat.model.adapter import save_adapter
from lavic_chat.model.card import AdapterCard
from lavic_chat.model.layers import APART, TOGETHER, WHOLE, LayerPlan
from lavic_chat.model.load import load_model
from lavic_chat.model.packing import pad
from lavic_chat.model.runtimes import ModelSource, export_folder, open_model
from lavic_chat.ranking import branch_cache, reading
from lavic_chat.ranking.branch_cache import FILE, BranchCache
from lavic_chat.ranking.prompt import LIST
from lavic_chat.ranking.ranker import Ranker, RankerConfig
from lavic_chat.ranking.reading import Reader, read_together
from lavic_chat.ranking.scoring import score_prompts, score_with

LAYERS = 4
PLANS = [WHOLE, LayerPlan(1), LayerPlan(0, 3), LayerPlan(1, 3), LayerPlan(2, 3)]
CLOSE = {"atol": 1e-5, "rtol": 1e-4}
HALVED = {"atol": 2e-3, "rtol": 5e-3}  # states in half precision
TALKS = [said("a red sofa"), said("a red sofa", "rather blue"), said("a lamp for the desk")]


@pytest.fixture(scope="module")
def model():
    return tiny_model(layers=LAYERS)


@pytest.fixture(autouse=True)
def as_it_was(model):
    yield
    model.plan = WHOLE


def asked(model, catalog, talk=TALKS[0], count: int = 4):
    """A prompt with branches, and the tower states in it."""
    ready = Ranker(model).prepare(talk, catalog.products[:count], item_features(random_states(count, model, seed=7)))
    return ready.prompt, ready.rows


def together(model, prompt, rows):
    return score_prompts(model, [prompt], [model.project(rows)])[0]


# ---- what a plan means ----


@torch.inference_mode()
def test_without_a_plan_all_layers_read_everything(model, tiny_catalog):
    prompt, rows = asked(model, tiny_catalog)
    tokens = model.project(rows)
    whole = model.hidden_states(*pad(model, [prompt], [tokens]))[0, prompt.answers]
    assert torch.allclose(read_together(model, [prompt], [tokens])[0], whole, **CLOSE)


@torch.inference_mode()
def test_a_branch_reads_the_conversation_from_where_it_joins(model, tiny_catalog):
    """Before, its states are the same whatever is said; behind, they are not."""
    seen = []
    for talk in TALKS:
        prompt, rows = asked(model, tiny_catalog, talk)
        model.plan = LayerPlan(2, 3)
        embeddings, positions, mask = pad(model, [prompt], [model.project(rows)])
        apart, _ = model.read_stack(APART, embeddings, *(part[None] for part in prompt.apart()))
        joined, _ = model.read_stack(TOGETHER, apart, positions, mask)
        seen.append([states[0, prompt.answers] for states in (apart, joined)])
    (first, then), *others = seen
    for apart, joined in others:
        assert torch.allclose(apart, first, **CLOSE)
        assert not torch.allclose(joined, then, atol=1e-3)


@torch.inference_mode()
@pytest.mark.parametrize("plan", PLANS[1:])
def test_a_plan_changes_what_comes_out(model, tiny_catalog, plan):
    prompt, rows = asked(model, tiny_catalog)
    whole = together(model, prompt, rows)
    model.plan = plan
    assert not torch.allclose(together(model, prompt, rows), whole, atol=1e-4)


@torch.inference_mode()
def test_where_others_are_withdrawn_nothing_of_them_is_seen(model, tiny_catalog):
    """The last layers by hand: the first token and one answer place, no more."""
    prompt, rows = asked(model, tiny_catalog)
    embeddings, positions, mask = pad(model, [prompt], [model.project(rows)])
    model.plan = LayerPlan(0, 3)
    states, _ = model.read_stack(TOGETHER, embeddings, positions, mask)
    for row, answer in enumerate(prompt.answers.tolist()):
        pair = torch.tensor([0, answer])
        sees = torch.ones(2, 2, dtype=torch.bool).tril()
        by_hand = model.read_stack(2, states[:, pair], positions[:, pair], sees[None])[0][0, 1]
        assert torch.allclose(read_together(model, [prompt], [model.project(rows)])[0][row], by_hand, **CLOSE)


@torch.inference_mode()
@pytest.mark.parametrize("plan", PLANS)
def test_a_batch_reads_as_each_alone(model, tiny_catalog, plan):
    model.plan = plan
    asking = [asked(model, tiny_catalog, talk, count) for talk, count in zip(TALKS, (2, 5, 1), strict=True)]
    batch = score_prompts(model, [prompt for prompt, _ in asking], [model.project(rows) for _, rows in asking])
    for (prompt, rows), scores in zip(asking, batch, strict=True):
        assert torch.allclose(together(model, prompt, rows), scores, **CLOSE)


@pytest.mark.parametrize("plan", [LayerPlan(3, 2), LayerPlan(0, 9), LayerPlan(4), LayerPlan(-1)])
def test_a_plan_has_to_fit_the_layers(plan):
    with pytest.raises(ValueError, match="do not fit 4 layers"):
        plan.stacks(LAYERS)


# ---- nothing is read twice ----


@torch.inference_mode()
@pytest.mark.parametrize("joined", [1, 3, 10])  # of four branches
@pytest.mark.parametrize("plan", PLANS)
def test_reading_on_is_reading_anew(model, tiny_catalog, plan, joined, monkeypatch):
    monkeypatch.setattr(reading, "JOINED", joined)
    model.plan, reader = plan, Reader(model)
    for talk in (*TALKS, *TALKS):
        prompt, rows = asked(model, tiny_catalog, talk)
        assert torch.allclose(score_with(reader, prompt, rows), together(model, prompt, rows), **CLOSE)


@torch.inference_mode()
def test_a_product_is_read_once(model, tiny_catalog, tmp_path, monkeypatch):
    model.plan, read = LayerPlan(2, 3), []
    monkeypatch.setattr(
        model,
        "read_stack",
        lambda stack, states, *more: read.append((stack, states.shape[1])) or own(stack, states, *more),
    )
    own = type(model).read_stack.__get__(model)
    reader = Reader(model, BranchCache(model, tmp_path))
    scores, apart_of = [], []
    for talk in (TALKS[0], TALKS[2], TALKS[2]):
        prompt, rows = asked(model, tiny_catalog, talk)
        read.clear()
        scores.append(score_with(reader, prompt, rows))
        apart = sum(length for stack, length in read if stack == APART)
        apart_of.append(apart)
        assert torch.allclose(scores[-1], together(model, prompt, rows), **HALVED)
    assert apart_of[0] > prompt.prefix and 0 < apart_of[1] <= prompt.prefix - prompt.head and apart_of[2] == 0
    assert torch.equal(scores[1], scores[2])
    anew = Reader(model, BranchCache(model, tmp_path))  # as after a restart
    assert torch.allclose(score_with(anew, *asked(model, tiny_catalog, TALKS[2])), scores[2], **CLOSE)


@torch.inference_mode()
def test_products_can_be_read_ahead(model, tiny_catalog, tmp_path):
    model.plan = LayerPlan(2, 3)
    Reader(model, BranchCache(model, tmp_path)).read_branches(*asked(model, tiny_catalog, Dialogue()))
    cache = BranchCache(model, tmp_path)
    prompt, rows = asked(model, tiny_catalog, TALKS[1])
    lengths = dict(zip(cache.name(prompt, rows), map(len, prompt.paths), strict=True))
    assert cache.recall(lengths).keys() == lengths.keys()


@torch.inference_mode()
def test_two_products_that_look_alike_are_both_read(model, tiny_catalog, tmp_path):
    model.plan = LayerPlan(1, 3)
    states, twins = random_states(2, model), [tiny_catalog.products[0]] * 2
    ready = Ranker(model).prepare(TALKS[0], twins, item_features(torch.stack([states[0], states[0]])))
    scores = score_with(Reader(model, BranchCache(model, tmp_path)), ready.prompt, ready.rows)
    assert torch.allclose(scores[0], scores[1], **CLOSE)
    assert torch.allclose(scores, together(model, ready.prompt, ready.rows), **HALVED)


@torch.inference_mode()
@pytest.mark.parametrize("harm", ["shorter", "not a number", "no database"])
def test_what_is_damaged_is_read_again(model, tiny_catalog, tmp_path, harm):
    model.plan = LayerPlan(1, 3)
    prompt, rows = asked(model, tiny_catalog)
    whole = score_with(Reader(model, BranchCache(model, tmp_path)), prompt, rows)
    if harm == "no database":
        (tmp_path / FILE).write_bytes(b"nothing at all" * 99)
    else:
        with sqlite3.connect(tmp_path / FILE) as database:
            length = 2 * model.token_size
            database.execute(
                f"update vectors set data = substr(data, 1, {length})"
                if harm == "shorter"
                else f"update vectors set data = x'{'007e' * (length // 2)}' || substr(data, {length + 1})"
            )
    assert torch.allclose(score_with(Reader(model, BranchCache(model, tmp_path)), prompt, rows), whole, **HALVED)


def test_names_tell_apart_all_that_states_hang_on(model, tiny_catalog):
    prompt, rows = asked(model, tiny_catalog)
    names = BranchCache(model).name(prompt, rows)
    assert len(set(names)) == len(names)
    assert names == BranchCache(model).name(*asked(model, tiny_catalog, TALKS[2]))
    other = rows.clone()
    other[0] += 1
    assert BranchCache(model).name(prompt, other)[0] != names[0]
    assert BranchCache(model).name(prompt, other)[1:] == names[1:]
    model.plan = LayerPlan(1)
    assert not set(BranchCache(model).name(prompt, rows)) & set(names)
    assert BranchCache(model).name(replace(prompt, head=prompt.head - 1), rows)[0] not in names


@torch.inference_mode()
def test_what_is_kept_is_bounded_and_what_cannot_be_used_costs_nothing(model, tiny_catalog, tmp_path, monkeypatch):
    model.plan = LayerPlan(2, 3)
    prompt, rows = asked(model, tiny_catalog)
    Reader(model, BranchCache(model, tmp_path)).read_branches(prompt, rows)
    monkeypatch.setattr(branch_cache, "KEPT", 1)
    BranchCache(model, tmp_path)
    with sqlite3.connect(tmp_path / FILE) as database:
        assert database.execute("select count(*) from vectors").fetchone() == (1,)
    (tmp_path / FILE).write_bytes(b"no database")
    reader = Reader(model, BranchCache(model, tmp_path))
    assert torch.allclose(score_with(reader, prompt, rows), together(model, prompt, rows), **HALVED)


# ---- from the adapter to the runtime ----


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A base and an adapter whose card has a plan."""
    import json

    home = tmp_path_factory.mktemp("planned")
    base = save_tiny(home / "base", layers=LAYERS)
    (base / "lavic_base.json").write_text(json.dumps({"fingerprint": "planned"}))
    model = load_model(str(base), None, home, "cpu")
    save_adapter(model, home / "adapter", AdapterCard(model.name, model.fingerprint, join=2, withdraw=3))
    return ModelSource(str(base), home / "adapter", home, "onnx")


@torch.inference_mode()
@pytest.mark.parametrize("joined", [3, 10])  # of four branches
def test_both_runtimes_read_by_the_adapters_plan(planned, tiny_catalog, tmp_path, joined, monkeypatch):
    monkeypatch.setattr(reading, "JOINED", joined)
    exported = open_model(planned)
    reference = open_model(replace(planned, runtime="torch"))
    assert exported.plan == reference.plan == LayerPlan(2, 3) and exported.runtime == "onnx"
    for talk in TALKS:
        prompt, rows = asked(reference, tiny_catalog, talk)
        expected = together(reference, prompt, rows)
        for reader in (Reader(exported), Reader(exported, BranchCache(exported, tmp_path))):
            assert (score_with(reader, prompt, rows) - expected).abs().max() < expected.std() / 4


def test_another_plan_is_another_export(planned, tmp_path):
    other = tmp_path / "adapter"
    model = load_model(planned.name, None, planned.home, "cpu")
    save_adapter(model, other, AdapterCard(model.name, model.fingerprint, join=1, withdraw=3))
    assert export_folder(replace(planned, adapter=other)) != export_folder(planned)


def test_a_plan_that_the_base_has_no_layers_for_is_told(planned, tmp_path):
    model = load_model(planned.name, None, planned.home, "cpu")
    save_adapter(model, tmp_path / "adapter", AdapterCard(model.name, model.fingerprint, join=2, withdraw=30))
    with pytest.raises(ModelError, match="damaged"):
        load_model(planned.name, tmp_path / "adapter", planned.home, "cpu")


@given(join=st.integers(0, 6), withdraw=st.integers(0, 6), layers=st.integers(1, 6))
def test_the_stacks_of_a_plan_are_all_layers_in_order(join, withdraw, layers):
    try:
        stacks = LayerPlan(join, withdraw).stacks(layers)
    except ValueError:
        return
    assert [layer for first, last in stacks for layer in range(first, last)] == list(range(layers))


def test_products_are_read_ahead_only_where_that_is_of_use(model, tmp_path):
    kept = Ranker(model, branches=BranchCache(model, tmp_path))
    assert not kept.reads_ahead
    model.plan = LayerPlan(1)
    assert kept.reads_ahead and not Ranker(model).reads_ahead
    assert not Ranker(model, RankerConfig(LIST), branches=BranchCache(model, tmp_path)).reads_ahead
