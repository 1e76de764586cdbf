#!/usr/bin/env bash
# Two LoRAs that two calls of get_peft_model put on two parts of one network: merge_and_unload of the one takes off the
# layers of both. What the other one had learned is lost unless it was active, and its own merge_and_unload fails.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 peft==0.21.2 transformers==5.24.0

cd "$work"
"$work/venv/bin/python" - <<'PY' 2>/dev/null
import sys
from importlib.metadata import version

import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import nn


def hold(fact, true):
    if not true:
        sys.exit(f"CHANGED: it no longer holds that {fact}.")
    print(f"holds: {fact}")


print("peft", version("peft"), "torch", version("torch"))
torch.manual_seed(0)
network = nn.Sequential()
network.add_module("eyes", nn.Linear(4, 4))
network.add_module("mouth", nn.Linear(4, 4))
x = torch.randn(2, 4)
plain = network(x).detach()
wrapped = {
    name: get_peft_model(network, LoraConfig(r=2, target_modules=[name], init_lora_weights=False), adapter_name=name)
    for name in ("eyes", "mouth")
}
for name in ("eyes", "mouth"):  # each part's own adapter works
    getattr(network, name).set_adapter([name])
both = network(x).detach()
network.mouth.set_adapter([])  # the second part's is switched off for now, as one does to look at the first alone
first_alone = network(x).detach()

wrapped["eyes"].merge_and_unload()
left = [name for name, module in network.named_modules() if isinstance(module, BaseTunerLayer)]
print("layers with an adapter after the first one was merged:", left)
hold("merging the first wrapper's LoRA leaves no layer of the second's", not left)
hold("what the second had learned is gone", torch.allclose(network(x), first_alone, atol=1e-5)
     and not torch.allclose(first_alone, both, atol=1e-3) and not torch.allclose(first_alone, plain, atol=1e-3))
try:
    wrapped["mouth"].merge_and_unload()
    error = None
except AttributeError as caught:
    error = caught
print("the second wrapper's own merge_and_unload:", type(error).__name__, error)
hold("merging the second one then fails with an AttributeError", error is not None)
PY
