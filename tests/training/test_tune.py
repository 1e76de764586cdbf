"""Tune: it learns what only the picture tells, the same seed gives the same run, the tower never changes."""

import copy
import random
from dataclasses import replace

import pytest
import torch
from helpers.drawn import SHAPES, draw_catalog
from helpers.tiny import tiny_model
from helpers.toys import item_features, random_states, said

from lavic_chat.catalog import Catalog
from lavic_chat.errors import ModelError
from lavic_chat.features.image_encoder import ImageEncoder
from lavic_chat.model import VIEWS
from lavic_chat.model.layers import WHOLE, LayerPlan
from lavic_chat.model.lora import LoraShape, add_lora
from lavic_chat.model.packing import pad
from lavic_chat.ranking import BRANCH, DECODES, LIST, Ranker, RankerConfig
from lavic_chat.ranking.scoring import score_prompts, verdict_log_odds
from lavic_chat.training.calibration import mean_nll
from lavic_chat.training.captions import appearance_caption
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.choices import Choice
from lavic_chat.training.configs import TuneConfig
from lavic_chat.training.curriculum import CatalogChoices, draw, draw_captions, fading
from lavic_chat.training.hit_rate import HitRate, TuneExamples, validate
from lavic_chat.training.losses import caption_loss, choosing_loss, teaching_loss, token_loss
from lavic_chat.training.teacher import Teacher
from lavic_chat.training.trainee import Trainee, caption_blurred
from lavic_chat.training.trainer import epoch_rows, warmup_cosine
from lavic_chat.training.tune import identity_of, parameter_groups, plan_of, tune_model

TOY = TuneConfig(
    steps=24, plain_steps=0, plain_share=0.0, batch=4, lr=1e-2, projector_lr=1e-2, rank=8,
    dropout=0.0, noise=0.05, valid_every=12, fewest=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Catalog:
    return draw_catalog(tmp_path_factory.mktemp("shop") / "catalog")


@pytest.fixture(scope="module")
def choices(shop) -> list[Choice]:
    """The red one of each shape; the four share their title, so that only the picture tells."""
    found = []
    for shape in SHAPES:
        products = tuple(product for product in shop if product.id.startswith(shape))
        assert len({product.title for product in products}) == 1
        found.append(Choice(said("the red one"), products, [p.id for p in products].index(f"{shape}-red")))
    return found


def tuned(shop, choices, config, keep=lambda best, curve: None):
    """(model, report, states, the network before) after a run on a fresh tiny model."""
    model = tiny_model()
    seen = ImageEncoder(model, shop.folder / "home").encode_products(shop, shop.products)
    model.start_projector(seen, seed=0)
    states = {product.id: row for product, row in zip(shop, seen, strict=True)}
    add_lora(model, "llm", LoraShape(config.rank, config.alpha, config.dropout), seed=config.seed)
    before = copy.deepcopy(model.network.state_dict())
    return model, tune_model(model, TuneExamples([choices], choices, states), config, keep), states, before


def test_it_learns_what_only_the_picture_tells(shop, choices):
    kept = []
    model, report, states, before = tuned(shop, choices, TOY, lambda best, curve: kept.append((best, len(curve))))
    assert sum(report.losses[-4:]) / 4 < 0.6 * sum(report.losses[:4]) / 4
    assert [point.step for point in report.valid] == [12, 24]
    assert report.best.hit == 1.0
    assert kept[-1][0] == report.best

    changed = {name for name, value in model.network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed and all("lora_" in name or "multi_modal_projector" in name for name in changed)
    assert any("lora_B" in name for name in changed) and any("projector" in name for name in changed)

    blank = dict.fromkeys(states, torch.stack(list(states.values())).mean(0))
    assert validate(model, TuneExamples([], choices, blank), TOY, 0).nll == pytest.approx(
        1.386, abs=0.01
    )  # without: pure chance
    assert not model.network.training


def test_a_seeded_run_can_be_repeated(shop, choices):
    few = TuneConfig(steps=3, batch=2, valid_every=3, dropout=0.2)
    first, second = (tuned(shop, choices, few)[1] for _ in range(2))
    assert first == second
    assert tuned(shop, choices, TuneConfig(steps=3, batch=2, valid_every=3, dropout=0.2, seed=1))[1] != first


def test_nothing_is_changed_in_place(shop, choices):
    before = copy.deepcopy(choices)
    _, _, states, _ = tuned(shop, choices, TuneConfig(steps=2, batch=2, valid_every=2))
    assert choices == before
    fresh = ImageEncoder(tiny_model(), shop.folder / "home").encode_products(shop, shop.products)
    assert all(torch.equal(states[product.id], row) for product, row in zip(shop, fresh, strict=True))


@pytest.mark.parametrize("decode", DECODES)
def test_every_way_to_decode_trains(shop, choices, decode):
    _, report, _, _ = tuned(shop, choices, TuneConfig(steps=2, batch=1, decode=decode, valid_every=1))
    assert len(report.losses) == len(report.valid) == 2
    assert all(0 < loss < 10 for loss in report.losses)


def test_the_projector_may_stay_frozen(shop, choices):
    model, _, _, before = tuned(shop, choices, TuneConfig(steps=2, batch=2, projector_lr=0.0, valid_every=2))
    changed = {name for name, value in model.network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed and all("lora_" in name for name in changed)


def test_the_groups_hold_the_lora_and_the_projector():
    model = tiny_model()
    add_lora(model, "llm", LoraShape(4, 8, 0.0))
    lora, projector = parameter_groups(model, TuneConfig(lr=0.1, projector_lr=0.2))
    assert (lora["lr"], projector["lr"]) == (0.1, 0.2)
    names = {id(p): name for name, p in model.network.named_parameters()}
    assert all("language_model" in names[id(p)] and "lora_" in names[id(p)] for p in lora["params"])
    assert len(lora["params"]) == 2 * 2 * 7  # A and B of seven linear layers in two blocks
    assert all("multi_modal_projector" in names[id(p)] for p in projector["params"])


def test_a_lora_of_stage_one_stays_as_it_is():
    model = tiny_model()
    add_lora(model, "vision", LoraShape(4, 8, 0.0))
    add_lora(model, "llm", LoraShape(4, 8, 0.0))
    lora, projector = parameter_groups(model, TuneConfig(projector_lr=0.2))
    names = {id(p): name for name, p in model.network.named_parameters()}
    assert not any(".vision." in names[id(p)] for p in (*lora["params"], *projector["params"]))
    assert len(projector["params"]) == 4
    assert not any(p.requires_grad for name, p in model.network.named_parameters() if ".vision." in name)


def test_candidates_grow_from_few_to_many(choices):
    rng = random.Random(0)
    config = TuneConfig(steps=100, plain_steps=0, plain_share=0.0, fewest=2, most=4, batch=3)
    for step, count in ((0, 2), (25, 3), (50, 4), (99, 4)):
        batch = draw(CatalogChoices(choices, (), ()), step, config, rng)
        assert [len(drawn.products) for drawn in batch] == [count] * 3
        assert all(drawn.products[drawn.answer].id.endswith("red") for drawn in batch)


def test_plain_questions_come_before_dialogues(shop, choices):
    rng = random.Random(0)
    config = TuneConfig(steps=100, plain_steps=60, plain_share=0.0, batch=50)

    def plain(step, coloured=shop.products):
        batch = draw(CatalogChoices(choices, (), coloured), step, config, rng)
        return sum(drawn.dialogue.turns[0].text != "the red one" for drawn in batch) / 50

    assert plain(0) == plain(30) == 1
    assert 0.2 < plain(45) < 0.8
    assert plain(60) == plain(99) == 0
    assert plain(0, ()) == 0  # nothing to ask about where no colour is known


def test_further_catalogues_get_their_share_and_validation_tells_sets_apart(shop, choices):
    """What a second shop asks for is learned only where it has a share."""
    others = [replace(choice, dialogue=said("the green one"), answer=1, set="green") for choice in choices]
    assert all(choice.products[1].id.endswith("green") for choice in others)
    model = tiny_model()
    seen = ImageEncoder(model, shop.folder / "home").encode_products(shop, shop.products)
    model.start_projector(seen, seed=0)
    states = {product.id: row for product, row in zip(shop, seen, strict=True)}
    add_lora(model, "llm", LoraShape(TOY.rank, TOY.alpha, 0.0))
    config = replace(TOY, also_share=1.0)
    examples = TuneExamples([choices, others], [*choices, *others], states)
    report = tune_model(model, examples, config, lambda *_: None)
    assert report.valid[-1].by_set["green"] == 1.0 > report.valid[-1].by_set["all"]
    assert "green 1.000" in str(report.valid[-1])


def test_fading():
    assert [fading(step, 8) for step in (0, 4, 5, 6, 7, 8, 80)] == [1, 1, 0.75, 0.5, 0.25, 0, 0]
    assert fading(0, 0) == 0
    assert [fading(step, 8, 0.5) for step in (0, 4, 6, 8)] == [1, 1, 0.75, 0.5]


def test_the_pace_rises_then_falls():
    rates = [warmup_cosine(step, 100) for step in range(100)]
    assert rates[0] == 0.1 and rates[9] == rates[10] == 1 and rates[-1] < 0.001
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert warmup_cosine(0, 1) == 1


def test_descriptions_are_true_own_or_none(shop):
    model = tiny_model()
    states = dict(zip(shop.by_id, random_states(len(shop), model), strict=True))
    own = caption_blurred(model, shop.products, states, TuneConfig())
    assert own.keys() == shop.by_id.keys()
    trainee, rng, products = Trainee(model, states, own, TuneConfig(say_share=0.8)), random.Random(0), shop.products[:3]
    drawn = [trainee.choose_captions(products, rng) for _ in range(400)]
    true, said = [appearance_caption(p) for p in products], [own[p.id] for p in products]
    assert all(found in (([""] * 3, False), (true, True), (said, False)) for found in drawn)
    assert 0.13 < drawn.count(([""] * 3, False)) / 400 < 0.27 and 0.33 < drawn.count((true, True)) / 400 < 0.47
    fewer = replace(trainee, config=TuneConfig(say_share=0.8, true_share=0.25))
    drawn = [fewer.choose_captions(products, rng) for _ in range(400)]
    assert 0.13 < drawn.count((true, True)) / 400 < 0.27 and 0.53 < drawn.count((said, False)) / 400 < 0.67


def test_captions_have_a_noise_of_their_own(shop, choices):
    """That of the words to choose by may be stronger than anything can be learned from."""
    model = tiny_model()
    states = dict(zip(shop.by_id, random_states(len(shop), model), strict=True))
    add_lora(model, "llm", LoraShape(8, 32, 0.0))

    def gradient(**noise) -> torch.Tensor:
        torch.manual_seed(0)
        model.network.zero_grad()
        Trainee(model, states, {}, replace(TOY, **noise)).learn_captions(shop.products[:3])
        return torch.cat([weight.grad.flatten() for weight in model.trained_loras()])

    usual = gradient()
    assert (gradient(blur=2.0) - usual).norm() < 1e-4 * usual.norm()
    assert (gradient(caption_noise=2.0) - usual).norm() > 1e-2 * usual.norm()


def test_a_model_that_does_not_speak_is_shown_no_words(shop):
    model = tiny_model()
    states = dict(zip(shop.by_id, random_states(len(shop), model), strict=True))
    trainee = Trainee(model, states, {}, TuneConfig(say_share=1.0))
    assert trainee.choose_captions(shop.products[:2], random.Random(0)) == (["", ""], False)


@torch.no_grad()
def nll(model, choice: Choice, of: str) -> float:
    """Loss of the true words in a prompt, "captions" beside the candidates or "wanted" by the shopper."""
    caption = [appearance_caption(product) for product in choice.products]
    shown = item_features(torch.zeros(len(caption), VIEWS, model.state_size), caption)
    prompt = Ranker(model).make_prompt(choice.dialogue, choice.products, shown, caption[choice.answer])
    tokens = torch.zeros(VIEWS * len(caption), model.token_size)
    hidden = model.hidden_states(*pad(model, [prompt], [tokens]))[0]
    return float(token_loss(model, hidden, prompt, getattr(prompt, of)))


@pytest.mark.parametrize(("weight", "of"), [("say_weight", "captions"), ("wish_weight", "wanted")])
def test_it_learns_to_say_what_is_shown_and_what_is_wanted(shop, choices, weight, of):
    """Both are learned along; without their share of the loss they are not."""
    after = {}
    for share in (1.0, 0.0):
        model = tiny_model()
        states = {product.id: torch.zeros(VIEWS, model.state_size) for product in shop}
        add_lora(model, "llm", LoraShape(8, 32, 0.0))
        before = nll(model, choices[0], of)
        config = replace(TOY, lr=3e-3, say_share=1.0, projector_lr=0.0, say_weight=0.0, wish_weight=0.0)
        examples = TuneExamples([choices], choices, states, speaks=True)
        tune_model(model, examples, replace(config, **{weight: share}), lambda *_: None)
        after[share] = nll(model, choices[0], of)
    assert after[1.0] < before - 0.5 and after[1.0] < after[0.0] - 0.5


@torch.no_grad()
def own_words(model, products) -> float:
    """Loss of describing the products' pictures by themselves."""
    shown = torch.zeros(len(products), VIEWS, model.state_size)
    return float(caption_loss(model, shown, [appearance_caption(product) for product in products]))


def test_captions_beside_the_choices_are_learned(shop, choices):
    model = tiny_model()
    states = {product.id: torch.zeros(VIEWS, model.state_size) for product in shop}
    add_lora(model, "llm", LoraShape(8, 32, 0.0))
    before = own_words(model, choices[0].products)
    trainee = Trainee(model, states, {}, TOY)
    optimizer = torch.optim.Adam(model.trained_loras(), lr=3e-3)
    for step in range(24):
        trainee.learn_captions(draw_captions(shop.products, 6, random.Random(step)))
        optimizer.step()
        optimizer.zero_grad()
    assert own_words(model, choices[0].products) < before - 0.5


def test_captions_are_drawn_after_the_choices(shop, choices, monkeypatch):
    """So a run without them is what it was before there were any; what knows no looks teaches none."""
    drawn = []
    monkeypatch.setattr(Trainee, "learn", lambda self, batch: drawn.append([choice for choice, _ in batch]) or 0.0)
    monkeypatch.setattr(Trainee, "learn_captions", lambda self, products: drawn.append(len(products)))
    for captions in (0, 2):
        tuned(shop, choices, replace(TOY, steps=2, valid_every=2, captions=captions))
    assert drawn[:2] == [drawn[4], 0] and drawn[3::2] == [0, 2, 2]
    assert draw_captions([], 3, random.Random(0)) == []


@torch.no_grad()
def verdict(model, choice: Choice, states) -> float:
    """Loss of the right candidate by the yes or no at the ends of a list's lines."""
    prompt = Ranker(model, RankerConfig(LIST)).make_prompt(
        choice.dialogue, choice.products, item_features(random_states(len(choice.products), model))
    )
    tokens = model.project(torch.cat([states[product.id] for product in choice.products]))
    hidden = model.hidden_states(*pad(model, [prompt], [tokens]))[0]
    return float(choosing_loss(verdict_log_odds(model, hidden[prompt.lines]), choice.answer, BRANCH))


def test_a_lists_lines_learn_to_tell_yes_from_no(shop, choices):
    after = {}
    for weight in (1.0, 0.0):
        model, _, states, _ = tuned(shop, choices, replace(TOY, decode=LIST, verdict_weight=weight))
        after[weight] = sum(verdict(model, choice, states) for choice in choices) / len(choices)
    assert after[1.0] < 1.0 < 1.2 < after[0.0]  # chance 1.386


def test_an_epoch_is_every_example_once(shop, choices):
    rows = [row for step in range(6) for row in epoch_rows(9, 3, step, seed=1)]
    assert sorted(rows[:9]) == sorted(rows[9:]) == list(range(9)) and rows[:9] != rows[9:]
    assert epoch_rows(9, 4, 2, seed=1) == rows[8:12] and epoch_rows(9, 9, 0, seed=2) != rows[:9]
    report = tuned(shop, choices, TuneConfig(epochs=1, steps=2, batch=2, valid_every=2))[1]
    assert len(report.losses) == 2


# ---- stopped and gone on ----


class Stop(Exception):
    pass


def run(shop, choices, folder, config=None, stop_at=None):
    """A run with a checkpoint in `folder`; with `stop_at` it stops there, at the first validation."""

    def keep(best, curve):
        if best.step == stop_at:
            raise Stop

    model = tiny_model()
    seen = ImageEncoder(model, shop.folder / "home").encode_products(shop, shop.products)
    model.start_projector(seen, seed=0)
    config = config or LONG
    add_lora(model, "llm", LoraShape(config.rank, config.alpha, config.dropout), seed=config.seed)
    states = dict(zip(shop.by_id, seen, strict=True))
    checkpoint = Checkpoint(folder / "out", config, "data")
    report = tune_model(model, TuneExamples([choices], choices, states), config, keep, checkpoint)
    return report, model.network.state_dict(), checkpoint


LONG = TuneConfig(steps=6, plain_steps=4, batch=2, valid_every=2, dropout=0.2, lr=1e-2)


def test_a_stopped_run_goes_on_as_if_it_had_not_been_stopped(shop, choices, tmp_path, monkeypatch):
    curve = {2: 0.1, 4: 0.2, 6: 0.3}
    monkeypatch.setattr(
        "lavic_chat.training.tune.validate", lambda *given: HitRate(given[3], curve[given[3]], 1.0, 1.0)
    )
    whole, weights, _ = run(shop, choices, tmp_path / "whole")
    with pytest.raises(Stop):  # step 2 is saved, 3 and 4 are lost
        run(shop, choices, tmp_path / "cut", stop_at=4)
    resumed, same_weights, checkpoint = run(shop, choices, tmp_path / "cut")
    assert resumed == whole
    assert all(torch.equal(weights[name], value) for name, value in same_weights.items())
    checkpoint.clear()
    assert not list((tmp_path / "cut").iterdir())


def test_the_progress_of_another_run_is_refused(shop, choices, tmp_path):
    run(shop, choices, tmp_path)
    with pytest.raises(ModelError, match="progress of a run with other settings or data; delete it"):
        run(shop, choices, tmp_path, replace(LONG, lr=1e-3))


@pytest.mark.parametrize(
    "harm", [lambda data: b"", lambda data: data[:200], lambda data: bytes([data[0] ^ 255]) + data[1:]]
)
def test_damaged_progress_is_told(shop, choices, tmp_path, harm):
    path = run(shop, choices, tmp_path)[2].path
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(ModelError, match=r"is damaged .*; delete it to start afresh"):
        run(shop, choices, tmp_path)


def test_the_best_so_far_is_kept_and_ties_go_to_the_likelier(shop, choices, monkeypatch):
    curve = iter([(0.5, 1.0), (0.5, 0.9), (0.4, 0.1), (0.5, 0.95)])

    def measured(model, examples, config, step):
        return HitRate(step, *next(curve), temperature=1.0)

    monkeypatch.setattr("lavic_chat.training.tune.validate", measured)
    kept = []
    _, report, _, _ = tuned(
        shop, choices, TuneConfig(steps=4, batch=1, valid_every=1), lambda best, curve: kept.append(best.step)
    )
    assert kept == [1, 2] and report.best.step == 2


# ---- validation ----


def test_validation_counts_hits(shop, choices, monkeypatch):
    model = tiny_model()
    states = dict(zip(shop.by_id, random_states(12, model), strict=True))
    result = validate(model, TuneExamples([], choices, states), TuneConfig(), 7)
    ranker = Ranker(model, RankerConfig(BRANCH))
    picks = [
        ranker.rank(c.dialogue, c.products, item_features([states[p.id] for p in c.products])).probabilities
        for c in choices
    ]
    hits = [max(range(4), key=row.__getitem__) == c.answer for row, c in zip(picks, choices, strict=True)]
    assert result.step == 7 and result.hit == pytest.approx(sum(hits) / 3)
    for decode in (BRANCH, LIST):
        assert 0 < validate(model, TuneExamples([], choices, states), TuneConfig(decode=decode), 0).nll < 5


def test_nll_by_hand():
    logs = [torch.tensor([0.5, 0.25, 0.25]).log(), torch.tensor([0.1, 0.8, 0.1]).log()]
    assert mean_nll(logs, [0, 1]) == pytest.approx((0.6931 + 0.2231) / 2, abs=1e-3)
    assert mean_nll(logs, [1, 0]) > mean_nll([row / 4 for row in logs], [1, 0])  # wrong and sure: colder is worse


# ---- a layer plan, and a teacher ----

PLAN = LayerPlan(0, 1)


def planned(shop, config: TuneConfig, teacher: Teacher | None = None) -> tuple[Trainee, Ranker]:
    model = tiny_model()
    model.plan = PLAN
    add_lora(model, "llm", LoraShape(4, 8, 0.0), seed=0)
    states = {product.id: row for product, row in zip(shop, random_states(len(shop), model), strict=True)}
    trainee = Trainee(model, states, {}, config, teacher)
    return trainee, Ranker(model, RankerConfig(config.decode))


@pytest.mark.parametrize(("share", "by_plan"), [(0.0, True), (1.0, False)])
def test_choices_are_read_by_the_plan_or_whole(shop, choices, share, by_plan):
    trainee, ranker = planned(shop, replace(TOY, whole_share=share, noise=0.0))
    choosing, _ = trainee.losses(ranker, choices[0], random.Random(0))
    prompt, _ = trainee.make_prompt(ranker, choices[0], random.Random(0), with_wanted=False)
    rows = trainee.noisy_states(choices[0].products)
    expected = {}
    for plan in (PLAN, WHOLE):
        trainee.model.plan = plan
        logits = score_prompts(trainee.model, [prompt], [trainee.model.project(rows)])[0]
        expected[plan] = float(choosing_loss(logits, choices[0].answer, BRANCH).detach())
    assert expected[PLAN] != pytest.approx(expected[WHOLE], abs=1e-4)
    assert float(choosing.detach()) == pytest.approx(expected[PLAN if by_plan else WHOLE], abs=1e-5)


def test_a_teachers_chances_are_learned_and_not_the_right_answer(shop, choices):
    wrong = type("Wrong", (), {"score": lambda self, prompt, rows: torch.tensor([0.0, 9.0, 0.0, 0.0])})()
    trainee, ranker = planned(shop, replace(TOY, whole_share=0.0), wrong)
    choice = replace(choices[0], answer=0)
    optimizer = torch.optim.Adam(trainee.model.trained_loras(), lr=3e-2)
    for _ in range(30):
        optimizer.zero_grad()
        loss, _ = trainee.losses(ranker, choice, random.Random(0))
        loss.backward()
        optimizer.step()
    shown = item_features([trainee.states[product.id] for product in choice.products])
    ready = ranker.prepare(choice.dialogue, choice.products, shown)
    assert int(torch.tensor(ranker.rank_many([ready])[0].probabilities).argmax()) == 1


def test_a_teacher_that_agrees_teaches_nothing():
    logits = torch.tensor([1.0, -2.0, 0.5])
    assert float(teaching_loss(logits, logits + 3)) == pytest.approx(0, abs=1e-6)
    assert float(teaching_loss(logits, logits.flip(0))) > 0.1


def test_a_teacher_says_what_its_own_chat_would(shop, choices):
    model = tiny_model()
    rows = random_states(4, model).flatten(0, 1)
    prompt = Ranker(model).make_prompt(choices[0].dialogue, choices[0].products, item_features(random_states(4, model)))
    with torch.no_grad():
        assert torch.allclose(
            Teacher(model).score(prompt, rows), score_prompts(model, [prompt], [model.project(rows)])[0], atol=1e-5
        )


def test_the_plan_is_the_configs_or_the_adapters_own():
    model = tiny_model()
    model.plan = PLAN
    assert plan_of(replace(TOY, decode=LIST), model) == WHOLE
    assert plan_of(TOY, model) == PLAN
    assert plan_of(replace(TOY, join=1), replace_plan(model, WHOLE)) == LayerPlan(1)
    with pytest.raises(ModelError, match="choose --join below --withdraw"):
        plan_of(replace(TOY, join=1, withdraw=1), model)


def replace_plan(model, plan):
    model.plan = plan
    return model


def test_progress_under_another_teacher_is_another_runs():
    record = {
        "from": "a", "catalogs": ["b"], "dialogues": ["c"], "valid_dialogues": ["d"], "valid_catalog": "e",
        "candidates": "f", "valid_limit": 3,
    }  # fmt: skip
    told = [identity_of(tiny_model(), row) for row in (record, record | {"teacher": "x"}, record | {"teacher": "y"})]
    assert len(set(told)) == 3 and identity_of(tiny_model(), dict(record)) == told[0]
