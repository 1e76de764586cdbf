"""A picture to five visual tokens (LaViC, section 4.2).

picture --letterbox, whole and 2x2 crops--> views [5, 3, s, s] --tower--> [CLS] states [5, h] --projector--> [5, d]
"""

import contextlib
import copy
from collections.abc import Generator, Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from lavic_chat.model.base import VIEWS
from lavic_chat.model.views import ViewFormat


class VisualTokens:
    """The part of a torch model that looks: views of pictures, the tower's states of them, tokens of these."""

    network: Any
    image_processor: Any
    view_size: int

    @property
    def core(self) -> Any:
        """The network without its head: tower, projector, language model."""
        return self.network.model

    @property
    def tower(self) -> Any:
        """The vision tower."""
        return self.core.vision_tower

    @property
    def projector(self) -> Any:
        """What turns the tower's states into visual tokens."""
        return self.core.multi_modal_projector

    @property
    def device(self) -> torch.device:
        """Of the LLM."""
        return self.core.get_input_embeddings().weight.device

    def make_views(self, pictures: Sequence[Image.Image]) -> Tensor:
        """[n, 5, 3, s, s]: each picture letterboxed to a square of twice the tower's size, whole and 2x2 crops."""
        squares = [self.view_format.square(picture) for picture in pictures]
        views = self.image_processor(images=squares, return_tensors="pt")["pixel_values"]
        if views.shape[1] != VIEWS:
            raise AssertionError(f"a picture must give {VIEWS} views, not {views.shape[1]}")
        return views

    def make_view(self, picture: Image.Image, place: int) -> Tensor:
        """[3, s, s]: one of a picture's five views, for a fifth of the work: 0 is the whole, 1 to 4 the crops."""
        return self.view_format.cut(self.view_format.square(picture), place)

    @property
    def view_format(self) -> ViewFormat:
        """How pictures are cut and normalised."""
        return ViewFormat(self.view_size, self.image_processor.image_mean, self.image_processor.image_std)

    def encode_view(self, views: Tensor) -> Tensor:
        """[n, 3, s, s] -> [n, h]: the [CLS] of single views."""
        views = views.to(self.device, next(self.tower.parameters()).dtype)
        return self.tower(pixel_values=views).last_hidden_state[:, 0]

    def see_fully(self, pictures: Sequence[Image.Image]) -> list[Tensor]:
        """[v, d] of each picture: every patch of its five views, as LLaVA-NeXT itself sees it. What five tokens are
        measured against, and what a teacher describes pictures from; 2,928 tokens with views of 336 pixels."""
        sizes = [[2 * self.view_size] * 2] * len(pictures)
        views = self.make_views(pictures).to(self.device, next(self.tower.parameters()).dtype)
        return list(self.network.get_image_features(views, torch.tensor(sizes)).pooler_output)

    @contextlib.contextmanager
    def seeing_partly(self, share: float) -> Generator[None]:
        """Within, the tower sees a random share of each view's patches, and always its [CLS]: a training step costs
        about that share, and what is learned holds for whole views (PatchDropout, arXiv 2208.07220)."""
        if share >= 1:
            yield
            return

        def drop(module: nn.Module, given: tuple, embedded: Tensor) -> Tensor:
            views, places, size = embedded.shape
            chances = torch.rand(views, places - 1, device=embedded.device)
            kept = 1 + chances.topk(max(1, round(share * (places - 1)))).indices
            kept = torch.cat([kept.new_zeros(views, 1), kept], 1)  # [CLS] is place 0
            return embedded.gather(1, kept[..., None].expand(-1, -1, size))

        hook = self.tower.embeddings.register_forward_hook(drop)
        try:
            yield
        finally:
            hook.remove()

    def project(self, states: Tensor) -> Tensor:
        """[..., h] -> [..., d]: the tower's states as visual tokens."""
        weight = next(self.projector.parameters())
        return self.projector(states.to(weight.device, weight.dtype))


def make_five_views(image_processor: Any, size: int) -> Any:
    """A copy of the processor with one grid only, twice the tower's size: whole + 2x2 crops, whatever the picture's
    shape. Stock grids give three to five views."""
    own = copy.deepcopy(image_processor)
    own.image_grid_pinpoints = [[2 * size, 2 * size]]
    own.size = {"shortest_edge": size}
    own.crop_size = {"height": size, "width": size}
    return own
