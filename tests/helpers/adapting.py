"""A short adaptation, for tests."""

from dataclasses import replace

from lavic_chat.sda.adaptation import AdaptRequest, adapt
from lavic_chat.training.configs import AdaptConfig

CONFIG = AdaptConfig(steps=8, batch=12, rank=4, experts=4, alpha=8, dropout=0.0, lr=1e-2, pool="own", valid_every=2)


def hash_seed(product) -> int:
    return int.from_bytes(product.id.encode()[:6], "big") % 2**31


def learn(settings, **options):
    raw = options.pop("raw", False)
    return adapt(AdaptRequest(settings, replace(CONFIG, **options), raw=raw)).record
