#!/usr/bin/env bash
# Milvus Lite never sees the nlist that pymilvus sends for an IVF index: it makes 128 lists, looks into 10, and loses hits.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pymilvus==3.0.2 milvus-lite==3.2.2 \
  numpy==2.4.6 pandas==3.1.1 pyarrow==26.0.1 protobuf==7.36.2 grpcio==1.85.3 faiss-cpu==1.15.1

cd "$work"
"$work/venv/bin/python" - <<'PY' 2>err.txt || { cat err.txt; exit 1; }
import sys
from importlib.metadata import version

import numpy as np
from pymilvus import DataType, MilvusClient

COUNT, SIZE, FOUND, ASKED = 20_000, 32, 10, 50


def hold(fact, true):
    if not true:
        sys.exit(f"CHANGED: it no longer holds that {fact}.")
    print(f"holds: {fact}")


print("pymilvus", version("pymilvus"), "milvus-lite", version("milvus-lite"))
rng = np.random.default_rng(0)
vectors = rng.standard_normal((COUNT, SIZE)).astype(np.float32)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
queries = rng.standard_normal((ASKED, SIZE)).astype(np.float32)
true = np.argsort(-(queries @ vectors.T), axis=1)[:, :FOUND]
client = MilvusClient("look.db")


def recall(name, params, asked=None):
    schema = client.create_schema(auto_id=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("look", DataType.FLOAT_VECTOR, dim=SIZE)
    client.create_collection(name, schema=schema)
    for start in range(0, COUNT, 5_000):
        rows = [{"id": i, "look": vectors[i].tolist()} for i in range(start, start + 5_000)]
        client.insert(name, rows)
    client.flush(name)
    index = client.prepare_index_params()
    index.add_index("look", index_type="IVF_FLAT", metric_type="IP", params=params)
    client.create_index(name, index)
    client.load_collection(name)
    found = client.search(name, queries.tolist(), limit=FOUND, **({"search_params": {"params": asked}} if asked else {}))
    hits = [len({hit["id"] for hit in each} & set(best.tolist())) for each, best in zip(found, true, strict=True)]
    share = sum(hits) / (FOUND * ASKED)
    print(f"{str(params):<28} asked {asked}: {share:.3f} of the true ten found")
    return share


as_told = recall("told", {"nlist": 1})
nested = recall("nested", {"params": {"nlist": 1}})
wide = recall("wide", {"nlist": 1}, {"nprobe": 128})
hold("an index of one list, which should be exact, loses more than one hit in five", as_told < 0.8)
hold("the same number one level deeper is heard, and the search is exact", nested > 0.999)
hold("looking into 128 lists where one was asked for finds all of them", wide > 0.999)
client.close()
PY
