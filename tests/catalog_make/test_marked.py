"""Generated messages with marks: what they say is what they would say without, and every mark is one that is known."""

import json
import random
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog.make.dialogues import draft, read_looks
from catalog.make.marked import main, make_turns
from catalog.make.talk.marking import ALL_SIGNS, MarkingTeller, to_marks, without_signs
from catalog.make.talk.nouns import Noun
from catalog.make.talk.requests import request
from catalog.make.talk.story import Asked, Shop
from catalog.make.talk.voice import Teller, Voice
from catalog.make.talk.wishes import Wish
from catalog.make.talk.wording import word_wish
from lavic_chat.nlu import reading as r
from lavic_chat.training.marked_turns import read_marked_turns, turn_from

CATALOG = Path(__file__).parents[2] / "catalog"
PLAIN = Voice("plain", american=False, careless=False, slips=False)


@pytest.fixture(scope="module")
def rows():
    return make_turns(CATALOG, 400, seed=3)


def test_a_marked_conversation_says_the_same_as_an_unmarked_one():
    shop = Shop.of(sorted(read_looks(CATALOG)["train"], key=lambda look: look.id))
    for number in range(40):
        plain, marked = (draft(f"same/{number}", number, shop.looks, shop, one) for one in (Teller, MarkingTeller))
        said = [without_signs(turn.text).lower() for turn in marked.dialogue.turns]
        assert said == [turn.text.lower() for turn in plain.dialogue.turns]


def test_every_line_can_be_read_and_is_marked_as_it_is_written(rows):
    for row in rows:
        turn = turn_from(row, "a line")
        assert not set(ALL_SIGNS) & set(json.dumps(row, ensure_ascii=False))
        for span in turn.reading.spans:
            assert turn.text[span.start : span.end] == span.text and span.text.strip() == span.text
    acts = {row["act"] for row in rows}
    assert acts == {r.ASK, r.REFINE, r.REJECT}


def test_first_messages_ask_for_a_thing_and_later_ones_have_what_was_said_before(rows):
    for row in rows:
        assert (row["act"] == r.ASK) == (not row["before"])
        if row["act"] == r.ASK:
            assert "[kind:" in row["text"]


def test_the_same_seed_gives_the_same_messages(rows):
    assert make_turns(CATALOG, 30, seed=3) == rows[:30]
    assert make_turns(CATALOG, 30, seed=4) != rows[:30]


@pytest.mark.parametrize(
    ("wish", "form", "marks"),
    [
        (Wish("colour", "red"), "tag", {"wanted:red"}),
        (Wish("colour", "red", negated=True), "clause", {"unwanted:red"}),
        (Wish("either", "red/blue"), "clause", {"wanted:red", "wanted:blue"}),
        (Wish("tone", "dark", negated=True), "tag", {"unwanted:dark", "unwanted:gloomy"}),
        (Wish("pattern", "plain"), "tag", {"wanted:plain", "wanted:one colour", "wanted:solid", "unwanted:pattern"}),
    ],
)
def test_what_is_wanted_and_what_is_not(wish, form, marks):
    for seed in range(12):
        teller = MarkingTeller(random.Random(seed), PLAIN)
        found = set(re.findall(r"\[(\w+:[^\]]*)\]", to_marks(word_wish(teller, wish, form)).lower()))
        assert found and found <= marks, found


def test_the_colour_of_belongs_to_what_it_is_of_and_a_budget_is_about_or_at_most_so_much():
    teller = MarkingTeller(random.Random(1), PLAIN)
    marked = f"in the colour of {teller.mark('wanted', 'fresh snow')}, about {teller.mark('price<', '300')}"
    assert to_marks(marked) == "in the [wanted:colour of fresh snow], about [price~:300]"
    assert to_marks(f"max {teller.mark('price<', '300')}") == "max [price<:300]"
    assert teller.mark("kind", "") == "" and teller.mark("kind", once := teller.mark("kind", "sofa")) == once


@pytest.mark.parametrize(("word", "vague"), [("armchair", False), ("to sit on", True)])
def test_articles_and_plurals_are_those_of_the_words(word, vague):
    for seed in range(20):
        teller = MarkingTeller(random.Random(seed), PLAIN)
        noun = Noun(word, vague, mark=lambda text: MarkingTeller(random.Random(), PLAIN).mark("kind", text))
        said = without_signs(request(teller, Asked(noun, ""), (Wish("colour", "orange"),)))
        assert not re.search(r"\ba (?:armchair|orange)", said) and "armchairss" not in said


def test_the_command_writes_a_file_and_says_what_it_cannot_read(tmp_path):
    out = tmp_path / "marked.jsonl"
    result = CliRunner().invoke(main, [str(CATALOG), str(out), "--count", "20"])
    assert result.exit_code == 0 and "20 messages" in result.output and len(read_marked_turns(out)) == 20
    result = CliRunner().invoke(main, [str(tmp_path), str(tmp_path / "none.jsonl")])
    assert result.exit_code == 1 and "There is no file" in result.output
    assert not (tmp_path / "none.jsonl").exists()
