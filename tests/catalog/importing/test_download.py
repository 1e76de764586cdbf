"""Fetching pictures: from a real server on this machine, which the guard of addresses would refuse."""

import io
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner
from helpers.fakes import make_catalog
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lavic_chat.catalog import load_catalog
from lavic_chat.catalog.importing import download
from lavic_chat.catalog.importing.download import Refused, fetch_pictures, public_address, wait_of
from lavic_chat.catalog.importing.importers import import_catalog
from lavic_chat.catalog.importing.urls import URLS, may_be_fetched, read_urls
from lavic_chat.cli import main
from lavic_chat.errors import CatalogError
from lavic_chat.training.teacher_captions import read_descriptions


def picture(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(buffer, "JPEG")
    return buffer.getvalue()


@contextmanager
def served(answers: dict):
    """A server; answers: path -> (status, headers, body) or a list of them, one a request. Yields address and log."""
    log: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            log.append(self.path)
            answer = answers.get(self.path, (404, {}, b""))
            status, headers, body = (
                (answer.pop(0) if len(answer) > 1 else answer[0]) if isinstance(answer, list) else answer
            )
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", log
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def open_network(monkeypatch):
    """This machine's own server may be asked, without pauses."""
    monkeypatch.setattr(download, "public_address", lambda host, port: host)
    monkeypatch.setattr(download, "PAUSE", 0.0)


def make_shop(folder, urls: dict[str, str]):
    folder.mkdir()
    rows = [{"id": str(n), "title": "A thing", "category": "c", "images": [image]} for n, image in enumerate(urls)]
    (folder / "products.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / URLS).write_text("".join(json.dumps({"image": i, "url": u}) + "\n" for i, u in urls.items()))
    return folder


# ---- fetching ----


def test_what_is_missing_is_fetched_and_nothing_twice(tmp_path, open_network):
    with served({"/a": (200, {}, picture()), "/b": (200, {}, picture("blue"))}) as (home, log):
        shop = make_shop(tmp_path / "shop", {"images/a.jpg": f"{home}/a", "images/b.jpg": f"{home}/b"})
        first = fetch_pictures(shop, 2, progress=False)
        again = fetch_pictures(shop, 2, progress=False)
    assert (first.fetched, first.present, first.failures) == (2, 0, ())
    assert (again.fetched, again.present, again.failures) == (0, 2, ())
    assert sorted(log) == ["/a", "/b"]
    catalog = load_catalog(shop)
    assert [catalog.picture_path(product).read_bytes() for product in catalog] == [picture(), picture("blue")]


def test_what_is_no_whole_picture_is_not_kept(tmp_path, open_network, monkeypatch):
    monkeypatch.setattr(download, "MAX_BYTES", 5000)
    noise = Image.effect_noise((400, 400), 99)
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    answers = {
        "/page": (200, {"Content-Type": "image/jpeg"}, b"<html>"),
        "/half": (200, {}, picture()[:300]),
        "/huge": (200, {}, buffer.getvalue()),
        "/void": (200, {}, b""),
    }
    with served(answers) as (home, _):
        urls = {f"images{path}.jpg": home + path for path in (*answers, "/gone")}
        shop = make_shop(tmp_path / "shop", urls)
        report = fetch_pictures(shop, 4, progress=False)
    assert report.fetched == 0 and not (shop / "images").exists()
    told = {failure.image: failure.reason for failure in report.failures}
    assert told["images/gone.jpg"] == "the host answered 404"
    assert "over 0 MB" in told["images/huge.jpg"]
    assert all("not a whole picture" in told[f"images/{name}.jpg"] for name in ("page", "half", "void"))
    assert report.reasons()[0][1] == 3


def test_redirects_are_followed_but_not_for_ever_and_not_to_files(tmp_path, open_network):
    answers = {
        "/moved": (302, {"Location": "/new place"}, b""),
        "/new%20place": (200, {}, picture()),
        "/round": (301, {"Location": "/round"}, b""),
        "/file": (302, {"Location": "file:///etc/passwd"}, b""),
    }
    with served(answers) as (home, log):
        shop = make_shop(tmp_path / "shop", {f"images/{n}.jpg": f"{home}/{n}" for n in ("moved", "round", "file")})
        report = fetch_pictures(shop, 1, progress=False)
    assert report.fetched == 1 and log.count("/round") == download.REDIRECTS + 1
    reasons = {failure.image: failure.reason for failure in report.failures}
    assert "on and on" in reasons["images/round.jpg"] and "http" in reasons["images/file.jpg"]


def test_a_busy_host_is_left_alone_and_asked_again(tmp_path, open_network, monkeypatch):
    waited = []
    monkeypatch.setattr(download.time, "sleep", waited.append)
    busy = (429, {"Retry-After": "7"}, b"")
    with served({"/a": [busy, (200, {}, picture())], "/b": busy}) as (home, log):
        shop = make_shop(tmp_path / "shop", {"images/a.jpg": f"{home}/a", "images/b.jpg": f"{home}/b"})
        report = fetch_pictures(shop, 1, progress=False)
    assert report.fetched == 1 and report.failures[0].reason == "the host answered 429"
    assert log.count("/b") == download.TRIES
    assert 6 < waited[1] <= 7


def test_a_stopped_run_keeps_what_it_has(tmp_path, open_network, monkeypatch):
    whole = download.write_atomic

    def stop(path, data):
        if path.name == "b.jpg":
            raise KeyboardInterrupt
        whole(path, data)

    with served({"/a": (200, {}, picture()), "/b": (200, {}, picture())}) as (home, _):
        shop = make_shop(tmp_path / "shop", {"images/a.jpg": f"{home}/a", "images/b.jpg": f"{home}/b"})
        monkeypatch.setattr(download, "write_atomic", stop)
        with pytest.raises(KeyboardInterrupt):
            fetch_pictures(shop, 1, progress=False)
        monkeypatch.setattr(download, "write_atomic", whole)
        report = fetch_pictures(shop, 1, progress=False)
    assert (report.fetched, report.present) == (1, 1)


def test_a_line_that_breaks_is_told(tmp_path, open_network):
    with served({}) as (home, _):
        pass
    report = fetch_pictures(make_shop(tmp_path / "shop", {"images/a.jpg": f"{home}/a"}), 1, progress=False)
    assert "the connection failed" in report.failures[0].reason


# ---- addresses ----


def test_nothing_is_asked_of_this_machine_nor_of_its_neighbours(tmp_path):
    with served({"/a": (200, {}, picture())}) as (home, log):
        port = home.rpartition(":")[2]
        urls = {"images/a.jpg": f"{home}/a", "images/b.jpg": f"http://localhost:{port}/a"}
        report = fetch_pictures(make_shop(tmp_path / "shop", urls), 1, progress=False)
    assert not log and report.fetched == 0
    assert {failure.reason for failure in report.failures} == {"the host is not on the public network"}


def test_a_host_with_one_private_address_is_refused():
    def addresses(host, port, type):
        return [(2, type, 6, "", (address, port)) for address in ("93.184.216.34", "10.0.0.1")]

    with pytest.raises(Refused, match="not on the public network"):
        public_address("example.org", 80, addresses)
    assert public_address("example.org", 80, lambda *a, **k: addresses(*a, **k)[:1]) == "93.184.216.34"
    with pytest.raises(Refused, match="no such host"):
        public_address("example.org", 80, lambda *a, **k: [])


@given(st.text(max_size=60))
def test_any_text_can_be_judged_as_an_address(text):
    for url in (text, "http://" + text):
        if may_be_fetched(url):
            assert url.startswith(("http://", "https://")) and " " not in url


@pytest.mark.parametrize(
    "url", ["ftp://a.org/x", "file:///etc/passwd", "http://", "http://u:p@a.org/", "http://a:b/", "http://[::1", "x"]
)
def test_odd_addresses_are_not_fetched(url):
    assert not may_be_fetched(url)


@given(st.text())
def test_any_retry_after_is_a_short_wait(text):
    assert 0 <= wait_of({"retry-after": text}) <= download.MAX_PAUSE


@pytest.mark.parametrize(
    "row",
    [
        {"image": "../x.jpg", "url": "https://a.org/x"},
        {"image": "images/x.jpg", "url": "file:///etc/passwd"},
        {"image": "images/x.jpg"},
    ],
)
def test_a_bad_line_is_named(tmp_path, row):
    (tmp_path / URLS).write_text(json.dumps(row))
    with pytest.raises(CatalogError, match=r"urls\.jsonl, line 1"):
        read_urls(tmp_path)


# ---- from import to fetch ----


def test_an_import_keeps_the_addresses_and_what_was_fetched(tmp_path, open_network):
    (tmp_path / "data").mkdir()
    with served({"/1.jpg": (200, {}, picture()), "/2": (200, {}, picture("blue"))}) as (home, log):
        source = tmp_path / "data" / "shop.csv"
        source.write_text(f"id,title,image\nA,Lamp,{home}/1.jpg?size=2|{home}/2\nB,Rug,\n".replace("?size=2", ""))
        report = import_catalog(source, tmp_path / "shop", progress=False)
        assert (report.pictures, report.missing, report.fetchable) == (0, 3, 2)
        assert list(read_urls(tmp_path / "shop")) == ["images/A.jpg", "images/A-2.jpg"]
        assert fetch_pictures(tmp_path / "shop", 1, progress=False).fetched == 2
        report = import_catalog(source, tmp_path / "shop", progress=False)
    assert (report.pictures, report.missing, report.fetchable) == (2, 1, 0)
    assert len(log) == 2


def test_reddit_metadata_tells_addresses(tmp_path):
    table = {
        "B1": {"title": "Lamp", "images": ["https://a.org/0.jpg", {"large": "https://a.org/1.jpg", "hi_res": None}]},
        "B2": {
            "title": "Rug",
            "images": ["https://a.org/r0.jpg", None, {"large": None, "hi_res": "https://a.org/r2.jpg"}],
            "image_descriptions_llava_cleaned": {"B2_2.jpg": "Its back.", "B2_0.jpg": "A rug.", "B2_1.jpg": "?"},
        },
    }
    (tmp_path / "item2meta_train.json").write_text(json.dumps(table))
    import_catalog(tmp_path / "item2meta_train.json", tmp_path / "shop", progress=False)
    assert read_urls(tmp_path / "shop") == {
        "images/B1_0.jpg": "https://a.org/0.jpg",
        "images/B1_1.jpg": "https://a.org/1.jpg",
        "images/B2_2.jpg": "https://a.org/r2.jpg",
        "images/B2_0.jpg": "https://a.org/r0.jpg",
    }
    written = list(read_descriptions(tmp_path / "shop" / "descriptions.jsonl"))
    assert [(item.id, item.place, item.text) for item in written] == [
        ("B2", 0, "Its back."), ("B2", 1, "A rug."), ("B2", 2, "?"),
    ]  # fmt: skip
    assert all(item.is_usable for item in written)


def test_the_command_tells_counts_and_writes_the_report(tmp_path, open_network):
    with served({"/a": (200, {}, picture())}) as (home, _):
        shop = make_shop(tmp_path / "shop", {"images/a.jpg": f"{home}/a", "images/b.jpg": f"{home}/b"})
        done = CliRunner().invoke(main, ["catalog", "fetch-images", str(shop), "--report", str(tmp_path / "r.jsonl")])
    assert done.exit_code == 0
    assert "1 picture fetched, 0 were there, 1 is missing." in done.output
    assert "1 missing: the host answered 404" in done.output
    assert json.loads((tmp_path / "r.jsonl").read_text())["image"] == "images/b.jpg"


def test_the_command_fails_where_nothing_could_be_fetched_and_names_the_hosts(tmp_path, monkeypatch):
    def no_host(*arguments, **options):
        raise OSError

    monkeypatch.setattr(download.public_address, "__defaults__", (no_host,))
    hosts = {f"images/{number}.jpg": f"https://cdn{number // 2}.example/{number}" for number in range(24)}
    shop = make_shop(tmp_path / "shop", hosts)
    for options in ([], ["--json"]):
        done = CliRunner().invoke(main, ["catalog", "fetch-images", str(shop), *options])
        assert done.exit_code == 1 and "there is no such host: cdn3.example" in done.output
    said = CliRunner().invoke(main, ["catalog", "fetch-images", str(shop)]).output
    assert "0 pictures fetched, 0 were there, 24 are missing." in said
    assert "2 missing: there is no such host: cdn3.example" in said and "2 other reasons can be had with --rep" in said


def test_where_all_pictures_are_there_nothing_is_fetched(tmp_path):
    shop = make_catalog(tmp_path / "shop").folder
    assert fetch_pictures(shop, progress=False).present > 0
    done = CliRunner().invoke(main, ["catalog", "fetch-images", str(shop)])
    assert done.exit_code == 0 and "0 pictures fetched" in done.output and "0 are missing" in done.output


def test_a_catalogue_without_addresses_is_told(tmp_path):
    shop = make_shop(tmp_path / "shop", {})
    done = CliRunner().invoke(main, ["catalog", "fetch-images", str(shop)])
    assert done.exit_code == 1 and "no urls.jsonl" in done.output


@pytest.mark.parametrize("kind", ["AVIF", "TIFF"])
def test_pictures_of_other_kinds_are_kept_as_jpegs(tmp_path, open_network, kind):
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(buffer, kind)
    with served({"/a": (200, {}, buffer.getvalue())}) as (home, _):
        shop = make_shop(tmp_path / "shop", {"images/a.jpg": f"{home}/a"})
        assert fetch_pictures(shop, 1, progress=False).fetched == 1
    assert Image.open(shop / "images/a.jpg").format == "JPEG"


def test_what_variants_share_is_fetched_once_and_kept_when_its_first_product_goes(tmp_path, open_network):
    with served({"/a.jpg": (200, {}, picture())}) as (home, log):
        rows = [{"id": name, "title": "A thing", "image": f"{home}/a.jpg"} for name in "xyz"]
        (tmp_path / "a.json").write_text(json.dumps(rows))
        first = import_catalog(tmp_path / "a.json", tmp_path / "shop", progress=False)
        assert first.fetchable == 1 and fetch_pictures(tmp_path / "shop", 2, progress=False).fetched == 1
        (tmp_path / "a.json").write_text(json.dumps(rows[1:]))
        again = import_catalog(tmp_path / "a.json", tmp_path / "shop", progress=False)
    assert log == ["/a.jpg"] and (again.pictures, again.missing) == (2, 0)
    catalog = load_catalog(tmp_path / "shop")
    assert all(catalog.picture_path(product).read_bytes() == picture() for product in catalog)
