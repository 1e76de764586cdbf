"""The losses that bring texts and pictures together: by hand on small numbers, and what they teach."""

import pytest
import torch
from torch.nn import functional

from lavic_chat.sda.losses import CmsaLoss, InfoNceLoss, QueryLoss, softness
from lavic_chat.sda.losses.similarity import CENTRED, COSINE, RAW, similarity


def embeddings(seed=0, batch=6, size=5):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(batch, size, generator=generator, requires_grad=True) for _ in range(2)]


def test_cmsa_is_what_the_paper_says():
    texts, images = embeddings()
    t, v = (torch.nn.functional.normalize(one, dim=1) for one in (texts, images))
    teacher = ((t @ t.T + v @ v.T) / 2 / 0.1).softmax(1)
    total = 0.0
    for scores in (t @ v.T / 0.2, v @ t.T / 0.2):
        student = scores.softmax(1)
        total += (teacher * (teacher / student).log()).sum(1).mean() / 2
    assert CmsaLoss(0.2, 0.1)(texts, images).item() == pytest.approx(total.item(), rel=1e-5)


def test_info_nce_is_the_mean_of_both_ways():
    texts, images = embeddings()
    scores = similarity(texts, images) / 0.2
    both = [-one.log_softmax(1).diagonal().mean() for one in (scores, scores.T)]
    assert InfoNceLoss(0.2)(texts, images).item() == pytest.approx((sum(both) / 2).item(), rel=1e-5)


def test_a_cold_teacher_is_info_nce():
    texts, images = embeddings()
    cold = CmsaLoss(0.2, 1e-4)(texts, images)
    assert cold.item() == pytest.approx(InfoNceLoss(0.2)(texts, images).item(), rel=1e-4)


def test_a_warmer_teacher_is_softer():
    found = [softness(CmsaLoss(0.2, teacher), *embeddings()) for teacher in (1e-4, 0.1, 1.0, 1e6)]
    assert found[0] == pytest.approx(0, abs=1e-4) and found == sorted(found)
    assert found[-1] == pytest.approx(1 - 1 / 6, abs=1e-4)  # six items alike
    assert softness(InfoNceLoss(), *embeddings()) == 0


def test_the_teacher_lets_no_gradient_through_unless_told():
    texts, images = embeddings()
    assert not CmsaLoss().targets(texts, images).requires_grad
    assert CmsaLoss(detached=False).targets(texts, images).requires_grad


@pytest.mark.parametrize("loss", [CmsaLoss(), CmsaLoss(detached=False), CmsaLoss(1.0, 1.0, RAW), InfoNceLoss()])
def test_descending_brings_each_text_to_its_own_picture(loss):
    texts, images = embeddings(batch=8, size=16)

    def own_is_nearest():
        return (similarity(texts, images).argmax(1) == torch.arange(8)).float().mean().item()

    before = own_is_nearest()
    optimizer = torch.optim.Adam([texts, images], lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        loss(texts, images).backward()
        optimizer.step()
    assert before < 0.5 and own_is_nearest() > 0.9


def test_a_centred_teacher_sees_past_what_all_have_in_common():
    texts, images = torch.randn(6, 8), torch.randn(6, 8)
    common = 50 * torch.ones(8)
    plain, centred = CmsaLoss(teacher_kind=COSINE), CmsaLoss(teacher_kind=CENTRED)
    assert plain.targets(texts + common, images + common).max() < 0.2  # all the same to it
    assert torch.allclose(centred.targets(texts + common, images - common), centred.targets(texts, images), atol=1e-3)
    assert centred.targets(texts + common, images + common).diagonal().min() > 0.9


def test_other_embeddings_may_be_the_teacher():
    texts, images = torch.randn(5, 8), torch.randn(5, 8)
    loss = CmsaLoss(teacher_kind=CENTRED)
    assert loss(texts, images, (texts, images)).item() == pytest.approx(loss(texts, images).item())
    assert loss(texts, images, (torch.randn(5, 8), images)).item() != pytest.approx(loss(texts, images).item())


def test_conversations_are_drawn_to_their_own_items_by_both_modalities():
    loss = QueryLoss(0.1)
    texts, images = torch.randn(2, 6, 16, generator=torch.Generator().manual_seed(1)).unbind()
    own = functional.normalize(texts - texts.mean(0), dim=-1) + functional.normalize(images - images.mean(0), dim=-1)
    near = loss(own + texts.mean(0), texts, images)
    assert near < loss(own.roll(1, 0) + texts.mean(0), texts, images)
    queries = torch.randn(6, 16, requires_grad=True)
    loss(queries, texts, images).backward()
    assert queries.grad.isfinite().all() and queries.grad.abs().sum() > 0
    # what all texts have in common says nothing of any of them
    assert torch.allclose(loss(queries + 5, texts + 5, images + 9), loss(queries, texts, images), atol=1e-4)
