"""A LLaVA-NeXT that sees a picture as five [CLS] tokens (LaViC, section 4.2).

The network is the stock `LlavaNextForConditionalGeneration`; this wrapper owns every path into it:

    views [n, 5, 3, s, s] --tower--> states [n, 5, h] --projector--> visual tokens [n, 5, d] --LLM--> logits
"""

import contextlib
import threading
from collections.abc import Sequence
from typing import Any

import torch
from jinja2 import TemplateError
from torch import Tensor, nn

from lavic_chat.model.base import VIEWS, VisionLanguageModel
from lavic_chat.model.layers import LayerStack
from lavic_chat.model.visual_tokens import VisualTokens, make_five_views


class LavicModel(VisualTokens, VisionLanguageModel):
    """Network, tokenizer and image processor of one base in torch: the reference, and what is trained."""

    def __init__(self, network: Any, tokenizer: Any, image_processor: Any, name: str, fingerprint: str):
        self.network, self.tokenizer = network, tokenizer
        self.image_processor = make_five_views(image_processor, network.config.vision_config.image_size)
        self.name, self.fingerprint = name, fingerprint
        self.vision_hash, self.adapter_hash = fingerprint, ""
        self.card: Any = None  # the AdapterCard, once an adapter is on
        self.loras: dict[str, Any] = {}  # part -> its LoRA, once one is on
        self.view_size = network.config.vision_config.image_size
        self._frame = read_frame(tokenizer)
        self._tokenizing = threading.Lock()  # it keeps settings between calls, which threads must not mix

    # ---- the parts ----

    @property
    def dtype(self) -> torch.dtype:
        """See the base."""
        return self.core.get_input_embeddings().weight.dtype

    @property
    def state_size(self) -> int:
        """See the base."""
        return self.network.config.vision_config.hidden_size

    @property
    def token_size(self) -> int:
        """See the base."""
        return self.network.config.text_config.hidden_size

    @property
    def size(self) -> int:
        """How many weights it has."""
        return sum(tensor.numel() for tensor in self.network.parameters())

    @property
    def full_tokens(self) -> int:
        """See the base."""
        side = self.network.config.vision_config.image_size // self.network.config.vision_config.patch_size
        return VIEWS * side**2 + 2 * side

    @property
    def context(self) -> int:
        """See the base."""
        return self.network.config.text_config.max_position_embeddings

    @property
    def image_token_id(self) -> int:
        """See the base."""
        return self.network.config.image_token_id

    # ---- reading and answering ----

    def embed_words(self, ids: Tensor) -> Tensor:
        """See the base."""
        return self.core.get_input_embeddings()(ids.to(self.device))

    def layer_stack(self, stack: int) -> LayerStack:
        """One of the stacks that the plan makes of the LLM's layers."""
        llm = self.core.language_model
        return LayerStack(llm, *self.plan.stacks(len(llm.layers))[stack])

    def pass_stack(
        self, stack: int, states: Tensor, positions: Tensor, mask: Tensor, past: Tensor, kept: int
    ) -> tuple[Tensor, Tensor]:
        """See the base."""
        layers, positions, mask = self.layer_stack(stack), positions.to(self.device), mask[:, None].to(self.device)
        if not kept and not past.shape[3]:
            return layers.read(states, positions, mask), past
        return layers(states, positions, mask, past, kept)

    def read_layers(self, layers: range, states: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        """[B, L, d], [B, L], bool [B, L, L] -> [B, L, d]: the same through some layers alone, behind the last one the
        LLM's hidden states."""
        stack = LayerStack(self.core.language_model, layers.start, layers.stop)
        return stack.read(states.to(self.device, self.dtype), positions.to(self.device), mask[:, None].to(self.device))

    @property
    def memory_shape(self) -> tuple[int, int, int]:
        """See the base."""
        text = self.network.config.text_config
        size = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
        return text.num_hidden_layers, text.num_key_value_heads, size

    def word_logits(self, states: Tensor, words: Tensor | None = None) -> Tensor:
        """See the base."""
        if words is None:
            return self.network.lm_head(states)
        return nn.functional.linear(states, self.network.lm_head.weight[words.to(self.device)])

    def generate(self, prompts: Sequence[Tensor], max_new_tokens: int) -> list[str]:
        """See the base."""
        length = max(map(len, prompts))
        embeddings = torch.stack([nn.functional.pad(prompt, (0, 0, length - len(prompt), 0)) for prompt in prompts])
        mask = torch.tensor([[0] * (length - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        ids = self.network.generate(
            inputs_embeds=embeddings,
            attention_mask=mask.to(self.device),
            max_new_tokens=max_new_tokens,
            do_sample=False,
            pad_token_id=self.tokenizer.eos_token_id,
        )
        return self.tokenizer.batch_decode(ids, skip_special_tokens=True)

    # ---- learning ----

    def train(self, on: bool = True) -> None:
        """Dropout on or off; what may change is said by each part's `requires_grad`."""
        self.network.train(on)

    def save_memory(self) -> None:
        """In training, layers are passed a second time in place of keeping what they need for their gradients."""
        self.network.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})

    def freeze(self) -> None:
        """Nothing is trained any more."""
        self.network.requires_grad_(False)

    def trained_loras(self) -> list[Tensor]:
        """The weights of the LoRAs that are being trained."""
        named = self.network.named_parameters()
        return [tensor for name, tensor in named if "lora_" in name and tensor.requires_grad]

    def projector_weights(self) -> list[Tensor]:
        """The projector's own, without a LoRA of stage 1 on it: that belongs to the vision part."""
        return [tensor for name, tensor in self.projector.named_parameters() if "lora_" not in name]

    @torch.no_grad()
    def start_projector(self, states: Tensor, seed: int) -> None:
        """Fold the mean and spread of states [N, 5, h] into the projector's first layer, and scale its output to
        the word embeddings' size: so it learns from the first step on."""
        first, second = self.projector.linear_1, self.projector.linear_2
        generator = torch.Generator().manual_seed(seed)
        rows = states.flatten(0, 1)
        mean, std = rows.mean(0), rows.std(0).clamp_min(1e-3)
        weight = torch.randn(first.weight.shape, generator=generator) / first.in_features**0.5 / std
        first.weight.copy_(weight)
        first.bias.copy_(-(weight @ mean))
        second.weight.copy_(torch.randn(second.weight.shape, generator=generator) / second.in_features**0.5)
        second.bias.zero_()
        size = self.word_embeddings.pow(2).mean().sqrt()
        second.weight.mul_(size / self.project(rows[:512]).float().pow(2).mean().sqrt())

    # ---- words ----

    @property
    def word_embeddings(self) -> Tensor:
        """[V, d] float32: the LLM's input embedding of every word, not to be trained."""
        return self.core.get_input_embeddings().weight.detach().float()

    @property
    def end_token_id(self) -> int:
        """See the base."""
        return self.tokenizer.eos_token_id

    def chat_frame(self) -> tuple[list[int], list[int]]:
        """See the base."""
        return self._frame

    def ids_to_words(self, ids: Sequence[int]) -> str:
        """See the base."""
        with self._tokenizing:
            return self.tokenizer.decode(list(ids), skip_special_tokens=True)

    def words_to_ids(self, text: str) -> list[int]:
        """See the base."""
        with self._tokenizing:
            ids = self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        control = set(self.tokenizer.all_special_ids) | {self.image_token_id}
        return [token for token in ids if token not in control]


def read_frame(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Token ids before and after one user message; without a usable chat template, LLaVA's plain "USER: "."""
    before, after = (tokenizer.bos_token or "") + "USER: ", "\nASSISTANT:"
    mark = "\u2042"
    for content in (mark, [{"type": "text", "text": mark}]):  # a processor's template wants a list of parts
        messages = [{"role": "user", "content": content}]
        with contextlib.suppress(ValueError, TemplateError):  # no template, or not for this kind of content
            before, after = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True).split(
                mark
            )
            break
    encode = lambda part: tokenizer(part, add_special_tokens=False)["input_ids"]  # noqa: E731
    return encode(before), encode(after)
