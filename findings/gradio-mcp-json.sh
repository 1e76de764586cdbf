#!/usr/bin/env bash
# Gradio's MCP server: a tool with a gr.JSON input refuses every call, and a gr.JSON output is written as Python does.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "gradio[mcp]==6.31.0" mcp==1.30.0

cd "$work"
GRADIO_ANALYTICS_ENABLED=False "$work/venv/bin/python" - <<'PY'
import asyncio
import json
import sys
from importlib.metadata import version

import gradio as gr
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client


def hold(fact, true):
    if not true:
        sys.exit(f"CHANGED: it no longer holds that {fact}.")
    print(f"holds: {fact}")


def count(ids):
    """How many ids there are."""
    return {"count": len(ids), "first": None}


def describe(name: str):
    """What is known of it."""
    return {"name": name, "price": None, "in_stock": True}


print("gradio", version("gradio"), "mcp", version("mcp"))
with gr.Blocks() as app:
    ids, name, out, button = gr.JSON(), gr.Textbox(), gr.JSON(), gr.Button()
    button.click(count, [ids], out, api_name="count")
    button.click(describe, [name], out, api_name="describe")
_, address, _ = app.launch(mcp_server=True, prevent_thread_lock=True, quiet=True)


async def ask():
    async with streamablehttp_client(f"{address}gradio_api/mcp/") as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()
        tools = {tool.name: tool.inputSchema for tool in (await session.list_tools()).tools}
        calls = [await session.call_tool("count", {"ids": value}) for value in (["a", "b"], {"a": 1}, "a")]
        return tools["count"]["properties"]["ids"], calls, await session.call_tool("describe", {"name": "sofa"})


schema, calls, described = asyncio.run(asyncio.wait_for(ask(), 60))
app.close(verbose=False)
text = described.content[0].text
print("schema:", schema)
print("a call:", calls[0].content[0].text.splitlines()[0])
print("answer:", text)
hold("the schema of a gr.JSON input says that its type is {}, which is no JSON Schema", schema.get("type") == {})
hold("a list, an object and a text are all refused", all(call.isError for call in calls))
hold("the answer is no JSON", not described.isError and "None" in text and "True" in text)
try:
    json.loads(text)
    sys.exit("CHANGED: it no longer holds that the answer cannot be read as JSON.")
except json.JSONDecodeError:
    print("holds: the answer cannot be read as JSON")
hold("there is no structured content either", described.structuredContent is None)
PY
