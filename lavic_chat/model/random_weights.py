"""A LLaVA-NeXT with the shapes of a real one and random weights: its speed and memory are those of the real one."""

from collections.abc import Iterable
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    CLIPVisionConfig,
    LlavaNextConfig,
    LlavaNextForConditionalGeneration,
    LlavaNextImageProcessorPil,
    MistralConfig,
    PreTrainedTokenizerFast,
)

from lavic_chat.model.llava import LavicModel

IMAGE, START, END, PAD = "<image>", "<s>", "</s>", "<pad>"
CHAT = "{% for m in messages %}[INST] {{ m['content'] }} [/INST]{% endfor %}"
# llava-v1.6-mistral-7b: CLIP ViT-L/14 at 336 pixels, Mistral 7B. tiny: the same architecture for tests.
VISION: dict[str, dict[str, Any]] = {
    "7b": {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
           "image_size": 336, "patch_size": 14, "projection_dim": 768},
    "tiny": {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
             "image_size": 28, "patch_size": 14},
}  # fmt: skip
TEXT: dict[str, dict[str, Any]] = {
    "7b": {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
           "num_key_value_heads": 8, "vocab_size": 32064, "max_position_embeddings": 32768, "rope_theta": 1e6},
    "tiny": {"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
             "num_key_value_heads": 2, "vocab_size": 1000, "max_position_embeddings": 8192},
}  # fmt: skip


def make_random(shape: str, texts: Iterable[str], device: str, dtype: torch.dtype) -> LavicModel:
    """shape: "7b" or "tiny". texts: what its tokenizer learns its words from."""
    vision: Any = CLIPVisionConfig(**VISION[shape])
    tokenizer: Any = make_tokenizer(texts, TEXT[shape]["vocab_size"])
    config = LlavaNextConfig(
        vision_config=vision,
        text_config=MistralConfig(**TEXT[shape], sliding_window=None, tie_word_embeddings=False),
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
        image_grid_pinpoints=[[2 * vision.image_size] * 2],
        tie_word_embeddings=False,
    )
    usual = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            network = LlavaNextForConditionalGeneration(config)
    finally:
        torch.set_default_dtype(usual)
    network.set_attn_implementation("sdpa")
    name = f"random-{shape}"
    processor = LlavaNextImageProcessorPil()  # LavicModel gives it the tower's size
    return LavicModel(network.eval().requires_grad_(False), tokenizer, processor, name, name)


def make_tokenizer(texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """Byte-level BPE of the texts, of at most `size` words."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[PAD, START, END, IMAGE],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator([*texts, "yes no " * 100], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token=START, eos_token=END, pad_token=PAD, additional_special_tokens=[IMAGE],
        chat_template=CHAT,
    )  # fmt: skip
