"""The generated dialogues: that they are true, fair, varied, and the same on every run."""

import json
import random
import re
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1]))  # the catalogue's tools are not part of the package

from catalog.make.dialogues import main, make_split, read_looks
from catalog.make.palette import GROUND, RANGES, SHADES, finishes_of
from catalog.make.talk import retrieval
from catalog.make.talk.banks import bank, load_banks, spin
from catalog.make.talk.candidates import named_wishes
from catalog.make.talk.kinds import is_noun, kin, misnamed, thing_of
from catalog.make.talk.looks import Look, look_of
from catalog.make.talk.measures import measure, write_report
from catalog.make.talk.nouns import Noun
from catalog.make.talk.requests import request
from catalog.make.talk.retrieval import rank_by_chance, rank_by_text
from catalog.make.talk.stories import draw_story
from catalog.make.talk.story import Asked, Shop
from catalog.make.talk.voice import Teller, Voice, americanise, article, misspell, plural, sentence
from catalog.make.talk.wishes import Wish, fails, fulfils
from catalog.make.talk.wording import word_wish
from lavic_chat.dialogue.reddit_amazon import read_conversations
from lavic_chat.errors import LavicError
from lavic_chat.storage.files import write_json, write_jsonl

KINDS = {
    "sofa": "fabric", "armchair": "leather", "dining chair": "wood", "dining table": "wood", "table lamp": "metal",
    "vase": "ceramic", "plant": "ceramic", "rug": "fabric", "bin": "plastic", "bookcase": "wood",
}  # fmt: skip
NOUNS = {"sofa": "corner sofa", "plant": "palm"}  # of every second shape
FORMS = ("post", "tag", "key", "clause", "in", "right")
SLOT_NAMES = "np bare nps noun Bare Np c ac tint x a an b m why part title series figures old want lower right seen "
SLOT_NAMES += "stuff place decoy nth than n"
SLOTS = dict.fromkeys([*SLOT_NAMES.split(), "the", "The", "in"], "word")


def make_catalog(folder: Path, shapes_of_split: dict[str, int], finishes: int = 6) -> Path:
    """products.jsonl and splits.json of every kind in several shapes and finishes, one of them with a pattern."""
    rng, rows, splits = random.Random(5), [], {}
    for split, count in shapes_of_split.items():
        splits[split] = {}
        for kind, surface in KINDS.items():
            plain = [finish for finish in finishes_of(surface) if not finish.pattern]
            patterned = [finish for finish in finishes_of(surface) if finish.pattern]
            for number in range(count):
                shape = f"{split}-{kind}-{number}"
                splits[split][shape] = []
                chosen = rng.sample(plain, finishes - bool(patterned)) + rng.sample(patterned, bool(patterned))
                for finish in chosen:
                    item = f"LV{len(rows):06d}"
                    look = {"type": kind, "colour": finish.colour, "shade": finish.shade, "material": finish.material}
                    look |= {"pattern": finish.pattern or "plain", "accent": GROUND if finish.pattern else ""}
                    noun = NOUNS.get(kind, kind) if number % 2 else kind
                    title = f"{['Mira', 'Oslo', 'Juno', 'Edda'][number]} {split[:2]} {noun}"
                    row = {"id": item, "title": title, "category": "Home", "price": 99.0}
                    rows.append(row | {"attributes": look | {"style": "classic"}})
                    splits[split][shape].append(item)
    write_jsonl(folder / "products.jsonl", rows)
    write_json(folder / "splits.json", splits)
    return folder


@pytest.fixture(scope="module")
def looks(tmp_path_factory) -> dict[str, list[Look]]:
    folder = make_catalog(tmp_path_factory.mktemp("made"), {"train": 4, "valid": 2, "test": 3})
    return read_looks(folder)


@pytest.fixture(scope="module")
def made(looks):
    return make_split(looks["train"], 500, "7/train", rank_by_chance)


def look(kind: str, shade: str, material: str = "", accent: str = "", pattern: str = "plain", style: str = "") -> Look:
    attributes = {"type": kind, "colour": SHADES[shade][0], "shade": shade, "material": material, "accent": accent}
    attributes |= {"pattern": pattern, "style": style}
    return look_of({"id": "x", "title": f"Mira {kind}", "attributes": attributes}, "shape")


def told(made):
    return [(row, item.story) for row, item in zip(*made, strict=True)]


def spoken(row: dict) -> str:
    return re.sub(r"</?(submission|comment)>", " ", row["context"]) + row["gt"]


def test_same_seed_gives_the_same_and_another_seed_gives_others(looks, made):
    rows, _ = make_split(looks["train"], 60, "7/train", rank_by_chance)
    assert rows == made[0][:60]
    others, _ = make_split(looks["train"], 60, "8/train", rank_by_chance)
    assert sum(one["context"] == other["context"] for one, other in zip(rows, others, strict=True)) < 3


def test_ten_different_candidates_with_the_truth_among_them_in_any_place(made):
    places = Counter()
    for row in made[0]:
        assert len(row["candidates"]) == len(set(row["candidates"])) == 10
        assert len(row["gt_items"]) == 1
        places[row["candidates"].index(row["gt_items"][0])] += 1
    assert len(places) == 10 and max(places.values()) < 0.2 * len(made[0])


def test_every_product_of_a_split_is_of_its_shapes(looks):
    for split in ("valid", "test"):
        own = {item.id for item in looks[split]}
        rows, _ = make_split(looks[split], 60, f"1/{split}", rank_by_chance)
        for row in rows:
            assert own >= {*row["candidates"], *row["context_items"]}


def test_exactly_one_candidate_fulfils_the_wishes(looks, made):
    by_id = {item.id: item for item in looks["train"]}
    for row, item in zip(*made, strict=True):
        story = item.story
        wishes = named_wishes(story, item.scope) if row["set"] == "mixed" else story.firm
        assert fulfils(story.target, wishes)
        for other in row["candidates"]:
            assert other == story.target.id or fails(by_id[other], wishes), (row["context"], by_id[other])


def test_a_plainly_named_colour_is_the_colour_of_one_candidate_only(looks, made):
    """Checked from the text alone: the first message of a one-turn visual request that names one basic colour."""
    by_id = {item.id: item for item in looks["train"]}
    colours = {colour for colour, _ in SHADES.values()}
    seen = 0
    for row, story in told(made):
        words = re.findall(r"[a-z]+", spoken(row).split(row["gt"])[0].lower().replace("gray", "grey"))
        named = {word for word in words if word in colours}
        if row["set"] == "visual" and len(story.wishes) == 1 and not story.decoy and not story.olds and len(named) == 1:
            if story.wishes[0].kind != "colour" or story.seen:
                continue
            seen += 1
            assert [item for item in row["candidates"] if by_id[item].colour in named] == row["gt_items"]
    assert seen > 20


def test_near_colours_are_never_the_only_difference():
    for wanted, other in (("white", "cream"), ("grey", "chrome"), ("beige", "oak"), ("white", "silver grey")):
        assert Wish("colour", wanted).verdict(look("sofa", other)) is None
    assert Wish("colour", "red").verdict(look("sofa", "forest")) is False
    assert Wish("shade", "navy/blue").verdict(look("sofa", "petrol")) is None
    assert Wish("shade", "navy/blue").verdict(look("sofa", "sky")) is False
    assert Wish("colour", "white", negated=True).verdict(look("sofa", "cream")) is None


def test_an_accent_makes_a_colour_doubtful_and_can_be_asked_for():
    two = look("armchair", "snow", accent="scarlet")
    assert Wish("colour", "white").verdict(two) is True
    assert Wish("colour", "red").verdict(two) is None
    assert Wish("colour", "red", negated=True).verdict(two) is None
    assert Wish("accent", "red").verdict(two) is True
    assert Wish("accent", "red").verdict(look("armchair", "snow")) is False


def test_tones_and_materials():
    assert Wish("tone", "dark").verdict(look("sofa", "navy")) is True
    assert Wish("tone", "dark", negated=True).verdict(look("sofa", "navy")) is False
    assert Wish("tone", "vivid").verdict(look("sofa", "snow")) is False
    assert Wish("material", "fabric").verdict(look("sofa", "navy", "velvet")) is True
    assert Wish("material", "velvet").verdict(look("sofa", "navy", "linen")) is None
    assert Wish("material", "leather").verdict(look("sofa", "navy", "linen")) is False
    assert Wish("material", "leather").verdict(look("sofa", "navy")) is None
    assert Wish("material", "wood").verdict(look("desk", "emerald", "lacquer")) is None
    assert Wish("material", "lacquer").verdict(look("desk", "emerald", "lacquer")) is True


def test_patterns_are_sure_where_they_are_named_and_doubtful_where_they_are_not():
    stripes, plain = look("sofa", "navy", "cotton", "cream", "striped"), look("sofa", "navy", "cotton")
    vague = look("rug", "navy", "wool", "", "patterned")
    for wished, answers in {
        "striped": (True, False, None),
        "checked": (False, False, None),
        "plain": (False, True, False),
        "patterned": (True, False, True),
    }.items():
        assert tuple(Wish("pattern", wished).verdict(item) for item in (stripes, plain, vague)) == answers, wished
    assert Wish("pattern", "striped").verdict(look("sofa", "navy", pattern="")) is None  # not recorded
    assert Wish("print", "striped:navy/blue").verdict(stripes) is True
    assert Wish("print", "striped:scarlet/red").verdict(stripes) is False
    assert Wish("print", "striped:navy/blue").verdict(plain) is False


def test_the_ground_of_a_pattern_shows_and_an_own_pattern_may_have_any_colour():
    stripes = look("sofa", "navy", "cotton", GROUND, "striped")
    assert Wish("colour", "blue").verdict(stripes) is True
    assert Wish("tone", "dark").verdict(stripes) is None and Wish("tone", "dark", negated=True).verdict(stripes) is None
    assert Wish("colour", "beige").verdict(stripes) is None and Wish("colour", "red").verdict(stripes) is False
    assert Wish("colour", "red").verdict(look("rug", "navy", "wool", "", "patterned")) is None


def test_comparisons_need_a_clear_step():
    than = "denim/blue"
    assert Wish("compare", f"darker:{than}").verdict(look("sofa", "navy")) is True
    assert Wish("compare", f"darker:{than}").verdict(look("sofa", "sky")) is False
    assert Wish("compare", f"darker:{than}").verdict(look("sofa", "petrol")) is None  # hardly darker
    assert Wish("compare", f"lighter:{than}").verdict(look("sofa", "sky")) is True
    assert Wish("compare", "calmer:lemon/yellow").verdict(look("sofa", "charcoal")) is True
    assert Wish("compare", "calmer:lemon/yellow").verdict(look("sofa", "snow")) is None  # less colour, but more light
    assert Wish("compare", "brighter:charcoal/grey").verdict(look("sofa", "lemon")) is True


def test_style_never_decides():
    wish = Wish("style", "rustic")
    assert wish.verdict(look("desk", "oak", style="rustic")) is True
    assert wish.verdict(look("desk", "oak", style="modern")) is None
    assert wish.parts == ()


def test_things_are_known_by_the_end_of_their_shop_noun():
    assert thing_of("sofa", "modular corner sofa") == "corner sofa" and thing_of("sofa", "two-seat sofa") == "sofa"
    assert thing_of("kitchen appliance", "filter coffee maker") == "coffee machine"
    assert thing_of("kitchen utensil", "egg timer") == "egg timer"  # not listed, but a noun
    assert thing_of("kitchen utensil", "chopsticks in a pot") == "kitchen utensil"  # no word that stands after "a"
    assert not is_noun("kitchen utensil") and misnamed("desk", "dressing table")
    corner, other = Wish("thing", "sofa:corner sofa"), look("sofa", "navy")
    assert corner.verdict(other) is None and corner.verdict(look("table lamp", "navy")) is False
    assert kin("sofa", "corner sofa") and not kin("sofa", "table lamp")


def test_of_a_plant_the_pot_is_asked_for():
    assert look("plant", "forest") is None  # only the leaves are known
    assert look("plant", "fuchsia") is None  # or the flowers
    assert look("plant", "forest", accent="terracotta").colour == "orange"
    shop = Shop.of([look("plant", "cobalt", "ceramic")])
    stories = [draw_story(random.Random(seed), "single", shop.looks[0], shop) for seed in range(30)]
    assert {wish.kind for story in stories if story for wish in story.wishes} <= {"colour", "shade"}


def test_hard_negatives_are_there(looks, made):
    by_id = {item.id: item for item in looks["train"]}
    found = Counter()
    for row, story in told(made):
        target, others = story.target, [by_id[item] for item in row["candidates"] if item != story.target.id]
        found["rows"] += 1
        found["sibling"] += any(other.shape == target.shape for other in others)
        found["same type"] += any(other.type == target.type and other.shape != target.shape for other in others)
        if row["set"] == "mixed":
            found["mixed"] += 1
            found["same look"] += any(other.type != target.type and fulfils(other, story.firm[:1]) for other in others)
    assert found["sibling"] > 0.9 * found["rows"] and found["same type"] > 0.9 * found["rows"]
    assert found["same look"] > 0.9 * found["mixed"]


def test_titles_do_not_tell_the_pick(looks, made):
    result = measure(made[0], looks["train"], made[1])
    title, word, any_one = result["visual: title_guess, word_guess, kind_guess"]
    assert any_one == pytest.approx(0.1) and (title, word) == pytest.approx((0.1, 0.1), abs=0.025)
    title, word, any_one = result["mixed: title_guess, word_guess, kind_guess"]
    assert (title, word) == pytest.approx((any_one, any_one), abs=0.05)


def test_what_was_turned_down_is_named_and_does_not_come_back(made):
    shown = [(row, story) for row, story in told(made) if row["context_items"]]
    assert shown
    for row, story in shown:
        assert row["context_items"] == [item.id for item in story.seen]
        assert all(f"{item.title}" in row["context"] for item in story.seen)
        assert not set(row["context_items"]) & set(row["candidates"])


def test_a_product_pointed_at_is_wanted_in_another_look(looks):
    shop, rng, seen = Shop.of(looks["train"]), random.Random(3), 0
    for target in looks["train"]:
        story = draw_story(rng, "listed", target, shop)
        if story is None:
            continue
        seen += 1
        shown = story.seen[story.pointed]
        assert shown.title == target.title and fails(shown, story.firm) and fulfils(target, story.firm)
        assert 2 <= len(story.seen) <= 4 and len({item.title for item in story.seen}) == len(story.seen)
    assert seen > 50


def test_what_is_compared_with_was_shown(made):
    found = [(row, story) for row, story in told(made) if story.scene == "compared"]
    assert found
    for row, story in found:
        than = story.wishes[0].value.partition(":")[2]
        assert story.seen[story.pointed].shade == than.split("/")[0]
        assert re.search(
            r"darker|lighter|paler|dark|light|bright|colou?r|loud|muted|calm|bold|tone|dull|drab", spoken(row)
        )


def test_text_is_clean_and_reads_back(made, tmp_path):
    for row in made[0]:
        assert not re.search(r"LV\d|[{}\[\]|~@]|\s[,.?!]|,,|(?<!\.)\.\.(?!\.)|\ba [aeio]", spoken(row)), spoken(row)
        assert not re.search(r" / ", spoken(row)), spoken(row)
        assert row["gt"].endswith((".", "?", "!"))
    write_jsonl(tmp_path / "made.jsonl", made[0])
    conversations = read_conversations(tmp_path / "made.jsonl")
    assert len(conversations) == len(made[0])
    assert all(len(item.candidates["candidates"]) == 10 for item in conversations)


def test_it_is_varied(looks, made):
    result = measure(made[0], looks["train"], made[1])
    assert result["distinct-2"] > 0.4 and result["contexts whose text occurs twice"] < 0.02
    assert result["different openings of five words"] > 0.85 * len(made[0])
    assert result["sets"] == {"mixed": 200, "visual": 300}
    assert set(result["seeker turns"]) >= {"1", "2", "3", "4", "5"} and result["seeker turns"]["1"] < 0.6 * len(made[0])
    assert result["several attributes needed"] > 0.1 and result["with negation"] > 0.1
    assert result["with a pattern wish"] > 0.1 and result["with a comparison"] > 0.01
    assert result["with an ordinal reference"] > 0.01
    assert len(result["scenes"]) == 9


def test_the_report_has_measures_and_samples(looks, made):
    text = write_report({"train": measure(made[0], looks["train"], made[1])}, made[0], looks["train"])
    assert "| dialogues | 500 |" in text and text.count("wanted: ") == 50 and "> seeker: " in text


def test_typos_are_few_and_small():
    slips = sum(Voice.draw(random.Random(seed)).slips for seed in range(2000))
    assert 0.04 < slips / 2000 < 0.13
    text = "Something comfortable for the reading corner, preferably emerald"
    for seed in range(200):
        worse = misspell(text, random.Random(seed))
        pairs = list(zip(text.split(), worse.split(), strict=True))
        changed = [(one, other) for one, other in pairs if one != other]
        assert len(changed) <= 2 and all(
            one[0] == other[0] and abs(len(one) - len(other)) <= 1 for one, other in changed
        )


def test_every_fragment_can_be_said():
    for name, fragments in load_banks().items():
        assert fragments, name
        for fragment in fragments:
            said = spin(random.Random(1), fragment.partition(" @")[0], **SLOTS)
            assert not re.search(r"[\[\]{}|]", said), (name, fragment)
            if name.split(" ")[0] in ("place", "call", "broad", "names", "like", "stuff", "noun", "hedged", "mood"):
                assert said == fragment.partition(" @")[0] or name.split(" ")[1] in FORMS, "taken as it stands"


def test_grammar():
    assert article("armchair") == "an armchair" and article("used sofa") == "a used sofa"
    assert plural("chest of drawers") == "chests of drawers" and plural("bookshelf") == "bookshelves"
    assert plural("place to sit") == "places to sit" and plural("chair for the hall") == "chairs for the hall"
    assert Noun("to sit on", vague=True).phrase("green") == "something green to sit on"
    assert Noun("plant").many("", "that comes in red") == "plants that come in red"
    assert sentence("a sofa , no leather,  -- please --") == "A sofa, no leather – please."
    assert americanise("Grey greyhound, my favourite colour") == "Gray greyhound, my favorite color"


def test_every_shade_and_pattern_of_the_palette_has_words():
    for shade in SHADES:
        assert len(bank(f"names {shade}")) > 4 and len(bank(f"like {shade}")) > 4, shade
    for name in {finish.pattern for kind in RANGES for finish in finishes_of(kind)} - {""}:
        assert bank(f"stuff {name}") and bank(f"figures {name}"), name


def test_every_wish_can_be_said_in_every_form():
    wishes = [Wish("colour", "red"), Wish("shade", "jet/black", "like coal"), Wish("either", "red/blue")]
    wishes += [Wish("pattern", name) for name in ("plain", "patterned", "striped", "checked", "dotted", "floral")]
    wishes += [wish.opposite for wish in wishes if wish.kind == "pattern" and wish.value != "plain"]
    wishes += [Wish("print", "dotted:red", "red"), Wish("material", "wood"), Wish("material", "wood", negated=True)]
    wishes += [Wish("colour", "red", negated=True), Wish("accent", "red"), Wish("style", "rustic", "rustic")]
    tones = [Wish("tone", name) for name in ("dark", "light", "vivid", "dull", "warm", "cool")]
    wishes += [*tones, *(wish.opposite for wish in tones[:4])]
    teller = Teller(random.Random(1), Voice("plain", False, False, False))
    for wish in wishes:
        for form in FORMS:
            assert word_wish(teller, wish, form).strip(), (wish, form)
    assert word_wish(teller, Wish("print", "striped:red", "red"), "in").endswith("stripes")


def test_a_search_is_a_few_words():
    asked = Asked(Noun("sofa"), "")
    teller = Teller(random.Random(2), Voice("keyword", False, False, False))
    said = request(teller, asked, (Wish("colour", "green", "green"), Wish("material", "velvet")))
    assert re.search(r"\bsofa\b", said) and "green" in said and "velvet" in said and len(said.split()) < 7


def test_regions_have_words_of_their_own():
    for american, words in ((True, {"couch", "sectional"}), (False, {"settee", "corner settee"})):
        teller = Teller(random.Random(4), Voice("plain", american, False, False))
        said = {teller.pick(bank("call sofa")) for _ in range(20)} | {
            teller.pick(bank("call corner sofa")) for _ in range(20)
        }
        assert words <= said and not any("@" in word for word in said)


class CountingEncoder:
    def __init__(self):
        self.texts = []

    def encode(self, texts, **_):
        self.texts += texts
        return np.array([[text.count("a"), text.count("b"), 1.0] for text in texts])


def test_each_text_is_embedded_once_and_the_likeliest_come_first(monkeypatch, looks):
    encoder = CountingEncoder()
    monkeypatch.setattr(retrieval, "load_encoder", lambda: encoder)
    some = [replace(item, words=words) for item, words in zip(looks["test"], ["aaa", "a", "bbb", "a"], strict=False)]
    ranked = list(rank_by_text(["aaaa", "bb", "aaaa"], some, random.Random(1)))
    assert len(encoder.texts) == len(set(encoder.texts)) == 5
    assert ranked[0][0] is some[0] and ranked[1][0] is some[2] and len(ranked) == 3


def test_too_small_a_catalogue_is_refused(tmp_path):
    small = read_looks(make_catalog(tmp_path, {"train": 1, "valid": 1, "test": 1}, finishes=2))
    with pytest.raises(LavicError, match="add products"):
        make_split(small["test"][:6], 10, "0/test", rank_by_chance)


OPTIONS = ["--train", "20", "--valid", "5", "--test", "10", "--no-encoder"]


def test_command_writes_three_files_and_tells_of_them(tmp_path):
    make_catalog(tmp_path, {"train": 3, "valid": 2, "test": 2})
    report = tmp_path / "report.md"
    result = CliRunner().invoke(main, ["--catalog", str(tmp_path), *OPTIONS, "--report", str(report)])
    assert result.exit_code == 0, result.output
    lines = {split: (tmp_path / "dialogues" / f"{split}.jsonl").read_text().splitlines() for split in ("train", "test")}
    assert len(lines["train"]) == 20 and len(lines["test"]) == 10
    assert json.loads(lines["test"][0]).keys() == {"context", "context_items", "gt", "gt_items", "candidates", "set"}
    assert '"distinct-2"' in result.output
    assert report.read_text().count("wanted: ") == 20


def write_by_hand(folder: Path, **changes) -> dict:
    """One handwritten line of the test split's products, with some of its keys changed."""
    splits = json.loads((folder / "splits.json").read_text())
    ten = [item for items in splits["test"].values() for item in items][:10]
    row = {"context": "<submission>not too dark pls</submission>", "gt_items": ten[:1], "candidates": ten}
    row |= {"set": "handwritten", "note": "kept"} | changes
    write_jsonl(folder / "make" / "handwritten.jsonl", [row])
    return row


def test_what_was_written_by_hand_follows_unchanged(tmp_path):
    make_catalog(tmp_path, {"train": 3, "valid": 2, "test": 2})
    row = write_by_hand(tmp_path)
    result = CliRunner().invoke(main, ["--catalog", str(tmp_path), *OPTIONS])
    assert result.exit_code == 0, result.output
    lines = (tmp_path / "dialogues" / "test.jsonl").read_text().splitlines()
    assert len(lines) == 11 and json.loads(lines[-1]) == row and '"handwritten": 1' in result.output


@pytest.mark.parametrize(
    "change, told",
    [
        ({"gt_items": ["LV999999"]}, "line 1: product LV999999 is not in the catalogue"),
        ({"context_items": ["LV000000"]}, "line 1: product LV000000 is not in the test split"),
        ({"set": "mixed"}, "`set` must be handwritten"),
        ({"candidates": "LV000000"}, "`candidates` must be a list"),
        ({"context": ""}, "`context` must be a text"),
    ],
)
def test_a_bad_handwritten_line_stops_before_anything_is_written(tmp_path, change, told):
    make_catalog(tmp_path, {"train": 3, "valid": 2, "test": 2})
    write_by_hand(tmp_path, **change)
    result = CliRunner().invoke(main, ["--catalog", str(tmp_path), *OPTIONS])
    assert result.exit_code == 1 and told in result.output and "Traceback" not in result.output
    assert not (tmp_path / "dialogues" / "train.jsonl").exists()


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("missing", "make the catalogue first"),
        ("[]", "make it anew"),
        ('{"train": {"a": ["nope"]}, "valid": {}, "test": {}}', "make the catalogue again"),
    ],
)
def test_a_catalogue_that_does_not_fit_is_told_in_one_sentence(tmp_path, broken, told):
    make_catalog(tmp_path, {"train": 1, "valid": 1, "test": 1})
    (tmp_path / "splits.json").unlink() if broken == "missing" else (tmp_path / "splits.json").write_text(broken)
    result = CliRunner().invoke(main, ["--catalog", str(tmp_path), "--no-encoder"])
    assert result.exit_code == 1 and told in result.output and "Traceback" not in result.output
