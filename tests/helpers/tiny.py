"""A random LLaVA-NeXT of the real architecture, small enough for tests: DINOv2 tower, Llama LLM, BPE tokenizer."""

from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    BertConfig,
    BertModel,
    CLIPVisionConfig,
    Dinov2Config,
    LlamaConfig,
    LlavaNextConfig,
    LlavaNextForConditionalGeneration,
    LlavaNextImageProcessorPil,
    PreTrainedTokenizerFast,
)

from lavic_chat.model.llava import LavicModel

CHAT = (
    "{% for m in messages %}<|start|>{{ m['role'] }} {{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant {% endif %}"
)
WORDS = "yes no shopper shop product a red green blue sofa chair lamp fits best answer the user assistant " * 50


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    special = ["<pad>", "<|start|>", "<|end|>", "<image>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    inner.train_from_iterator([WORDS], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token="<|end|>", pad_token="<pad>", chat_template=CHAT,
        additional_special_tokens=["<|start|>", "<image>"],
    )  # fmt: skip


def tiny_network(
    vocabulary: int, image_token: int, tower: str = "dinov2", layers: int = 2
) -> LlavaNextForConditionalGeneration:
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 28, "patch_size": 14}
    vision = Dinov2Config(**shape) if tower == "dinov2" else CLIPVisionConfig(**shape, intermediate_size=64)
    text = LlamaConfig(
        vocab_size=vocabulary, hidden_size=48, intermediate_size=96, num_hidden_layers=layers, num_attention_heads=4,
        num_key_value_heads=2, tie_word_embeddings=True, max_position_embeddings=4096,
    )  # fmt: skip
    config = LlavaNextConfig(
        vision_config=vision, text_config=text, image_token_index=image_token, image_grid_pinpoints=[[56, 56]],
        tie_word_embeddings=True,
    )  # fmt: skip
    return LlavaNextForConditionalGeneration(config).eval().requires_grad_(False)


def tiny_image_processor() -> LlavaNextImageProcessorPil:
    return LlavaNextImageProcessorPil(
        size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}, image_grid_pinpoints=[[56, 56]]
    )


def tiny_model(tower: str = "dinov2", layers: int = 2) -> LavicModel:
    """layers: of the LLM."""
    tokenizer = tiny_tokenizer()
    network = tiny_network(len(tokenizer), tokenizer.convert_tokens_to_ids("<image>"), tower, layers)
    return LavicModel(network, tokenizer, tiny_image_processor(), "tiny", "tiny-fingerprint")


def save_tiny(folder: Path, tower: str = "dinov2", layers: int = 2) -> Path:
    """The tiny model as a folder that `load_model` opens."""
    model = tiny_model(tower, layers)
    model.network.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    model.image_processor.save_pretrained(folder)
    return folder


def save_tiny_encoder(folder: Path) -> Path:
    """A random BERT of 32 numbers in the layout of all-MiniLM-L6-v2; its words are those of WORDS."""
    torch.manual_seed(0)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    inner = Tokenizer(
        models.WordLevel({word: n for n, word in enumerate([*special, *sorted(set(WORDS.split()))])}, "[UNK]")
    )
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]", model_max_length=64
    )
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    BertModel(BertConfig(vocab_size=len(tokenizer), **shape)).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"))
    SentenceTransformer(modules=[transformer, Pooling(32), Normalize()], device="cpu").save(str(folder / "encoder"))
    return folder / "encoder"
