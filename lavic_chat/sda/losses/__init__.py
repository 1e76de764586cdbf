"""What brings texts and pictures of the same items together; one loss a file.

    loss(texts [B, d], images [B, d]) -> a number, in the rows the same items

cmsa        the paper's: cross-modal similarities follow the structure that texts and pictures have among themselves
contrastive InfoNCE, as CLIP has it: each text nearest to its own picture, and the other way round
query       conversations nearest to the items that they ended with, as search compares them
"""

from lavic_chat.sda.losses.cmsa import CmsaLoss, softness
from lavic_chat.sda.losses.contrastive import InfoNceLoss
from lavic_chat.sda.losses.query import QueryLoss

__all__ = ["CmsaLoss", "InfoNceLoss", "QueryLoss", "softness"]
