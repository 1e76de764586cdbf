"""Cross-Modal Structural Alignment (SDA, section 2.1): the structure within the modalities teaches that across them."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from lavic_chat.sda.losses.similarity import COSINE, similarity


class CmsaLoss(nn.Module):
    """How like an item's text is to each picture of the batch shall be as the items are like each other by their texts
    and by their pictures.

        S_ij = sim(t_i, v_j) / tau                                                   (equation 1)
        Q_i  = softmax over j of [sim(t_i, t_j) + sim(v_i, v_j)] / (2 tau')          (equation 2)
        P_tv = softmax of the rows of S, P_vt = of the rows of S transposed
        loss = mean over i of [KL(Q_i || P_tv_i) + KL(Q_i || P_vt_i)] / 2            (equation 3)

    tau, tau': temperature and that of the teacher. kind, teacher_kind: of similarity, "cosine", or "raw" as the
    authors' code has it; the teacher's may be "centred", too. detached: no gradient through the teacher; the authors'
    code lets it through, and then learns by the cross-entropy.
    """

    def __init__(
        self,
        temperature: float = 0.07,
        teacher: float = 0.07,
        kind: str = COSINE,
        teacher_kind: str = COSINE,
        detached: bool = True,
    ):
        super().__init__()
        self.temperature, self.teacher, self.detached = temperature, teacher, detached
        self.kind, self.teacher_kind = kind, teacher_kind

    def targets(self, texts: Tensor, images: Tensor) -> Tensor:
        """[B, d] and [B, d] -> Q [B, B], whose rows sum to one"""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.detached):
            kind = self.teacher_kind
            alike = (similarity(texts, texts, kind) + similarity(images, images, kind)) / 2
            return (alike / self.teacher).softmax(-1)

    def forward(self, texts: Tensor, images: Tensor, structure: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """[B, d] and [B, d] -> a number. structure: other embeddings of the same items, whose structure teaches."""
        scores = similarity(texts, images, self.kind) / self.temperature
        wanted = self.targets(*structure) if structure else self.targets(texts, images)
        both = torch.stack([scores.log_softmax(-1), scores.T.log_softmax(-1)])
        if self.detached:
            return functional.kl_div(both, wanted.expand_as(both), reduction="sum") / both[..., 0].numel()
        return -(wanted * both).sum(-1).mean()


def softness(loss: nn.Module, texts: Tensor, images: Tensor) -> float:
    """How much of the target's weight is not on an item's own, [B, d] and [B, d]; 0 where the target is hard."""
    if not isinstance(loss, CmsaLoss):
        return 0.0
    return float(1 - loss.targets(texts, images).diagonal().mean())
