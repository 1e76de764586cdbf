#!/usr/bin/env bash
# Milvus Lite's upsert keeps the dynamic fields that the new row does not mention, and empties the declared ones.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pymilvus==3.0.2 milvus-lite==3.2.2 \
  numpy==2.4.6 pandas==3.1.1 pyarrow==26.0.1 protobuf==7.36.2 grpcio==1.85.3 faiss-cpu==1.15.1

cd "$work"
"$work/venv/bin/python" - <<'PY'
import sys
from importlib.metadata import version

from pymilvus import DataType, MilvusClient


def hold(fact, true):
    if not true:
        sys.exit(f"CHANGED: it no longer holds that {fact}.")
    print(f"holds: {fact}")


print("pymilvus", version("pymilvus"), "milvus-lite", version("milvus-lite"))
client = MilvusClient("shop.db")
schema = client.create_schema(auto_id=False, enable_dynamic_field=True)
schema.add_field("id", DataType.INT64, is_primary=True)
schema.add_field("look", DataType.FLOAT_VECTOR, dim=2)
schema.add_field("brand", DataType.VARCHAR, max_length=20, nullable=True)
index = client.prepare_index_params()
index.add_index("look", index_type="FLAT", metric_type="COSINE")
client.create_collection("sofas", schema=schema, index_params=index)
client.load_collection("sofas")

first = {"id": 1, "look": [1.0, 0.0], "brand": "Oak & Co", "colour": "red", "sale_price": 10}
second = {"id": 1, "look": [0.0, 1.0], "colour": "blue"}  # no brand, and no sale any more


def stored():
    (row,) = client.query("sofas", filter="id == 1", output_fields=["*"])
    return {name: row.get(name, "no such field") for name in ("brand", "colour", "sale_price")}


def on_sale():
    found = client.search("sofas", [[0.0, 1.0]], filter="sale_price < 50", limit=5)[0]
    return [hit["id"] for hit in found]


def after(told, **flags):
    client.delete("sofas", ids=[1])
    client.insert("sofas", [first])
    client.upsert("sofas", [second], **flags)
    row = stored()
    print(f"{told:<32}", row, "| found by 'sale_price < 50':", on_sale())
    return row


plain = after("upsert")
hold("a plain upsert empties a declared field that the new row leaves out", plain["brand"] is None)
hold("it writes the dynamic field that the new row has", plain["colour"] == "blue")
hold("it keeps a dynamic field that the new row leaves out", plain["sale_price"] == 10)
hold("a filter still finds the row by the value that was left out", on_sale() == [1])
whole = after("upsert, partial_update=False", partial_update=False)
hold("partial_update=False, which asks for the whole row to be replaced, does not change that", whole == plain)
part = after("upsert, partial_update=True", partial_update=True)
hold("partial_update=True keeps both kinds", part == {"brand": "Oak & Co", "colour": "blue", "sale_price": 10})

client.delete("sofas", ids=[1])
client.insert("sofas", [second])
row = stored()
print(f"{'delete, then insert':<32}", row, "| found by 'sale_price < 50':", on_sale())
hold("delete and insert replace the row", row["sale_price"] == "no such field" and on_sale() == [])
client.close()
PY
