"""`lavic-mini`'s network and processor: a DINOv2 tower and a SmolLM2 joined as one stock LLaVA-NeXT."""

from typing import Any

import numpy as np
import torch
from transformers import GenerationConfig, LlavaNextConfig, LlavaNextForConditionalGeneration, LlavaNextProcessor
from transformers.models.llava_next.image_processing_pil_llava_next import LlavaNextImageProcessorPil

IMAGE_TOKEN = "<empty_output>"  # never used by SmolLM2's own training, so no embedding has to be added
IMAGE_SIZE = 224  # px, one view
# ChatML without SmolLM2's default system message, whose 24 tokens every prompt would carry
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
PICTURE_SETTINGS: dict[str, Any] = {
    "size": {"shortest_edge": IMAGE_SIZE},
    "crop_size": {"height": IMAGE_SIZE, "width": IMAGE_SIZE},
    "image_grid_pinpoints": [[2 * IMAGE_SIZE, 2 * IMAGE_SIZE]],  # whole + 2x2 crops, whatever the shape
    "image_mean": [0.485, 0.456, 0.406],
    "image_std": [0.229, 0.224, 0.225],
    "do_pad": True,
}


def join(language_model: Any, tower: Any, image_token_id: int) -> LlavaNextForConditionalGeneration:
    """One fp32 LLaVA-NeXT around a Llama and a DINOv2, with an untrained projector that is always the same.

    The stock class reads patch features from before the tower's last layer norm; LaViC takes the [CLS] state
    after it, so `vision_feature_layer` matters only to those who open the folder without LaViC.
    """
    text, vision = language_model.config.to_dict(), tower.config.to_dict()
    for of_the_gguf in ("quantization_config", "_model_name_or_path"):  # the weights are plain fp32 by now
        text.pop(of_the_gguf, None)
    config: Any = LlavaNextConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=image_token_id,
        image_grid_pinpoints=PICTURE_SETTINGS["image_grid_pinpoints"],
        image_seq_length=(tower.config.image_size // tower.config.patch_size) ** 2,
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        projector_hidden_act="gelu",
        tie_word_embeddings=True,  # must stand at the top level, or lm_head and embeddings come apart
    )
    config.text_config.name_or_path = config.vision_config.name_or_path = ""
    network = LlavaNextForConditionalGeneration(config).eval()
    core = network.model
    core.language_model.load_state_dict(language_model.model.state_dict())
    core.vision_tower.load_state_dict(tower.state_dict())
    start_projector(core, np.random.default_rng(0))
    network.tie_weights()
    special = {key: text[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id")}
    network.generation_config = GenerationConfig(do_sample=False, **special)
    return network


@torch.no_grad()
def start_projector(core: Any, rng: np.random.Generator) -> None:
    """Fill projector and image_newline from numpy: the same numbers with every version of torch.

    The scales keep the activations near 1 and the output near the word embeddings' RMS (about 0.13), for
    [CLS] states whose RMS is about 2.5.
    """
    first, second = core.multi_modal_projector.linear_1, core.multi_modal_projector.linear_2
    scales = ((first.weight, 0.4 / first.in_features**0.5), (second.weight, 0.2 / second.in_features**0.5))
    for weight, scale in (*scales, (core.image_newline, 0.1)):
        weight.copy_(torch.from_numpy(rng.normal(0.0, scale, tuple(weight.shape)).astype(np.float32)))
    first.bias.zero_()
    second.bias.zero_()


def make_processor(tokenizer: Any, config: Any) -> LlavaNextProcessor:
    """Tokenizer and PIL image processor as one stock processor; neither needs torchvision."""
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.model_max_length = config.text_config.max_position_embeddings
    for passing in ("is_local", "local_files_only"):  # arguments of the loading, not of the tokenizer
        tokenizer.init_kwargs.pop(passing, None)
    return LlavaNextProcessor(
        image_processor=LlavaNextImageProcessorPil(**PICTURE_SETTINGS),
        tokenizer=tokenizer,
        patch_size=config.vision_config.patch_size,
        vision_feature_select_strategy=config.vision_feature_select_strategy,
        num_additional_image_tokens=1,
        image_token=IMAGE_TOKEN,
        chat_template=tokenizer.chat_template,
    )
