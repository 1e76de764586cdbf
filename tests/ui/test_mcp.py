"""The chat as an MCP server: a real client's session, what is closed, and what a tool may not do."""

import asyncio
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from helpers.fakes import FakeRecommender, make_catalog

from lavic_chat.errors import LavicError
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.serving.engine import Engine
from lavic_chat.ui import ClientLimits, Clients, Presence, build_app, check_mcp, launch, mcp_server
from lavic_chat.ui.mcp_server import FOR_PROGRAMS, LONGEST_CALL, TOOLS

mcp = pytest.importorskip("mcp")
streamable_http = pytest.importorskip("mcp.client.streamable_http")
PATIENCE = 60
LIMITS = ClientLimits(questions_a_minute=4, flags_a_minute=2, lookups_a_minute=5)


@dataclass
class Served:
    address: str
    annotations: AnnotationStore
    clients: Clients

    @property
    def place(self) -> str:
        return urlsplit(self.address).netloc


@pytest.fixture(scope="module", params=["in line", "alone"])
def served(request, tmp_path_factory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    catalog = make_catalog(folder / "catalog")
    annotations = AnnotationStore(folder / "flags.sqlite")
    recommender = FakeRecommender(catalog)
    engine = Engine(recommender) if request.param == "in line" else None
    clients = Clients(LIMITS, "X-Asked-By", Presence(patience=2.0))
    app = build_app(engine or recommender, annotations, clients=clients)
    _, address, _ = launch(app, catalog, port=None, prevent_thread_lock=True, quiet=True, mcp_server=True)
    yield Served(address, annotations, clients)
    app.close(verbose=False)
    if engine:
        engine.close()


@pytest.fixture
def caller(request) -> str:
    """A client that nobody was before."""
    return request.node.name


def in_session(served: Served, caller: str, work):
    """What `work` returns of an open session of an MCP client."""

    async def run():
        url = f"{served.address}gradio_api/mcp/"
        async with (
            streamable_http.streamablehttp_client(url, {"X-Asked-By": caller}) as (read, write, _),
            mcp.ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await work(session)

    return asyncio.run(asyncio.wait_for(run(), PATIENCE))


def call(served: Served, caller: str, tool: str, **values):
    """A tool's answer, or the sentence that says why there is none."""
    found = in_session(served, caller, lambda session: session.call_tool(tool, values))
    (content,) = found.content
    return content.text if found.isError else json.loads(content.text)


def test_the_tools_are_those_five_each_typed_and_described(served, caller):
    found = in_session(served, caller, lambda session: session.list_tools()).tools
    assert tuple(sorted(tool.name for tool in found)) == tuple(sorted(TOOLS))
    for tool in found:
        assert len(tool.description) > 80 and tool.inputSchema["type"] == "object"
        for name, field in tool.inputSchema["properties"].items():
            assert field["type"] in ("string", "number", "integer", "array"), (tool.name, name)
            assert len(field["description"]) > 10, (tool.name, name)
        assert "caller" not in tool.inputSchema["properties"]
    needed = {tool.name: tool.inputSchema.get("required", []) for tool in found}
    assert needed["find_products"] == [] and needed["recommend"] == ["context"] and needed["product"] == ["id"]
    assert needed["compare"] == ["ids"]


def test_products_are_found_without_asking_the_model(served, caller):
    answer = call(served, caller, "find_products", query="a red lamp", category="lamp", most_price="200", k=2)
    assert [one["id"] for one in answer["products"]] == ["red-lamp", "blue-lamp"]
    (first, _), intent = answer["products"], answer["intent"]
    known = {"title": "Harbour lamp", "category": "lamp", "price": 109.0, "currency": "$", "in_stock": None}
    known |= {"link": None, "caption": "red lamp", "attributes": {"colour": "red", "material": "steel"}}
    assert {name: first[name] for name in known} == known and intent["kinds"] == ["lamp"]
    listed = call(served, caller, "find_products", category="sofa")
    assert {one["category"] for one in listed["products"]} == {"sofa"} and len(listed["products"]) == 5


def test_a_message_or_a_conversation_gets_a_pick_that_can_be_flagged(served, caller):
    answer = call(served, caller, "recommend", context="a red armchair")
    assert answer["pick"]["id"] == "red-armchair" and answer["pick"]["price"] == 49.0
    assert len(answer["candidates"]) == 10 and answer["intent"]["wanted"] == ["red"]
    more = answer["context"] + "<comment>This one?</comment>\n<submission>rather a green steel lamp</submission>"
    assert call(served, caller, "recommend", context=more)["pick"]["id"].endswith("-lamp")
    shown = [[one["id"], one["score"]] for one in answer["candidates"]]
    values = {"context": answer["context"], "candidates": shown, "pick": "red-armchair", "correct": "green-lamp"}
    assert call(served, caller, "flag", **values, reason="too red")["stored"] >= 1
    assert served.annotations.list()[-1].reason == "too red"
    assert "no-such" in call(served, caller, "flag", **{**values, "correct": "no-such"})


def test_two_or_three_products_stand_side_by_side(served, caller):
    answer = call(served, caller, "compare", ids=["red-lamp", "blue-lamp"])
    assert answer["same"]["category"] == "lamp" and answer["same"]["material"] == "steel"
    assert answer["differs"]["price"] == [109.0, 116.5] and answer["differs"]["colour"] == ["red", "blue"]
    assert [one["id"] for one in answer["products"]] == ["red-lamp", "blue-lamp"]
    assert "2 or 3 different ids" in call(served, caller, "compare", ids=["red-lamp", "red-lamp"])
    assert "no product 'gone'" in call(served, caller, "compare", ids=["red-lamp", "gone"])


def test_of_one_product_all_is_told(served, caller):
    answer = call(served, caller, "product", id="blue-sofa")
    assert answer["description"] == "A sofa." and answer["pictures"] == ["pictures/blue-sofa"]
    assert (answer["cheaper_in_category"], answer["in_category"]) == (1, 5)
    assert answer["caption"] == "blue sofa" and answer["source_id"] == "blue-sofa"


@pytest.mark.parametrize("tool, values, said", [
    ("find_products", {"category": "boat"}, "no category 'boat'; choose among armchair, dining table, lamp, sofa"),
    ("find_products", {"query": "x" * 5000}, "5,000 characters"),
    ("find_products", {"least_price": "9", "most_price": "1"}, "lowest price is above the highest"),
    ("find_products", {"most_price": "cheap"}, "such as 49.90"),
    ("find_products", {"k": 0}, "from 1 to 50"),
    ("find_products", {"k": "many"}, "many"),
    ("find_products", {"query": "break down"}, "Something went wrong on our side"),
    ("product", {"id": "../../etc/passwd"}, "no product"),
    ("product", {}, "id"),
    ("compare", {"ids": "red-lamp"}, "array"),
    ("recommend", {"context": "<submission>a</submission><comment>b</comment>"}, "must end with the shopper"),
    ("recommend", {"context": "sorry"}, "Nothing on the shelves"),
    ("ask", {"message": "a lamp", "photo": "data:image/png;base64,AAAA"}, "Unknown tool"),
])  # fmt: skip
def test_what_cannot_be_answered_is_a_sentence(served, caller, tool, values, said, caplog):
    answer = call(served, caller, tool, **values)
    assert isinstance(answer, str) and said in answer and "Traceback" not in answer
    assert "secret" not in caplog.text + answer


@pytest.mark.parametrize("tool, values, said", [
    ("recommend", {"context": "a red sofa"}, "too many questions in a minute"),
    ("find_products", {"query": "a red sofa"}, "too many questions in a minute"),
    ("product", {"id": "red-sofa"}, "too many questions about products in a minute"),
])  # fmt: skip
def test_the_limits_of_a_client_hold(served, caller, tool, values, said):
    answers = [call(served, caller, tool, **values) for _ in range(6)]
    assert isinstance(answers[0], dict) and said in answers[-1]
    assert isinstance(call(served, f"{caller}, another", tool, **values), dict)


def request(served: Served, method: str, path: str, body: bytes | None = None, **headers: str):
    connection = http.client.HTTPConnection(served.place, timeout=PATIENCE)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response, text


CALL = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()
JSON_RPC = {"Content_Type": "application/json", "Accept": "application/json, text/event-stream"}


def test_plain_json_rpc_needs_no_session(served):
    response, text = request(served, "POST", "/gradio_api/mcp/", CALL, **JSON_RPC)
    assert response.status == 200 and '"find_products"' in text and '"ask"' not in text
    assert response.headers["X-Content-Type-Options"] == "nosniff" and "mcp-session-id" not in response.headers
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    names = {one["name"] for one in json.loads(request(served, "GET", "/gradio_api/mcp/schema")[1])}
    assert names == set(TOOLS)


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/gradio_api/mcp/", 405),
    ("GET", "/gradio_api/mcp", 405),
    ("DELETE", "/gradio_api/mcp/", 405),
    ("GET", "/gradio_api/mcp/sse", 404),
    ("POST", "/gradio_api/mcp/messages/", 404),
    ("GET", "/gradio_api/mcp/%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E/gradio_api/mcp", 404),
])  # fmt: skip
def test_what_is_no_call_is_closed(served, method, path, status):
    response, text = request(served, method, path, Accept="text/event-stream" if "sse" in path else "text/html")
    assert response.status == status and "<" not in text
    assert response.headers["Content-Type"].startswith("text/plain")
    assert status != 405 or text == FOR_PROGRAMS


def test_pages_of_other_sites_may_not_call(served):
    for origin in ("http://elsewhere.example", "null", f"http://{served.place}.example"):
        assert request(served, "POST", "/gradio_api/mcp/", CALL, **JSON_RPC, Origin=origin)[0].status == 403
    own = f"http://{served.place}"
    assert request(served, "POST", "/gradio_api/mcp/", CALL, **JSON_RPC, Origin=own)[0].status == 200


@pytest.mark.parametrize("sent", [
    {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"secret": "my name is Ada"}},
    {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"reason": {"secret": "my name is Ada"}}},
    {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "secret of Ada", "arguments": {}}},
    {"jsonrpc": "2.0", "id": "x", "result": {"secret": "my name is Ada"}},
    {"secret": "my name is Ada"}, "my name is Ada", None,
])  # fmt: skip
def test_what_cannot_be_read_is_in_no_log(served, sent, caplog, capfd):
    request(served, "POST", "/gradio_api/mcp/", json.dumps(sent).encode(), **JSON_RPC)
    printed = capfd.readouterr()
    assert "Ada" not in caplog.text + printed.out + printed.err
    assert '"find_products"' in request(served, "POST", "/gradio_api/mcp/", CALL, **JSON_RPC)[1]


def test_a_call_is_of_bounded_length(served):
    long = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "x": "y" * LONGEST_CALL}).encode()
    assert request(served, "POST", "/gradio_api/mcp/", long, **JSON_RPC)[0].status == 413
    chunked = {**JSON_RPC, "Transfer_Encoding": "chunked"}
    assert request(served, "POST", "/gradio_api/mcp/", b"0\r\n\r\n", **chunked)[0].status == 413


def test_nobody_says_under_seal_who_they_are(served):
    clients = served.clients
    assert clients.name("10.0.0.1", {"x-lavic-client": clients.seal("ada")}) == "ada"
    for forged in ("ada", "ada.", "ada." + "0" * 64, Clients().seal("ada"), "", "\u00e9."):
        assert clients.name("10.0.0.1", {"x-lavic-client": forged}) == clients.name("10.0.0.1", {})


def test_without_the_package_there_is_a_sentence(monkeypatch):
    monkeypatch.setattr(mcp_server, "GradioMCPServer", object)
    with pytest.raises(LavicError, match=r"pip install 'lavic-chat\[mcp\]'"):
        check_mcp()


def test_it_is_off_unless_it_is_asked_for(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("GRADIO_MCP_SERVER", "True")
    catalog = make_catalog(tmp_path / "catalog")
    app = build_app(FakeRecommender(catalog), AnnotationStore(tmp_path / "flags.sqlite"))
    _, address, _ = launch(app, catalog, port=None, prevent_thread_lock=True, quiet=True)
    try:
        served = Served(address, AnnotationStore(tmp_path / "other.sqlite"), Clients())
        assert request(served, "POST", "/gradio_api/mcp/", CALL, **JSON_RPC)[0].status in (404, 405)
    finally:
        app.close(verbose=False)
