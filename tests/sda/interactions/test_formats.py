"""Each format of interactions as its makers write it, and what is said of bad ones."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.errors import LavicError
from lavic_chat.sda.interactions.formats import Interaction, InteractionError, parse_time, read_interactions

DAY = 1600387200.0  # 2020-09-18
REVIEW_2014 = {
    "reviewerID": "A1", "asin": "B0001", "reviewerName": "J", "helpful": [2, 3], "reviewText": 'So "soft".',
    "overall": 5.0, "summary": "Good", "unixReviewTime": 1600387200, "reviewTime": "09 18, 2020",
}  # fmt: skip
REVIEW_2023 = {
    "rating": 4.0, "title": "Nice", "text": "It is.", "images": [], "asin": "B0009", "parent_asin": "B0001",
    "user_id": "A1", "timestamp": 1600387200000, "helpful_vote": 0, "verified_purchase": True,
}  # fmt: skip


def read(path, items=("B0001", "0663713001")):
    form, rows = read_interactions(path, items)
    return form.name, list(rows)


def write(path, text):
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["reviews.json", "reviews.json.gz", "reviews.jsonl.gz"])
@pytest.mark.parametrize(("row", "stars"), [(REVIEW_2014, 5.0), (REVIEW_2023, 4.0)])
def test_reviews_of_amazon(tmp_path, name, row, stars):
    form, rows = read(write(tmp_path / name, json.dumps(row) + "\n\n"))
    assert form.startswith("Amazon Reviews") and rows == [Interaction("A1", "B0001", DAY, stars)]


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("ratings_Beauty.csv", "A1,B0001,5.0,1600387200\n", "Amazon Reviews 2014, ratings only"),
        ("Beauty.csv", "B0001,A1,5.0,1600387200\n", "Amazon Reviews 2018, ratings only"),
        ("Beauty.csv.gz", "user_id,parent_asin,rating,timestamp\nA1,B0001,5.0,1600387200000\n", "Amazon Reviews 2023"),
        ("ratings.csv", "userId,movieId,rating,timestamp\nA1,B0001,5.0,1600387200\n", "MovieLens"),
        ("ratings.dat", "A1::B0001::5::1600387200\n", "MovieLens"),
        ("u.data", "A1\tB0001\t5\t1600387200\n", "MovieLens"),
        ("buys.csv", "user,item,timestamp,rating\nA1,B0001,2020-09-18,5\n", "plain"),
        ("buys.inter", "user:token\titem:token\ttimestamp:float\trating:float\nA1\tB0001\t1600387200\t5\n", "plain"),
    ],
)
def test_tables(tmp_path, name, text, form):
    assert read(write(tmp_path / name, text)) == (form, [Interaction("A1", "B0001", DAY, 5.0)])


def test_purchases_of_h_and_m(tmp_path):
    text = "t_dat,customer_id,article_id,price,sales_channel_id\n2020-09-18,c1,0663713001,0.05,2\n"
    assert read(write(tmp_path / "transactions_train.csv", text)) == ("H&M", [Interaction("c1", "0663713001", DAY)])


def test_an_order_among_those_of_one_day(tmp_path):
    text = "user,item,timestamp,order\nu,a,2020-09-18,1\nu,b,2020-09-18,0\n"
    assert [one.order for one in read(write(tmp_path / "buys.csv", text))[1]] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("buys.csv", "user,item,timestamp\nu,a,yesterday\n", "line 2: the time 'yesterday' is no number"),
        ("buys.csv", "user,item,timestamp\nu,a,2020-19-18\n", "line 2: '2020-19-18' is no date"),
        ("buys.csv", "user,item,timestamp\nu,,3\n", "line 2: the item is missing"),
        ("buys.csv", "user,item,timestamp\nu,a,nan\n", "line 2: the time 'nan' is no number"),
        ("buys.csv", "who,what\nu,a\n", "holds who, what, which is no known format"),
        ("buys.csv", "", "is empty"),
        ("buys.json", "", "is empty"),
        ("buys.json", '{"a": 1}\n', "holds a, which is no known format"),
        ("buys.json", json.dumps(REVIEW_2014) + "\n{nothing\n", "line 2: not valid JSON"),
        ("buys.pdf", "x", "interactions are read from"),
    ],
)
def test_what_is_said_of_bad_files(tmp_path, name, text, said):
    with pytest.raises(InteractionError) as error:
        read(write(tmp_path / name, text))
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_file_that_is_not_there_or_broken(tmp_path):
    with pytest.raises(InteractionError, match="There is no file"):
        read(tmp_path / "none.csv")
    packed = write(tmp_path / "cut.csv.gz", "user,item,timestamp\nu,a,3\n")
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(InteractionError, match="cannot be read"):
        read(packed)


@given(st.text(max_size=40))
def test_a_time_is_a_number_or_is_refused(text):
    try:
        assert abs(parse_time(text, "here")) < 1e15
    except LavicError as error:
        assert str(error).startswith("here: ")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "buys.csv"
    path.write_bytes(b"user,item,timestamp\n" + data)
    try:
        read(path)
    except InteractionError as error:
        assert "buys.csv" in str(error)
