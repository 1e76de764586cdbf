"""The generated dialogues: that they are true, fair, varied, and the same on every run."""

import json
import random
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1]))  # the catalogue's tools are not part of the package

from catalog.make.dialogues import main, make_split, measure, rank_by_chance, read_looks
from catalog.make.palette import SHADES, finishes_of
from catalog.make.talk.banks import load_banks, spin
from catalog.make.talk.candidates import named_wishes
from catalog.make.talk.kinds import Noun, kin
from catalog.make.talk.looks import Look, Wish, fails, fulfils, look_of
from catalog.make.talk.stories import Shop, draw_story
from catalog.make.talk.voice import Voice, americanise, article, misspell, plural, sentence
from lavic_chat.dialogue import read_conversations
from lavic_chat.errors import LavicError
from lavic_chat.files import write_json, write_jsonl

KINDS = {
    "sofa": "fabric", "armchair": "leather", "dining chair": "wood", "dining table": "wood", "table lamp": "metal",
    "vase": "ceramic", "plant": "ceramic", "rug": "fabric", "bin": "plastic", "bookcase": "wood",
}  # fmt: skip
FORMS = ("post", "pred", "tag", "clause", "in")
SLOT_NAMES = "np bare nps noun Bare Np c ac tint x a b m why part title old want lower seen stuff place decoy"
SLOTS = dict.fromkeys([*SLOT_NAMES.split(" "), "the", "The", "in"], "word")


def make_catalog(folder: Path, shapes_of_split: dict[str, int], finishes: int = 5) -> Path:
    """products.jsonl and splits.json of every kind in several shapes and finishes."""
    rng, rows, splits = random.Random(5), [], {}
    for split, count in shapes_of_split.items():
        splits[split] = {}
        for kind, surface in KINDS.items():
            for number in range(count):
                shape = f"{split}-{kind}-{number}"
                splits[split][shape] = []
                for finish in rng.sample(finishes_of(surface), finishes):
                    item = f"LV{len(rows):06d}"
                    look = {"type": kind, "colour": finish.colour, "shade": finish.shade, "material": finish.material}
                    title = f"{['Mira', 'Oslo', 'Juno', 'Edda'][number]} {split[:2]}-{kind}"
                    rows.append({"id": item, "title": title, "category": "Home", "attributes": look})
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


def look(kind: str, shade: str, material: str = "", accent: str = "") -> Look:
    attributes = {"type": kind, "colour": SHADES[shade][0], "shade": shade, "material": material, "accent": accent}
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
        wishes = named_wishes(story, item.scope) if row["set"] == "mixed" else story.wishes
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
        if row["set"] == "visual" and len(story.wishes) == 1 and not story.decoy and not story.old and len(named) == 1:
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


def test_tones_materials_and_types():
    assert Wish("tone", "dark").verdict(look("sofa", "navy")) is True
    assert Wish("tone", "dark", negated=True).verdict(look("sofa", "navy")) is False
    assert Wish("tone", "vivid").verdict(look("sofa", "snow")) is False
    assert Wish("material", "fabric").verdict(look("sofa", "navy", "velvet")) is True
    assert Wish("material", "velvet").verdict(look("sofa", "navy", "linen")) is None
    assert Wish("material", "leather").verdict(look("sofa", "navy", "linen")) is False
    assert Wish("material", "leather").verdict(look("sofa", "navy")) is None
    assert kin("sofa", "corner sofa") and not kin("sofa", "table lamp")


def test_of_a_plant_the_pot_is_asked_for():
    assert look("plant", "forest") is None  # only the leaves are known
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
            found["same look"] += any(
                other.type != target.type and fulfils(other, story.wishes[:1]) for other in others
            )
    assert found["sibling"] > 0.9 * found["rows"] and found["same type"] > 0.9 * found["rows"]
    assert found["same look"] > 0.9 * found["mixed"]


def test_titles_do_not_tell_the_pick(looks, made):
    result = measure(made[0], looks["train"], made[1])
    title, any_one = result["visual: title_guess, kind_guess"]
    assert any_one == pytest.approx(0.1) and title == pytest.approx(0.1, abs=0.02)
    title, any_one = result["mixed: title_guess, kind_guess"]
    assert title == pytest.approx(any_one, abs=0.04)


def test_what_was_turned_down_is_named_and_does_not_come_back(made):
    shown = [(row, story) for row, story in told(made) if row["context_items"]]
    assert shown
    for row, story in shown:
        assert row["context_items"] == [item.id for item in story.seen]
        assert all(f"{item.title}" in row["context"] for item in story.seen)
        assert not set(row["context_items"]) & set(row["candidates"])


def test_text_is_clean_and_reads_back(made, tmp_path):
    for row in made[0]:
        assert not re.search(r"LV\d|[{}\[\]|~@]|\s[,.?!]|,,|(?<!\.)\.\.(?!\.)|\ba [aeio]", spoken(row)), spoken(row)
        assert row["gt"].endswith((".", "?", "!"))
    write_jsonl(tmp_path / "made.jsonl", made[0])
    conversations = read_conversations(tmp_path / "made.jsonl")
    assert len(conversations) == len(made[0])
    assert all(len(item.candidates["candidates"]) == 10 for item in conversations)


def test_it_is_varied(looks, made):
    result = measure(made[0], looks["train"], made[1])
    assert result["distinct-2"] > 0.33 and result["different contexts"] > 0.98
    assert result["sets"] == {"mixed": 200, "visual": 300}
    assert set(result["seeker turns"]) >= {"1", "2", "3"} and result["seeker turns"]["1"] < 0.7 * len(made[0])
    assert result["several attributes needed"] > 0.1 and result["with negation"] > 0.1
    assert len(result["scenes"]) == 5


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
            if name.split(" ")[0] in ("place", "call", "broad", "names", "like", "stuff", "noun", "hedged", "before"):
                assert said == fragment.partition(" @")[0] or name.split(" ")[1] in FORMS, "taken as it stands"


def test_grammar():
    assert article("armchair") == "an armchair" and article("used sofa") == "a used sofa"
    assert plural("chest of drawers") == "chests of drawers" and plural("bookshelf") == "bookshelves"
    assert plural("place to sit") == "places to sit" and plural("chair for the hall") == "chairs for the hall"
    assert Noun("to sit on", vague=True).phrase("green") == "something green to sit on"
    assert Noun("plant").many("", "that comes in red") == "plants that come in red"
    assert sentence("a sofa , no leather,  -- please --") == "A sofa, no leather – please."
    assert americanise("Grey greyhound, my favourite colour") == "Gray greyhound, my favorite color"


def test_too_small_a_catalogue_is_refused(tmp_path):
    small = read_looks(make_catalog(tmp_path, {"train": 1, "valid": 1, "test": 1}, finishes=1))
    with pytest.raises(LavicError, match="add products"):
        make_split(small["test"][:6], 10, "0/test", rank_by_chance)


def test_command_writes_three_files_and_tells_of_them(tmp_path):
    make_catalog(tmp_path, {"train": 3, "valid": 2, "test": 2})
    options = ["--catalog", str(tmp_path), "--train", "20", "--valid", "5", "--test", "10", "--no-encoder"]
    result = CliRunner().invoke(main, options)
    assert result.exit_code == 0, result.output
    lines = {split: (tmp_path / "dialogues" / f"{split}.jsonl").read_text().splitlines() for split in ("train", "test")}
    assert len(lines["train"]) == 20 and len(lines["test"]) == 10
    assert json.loads(lines["test"][0]).keys() == {"context", "context_items", "gt", "gt_items", "candidates", "set"}
    assert '"distinct-2"' in result.output


@pytest.mark.parametrize("broken", ["missing", "[]", '{"train": {"a": ["nope"]}, "valid": {}, "test": {}}'])
def test_a_catalogue_that_does_not_fit_is_told_in_one_sentence(tmp_path, broken):
    make_catalog(tmp_path, {"train": 1, "valid": 1, "test": 1})
    (tmp_path / "splits.json").unlink() if broken == "missing" else (tmp_path / "splits.json").write_text(broken)
    result = CliRunner().invoke(main, ["--catalog", str(tmp_path), "--no-encoder"])
    assert result.exit_code == 1 and "make the catalogue" in result.output and "Traceback" not in result.output
