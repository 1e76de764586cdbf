"""Scoring by a server of the exported LLM: the same scores; at any fault the own model's, and one sentence."""

import logging
import socket
from dataclasses import replace

import pytest
import torch
from helpers.llm_server import FAULTS, SLOW, FakeLlm, serve
from helpers.tiny import tiny_model
from helpers.toys import item_features, make_adapter, random_states, said

from lavic_chat.errors import LavicError, ModelError
from lavic_chat.model.llm_export import save_llm
from lavic_chat.model.load import load_model
from lavic_chat.model.lora import merge_loras
from lavic_chat.ranking import BRANCH, GENERATE, LIST, Ranker
from lavic_chat.ranking.circuit_breaker import FIRST, CircuitBreaker
from lavic_chat.ranking.llm_client import LlmClient, LlmServerError, encode_tensor
from lavic_chat.ranking.ranker import join_states
from lavic_chat.ranking.remote_llm import RemoteLlm, connect_llm, split_branches
from lavic_chat.ranking.visual_ranker import load_visual_ranker
from lavic_chat.settings import Settings, read_settings

TALK = said("a red sofa, please")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A tiny model whose LoRA is folded in, as the chat opens it."""
    model = tiny_model()
    make_adapter(model, tmp_path_factory.mktemp("adapter") / "a")
    model.adapter_hash = "tuned"
    merge_loras(model)
    return model


@pytest.fixture(scope="module")
def export(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "llm"
    save_llm(model, folder)
    return folder


@pytest.fixture
def server(model, export):
    with serve(FakeLlm(export, [model.weights_hash])) as fake:
        yield fake


@pytest.fixture
def asked(model, tiny_catalog):
    """(prompt, tower states) of ten products and a photo."""
    features = item_features(random_states(10, model), ["red", ""] * 5)
    products, talk = tiny_catalog.products[:10], TALK.say("like this", tiny_catalog.folder / "images/sofa-red.png")
    prompt = Ranker(model).make_prompt(talk, products, features)
    return prompt, join_states([one.states for one in features], random_states(1, model, 7)[0])


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def make_remote(model, server, clock=None) -> RemoteLlm:
    client = LlmClient(server.address, model.weights_hash)
    return RemoteLlm(model, client, CircuitBreaker(clock or Clock()))


@torch.inference_mode()
def score(model, asked, remote=None):
    return Ranker(model, scorer=remote).score(*asked)


# ---- the same scores ----


def test_the_server_scores_as_the_own_model_does(model, server, asked):
    remote = make_remote(model, server)
    torch.testing.assert_close(score(model, asked, remote), score(model, asked), atol=1e-4, rtol=0)
    assert remote.answered == 1 and server.calls == ["/v1/completions"]
    (body,) = server.bodies
    assert len(body["prompt_embeds"]) == 10 and body["model"] == model.weights_hash and "prompt" not in body


def test_the_order_of_branches_matters_to_it(model, server, asked):
    apart = score(model, asked)
    assert apart.std() > 1e-3  # else the test above would compare ten equal numbers


def test_branches_are_read_from_the_mask_whatever_lies_between(model, server, asked):
    """As a tree would have it: tokens in another order, and a place that nobody's branch goes through."""
    prompt, _ = asked
    order = torch.randperm(len(prompt.ids), generator=torch.Generator().manual_seed(3))
    place = order.argsort()
    mixed = replace(
        prompt, ids=prompt.ids[order], positions=prompt.positions[order], mask=prompt.mask[order][:, order],
        answers=place[prompt.answers],
    )  # fmt: skip
    embeddings = torch.randn(len(prompt.ids), 8)
    plain, found = split_branches(prompt, embeddings), split_branches(mixed, embeddings[order])
    assert all(torch.equal(one, other) for one, other in zip(plain, found, strict=True))
    with pytest.raises(AssertionError, match="one by one"):
        split_branches(replace(prompt, positions=prompt.positions + 1), embeddings)


def test_a_tensor_travels_without_what_it_is_a_view_of():
    large = torch.zeros(10_000, 8)
    assert len(encode_tensor(large[:2])) < 4_000


def test_a_whole_ranking_with_the_server(model, server, tiny_catalog):
    products, features = tiny_catalog.products[:10], item_features(random_states(10, model))
    remote = make_remote(model, server)
    found = Ranker(model, scorer=remote).rank(TALK, products, features)
    wanted = Ranker(model).rank(TALK, products, features)
    assert found.probabilities == pytest.approx(wanted.probabilities, abs=1e-5) and remote.answered == 1


# ---- what a server can do wrong ----


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_costs_one_sentence_and_no_score(model, server, asked, caplog, monkeypatch, fault):
    monkeypatch.setattr("lavic_chat.ranking.remote_llm.TIMEOUT", SLOW / 4)
    server.fault, clock = fault, Clock()
    remote, own = make_remote(model, server, clock), score(model, asked)
    for _ in range(4):
        assert torch.equal(score(model, asked, remote), own)
        clock.now += 1
    (record,) = caplog.records
    assert record.getMessage().count(". ") == 0 and record.getMessage().endswith(".")
    assert server.calls.count("/v1/completions") == 1 and "/v1/elsewhere" not in server.calls
    assert remote.answered == 0


def sentence_of(model, server, asked, caplog) -> str:
    caplog.clear()
    assert torch.equal(score(model, asked, make_remote(model, server)), score(model, asked))
    (record,) = caplog.records
    return record.getMessage()


def test_each_fault_has_a_sentence_that_helps(model, server, asked, caplog):
    server.fault = "503"
    assert "status 503 (it is full)" in sentence_of(model, server, asked, caplog)
    server.fault = "garbage"
    assert "not JSON" in sentence_of(model, server, asked, caplog)
    server.fault = "huge"
    assert "more than 1,000,000 bytes" in sentence_of(model, server, asked, caplog)
    server.fault = "NaN"
    assert "something else than the scores" in sentence_of(model, server, asked, caplog)
    server.fault = "other model"
    assert "serves 'somebody-else', not" in sentence_of(model, server, asked, caplog)
    server.fault, server.names = "", ["somebody-else"]
    assert "serves 'somebody-else', not" in sentence_of(model, server, asked, caplog)
    server.names = []
    assert "serves 'no model'" in sentence_of(model, server, asked, caplog)


def test_a_slow_server_is_given_up(model, server, asked):
    client, (prompt, rows) = LlmClient(server.address, model.weights_hash), asked
    sequences = split_branches(prompt, model.embed(prompt.ids, model.project(rows)))
    for fault in ("slow", "dripping"):
        server.fault = fault
        with pytest.raises(LlmServerError, match=r"did not answer within 0.2 seconds"):
            client.score_words(sequences, [1, 2], timeout=0.2)


def test_nobody_listens(model, asked, caplog):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    remote = RemoteLlm(model, LlmClient(address, "name"))
    assert torch.equal(score(model, asked, remote), score(model, asked))
    assert "cannot be reached (ConnectError)" in caplog.text


def test_an_alias_of_our_model_is_our_model(model, server, asked):
    """vLLM answers with the first of the served names, by whichever it was asked."""
    server.names = ["mistral-for-all", *server.names]
    remote = make_remote(model, server)
    for _ in range(3):
        score(model, asked, remote)
    assert remote.answered == 3 and server.calls.count("/v1/models") == 1


def test_other_weights_beside_ours_are_not_ours(model, server, asked, caplog):
    server.names = ["mistral-for-all", *server.names]
    server.models = lambda: {"data": [{"id": name, "root": f"/srv/{name}"} for name in server.names]}
    assert "serves 'mistral-for-all', not" in sentence_of(model, server, asked, caplog)


# ---- tried again ----


def test_it_is_tried_again_after_a_pause_and_told_when_it_is_back(model, server, asked, caplog):
    clock = Clock()
    remote, server.fault = make_remote(model, server, clock), "503"
    score(model, asked, remote)
    clock.now += FIRST
    score(model, asked, remote)
    assert len(server.bodies) == 2 and len(caplog.records) == 1  # the same fault is not told again
    server.fault = "garbage"
    clock.now += 2 * FIRST
    score(model, asked, remote)
    assert len(caplog.records) == 2 and "not JSON" in caplog.records[1].getMessage()
    server.fault = ""
    score(model, asked, remote)
    assert len(server.bodies) == 3
    clock.now += 4 * FIRST
    for _ in range(3):
        score(model, asked, remote)
    assert remote.answered == 3 and len(caplog.records) == 3
    assert caplog.records[2].getMessage() == f"The LLM server {server.address} scores again."


def test_a_trial_is_given_less_time(model, server, asked, caplog, monkeypatch):
    monkeypatch.setattr("lavic_chat.ranking.remote_llm.TRIAL", SLOW / 4)
    clock = Clock()
    remote, server.fault = make_remote(model, server, clock), "503"
    score(model, asked, remote)
    server.fault = "slow"
    clock.now += FIRST
    score(model, asked, remote)
    assert "within 0.25 seconds" in caplog.records[1].getMessage()


def test_what_is_our_own_fault_is_not_hidden_and_does_not_stop_it_for_good(model, server, asked):
    clock, (prompt, rows) = Clock(), asked
    remote = make_remote(model, server, clock)
    with pytest.raises(AssertionError):
        score(model, (replace(prompt, positions=prompt.positions + 1), rows), remote)
    clock.now += FIRST
    score(model, asked, remote)
    assert remote.answered == 1


# ---- at the start ----


def test_the_start_asks_for_the_name_and_for_one_score(model, server, caplog):
    make_remote(model, server).start()
    assert server.calls == ["/v1/models", "/v1/completions"] and not caplog.records
    assert len(server.bodies[0]["prompt_embeds"]) == 1


def test_a_start_without_the_server_is_told_once(model, server, asked, caplog):
    server.names = ["somebody-else"]
    remote = make_remote(model, server)
    remote.start()
    for _ in range(2):
        score(model, asked, remote)
    assert server.calls == ["/v1/models"] and len(caplog.records) == 1


def test_only_branches_are_served(model, server, tmp_path):
    settings = Settings(tmp_path, tmp_path, llm=server.address)
    assert connect_llm(replace(settings, llm=""), model, LIST) is None
    for decode in (LIST, GENERATE):
        with pytest.raises(ModelError, match=f"--decode branch only, not {decode}"):
            connect_llm(settings, model, decode)
    assert connect_llm(settings, model, BRANCH) is not None


def test_the_ranker_of_the_settings_asks_it_and_keeps_nothing(base, tmp_path, tiny_catalog):
    adapter = make_adapter(load_model(base, None, tmp_path, "cpu"), tmp_path / "adapter")
    settings = Settings(tmp_path / "home", tmp_path, str(base), adapter)
    own = load_visual_ranker(settings)
    save_llm(own.model, tmp_path / "llm")
    products, features = tiny_catalog.products[:4], item_features(random_states(4, own.model))
    with serve(FakeLlm(tmp_path / "llm", [own.model.weights_hash])) as fake:
        ranker = load_visual_ranker(replace(settings, llm=fake.address), keep_scores=True).ranker
        for _ in range(2):
            found = ranker.rank(TALK, products, features)
    assert len(fake.bodies) == 3 and ranker.scorer.answered == 2
    assert found.probabilities == pytest.approx(own.ranker.rank(TALK, products, features).probabilities, abs=1e-5)


# ---- addresses and keys ----


def test_the_log_shows_no_login(model, server, asked, caplog):
    caplog.set_level(logging.DEBUG)
    address = server.address.replace("//", "//ada:secret@") + "/v1/"
    client = LlmClient(address, model.weights_hash, "key-of-ours")
    server.fault = "500"
    score(model, asked, RemoteLlm(model, client))
    assert client.address == server.address
    assert "secret" not in caplog.text and "key-of-ours" not in caplog.text
    assert "secret" not in repr(Settings(None, None, llm=address, llm_key="secret"))


def test_a_key_is_sent(model, server):
    LlmClient(server.address, model.weights_hash, "key-of-ours").check_model()
    assert server.headers["Authorization"] == "Bearer key-of-ours"


def test_a_proxy_of_the_environment_reads_nothing(model, server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    LlmClient(server.address, model.weights_hash).check_model()


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "https://llm.example/base/", "http://[::1]:8000"])
def test_addresses(monkeypatch, address):
    monkeypatch.setenv("LAVIC_LLM", "http://other.example")
    assert read_settings(llm=address).llm == address
    assert read_settings().llm == "http://other.example" and read_settings(llm="").llm == ""


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:8000", "ftp://host", "file:///etc/passwd", "http://", "http://host:99999", "http://host:x", "http://[::1",
     "http://host/?a=b", "http://host/#a", "http://ho\nst", "http://hößt",
     "http://a..b", "http://.", "http://" + 70 * "a", "http://ada:secret@host:0"],
)  # fmt: skip
def test_addresses_that_are_none(address):
    with pytest.raises(LavicError, match="take an address such as") as caught:
        read_settings(llm=address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["http://1.2.3.999", "http://xn--"])
def test_addresses_that_only_the_client_knows_to_be_none(address):
    with pytest.raises(ModelError, match="no valid URL"):
        LlmClient(read_settings(llm=address).llm, "name")


def test_a_key_that_is_none(monkeypatch):
    monkeypatch.setenv("LAVIC_LLM_KEY", "se\ncret")
    with pytest.raises(LavicError, match="characters that no key has"):
        read_settings()
