"""Eq. 11 as one module: the latent loss on everything, the attention loss on annotated fakes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from forensic_cli.model.lae import LATENT_DIM, ConceptEncoder, Encoding, attention_map, normalise
from train.losses import attention_loss, latent_loss
from train.stage2_recipe import AttentionForm, AttentionNorm, Stage2Recipe


class AttentionScale(nn.Module):
    """Brings eq. 8's map to the scale of a binary mask; see `AttentionNorm`.

    The learned scale and offset exist for SIGMOID alone. They start at a map value of 0 meaning one
    half, and a map value of 1 meaning 0.98.
    """

    def __init__(self, norm: AttentionNorm) -> None:
        super().__init__()
        self.norm = norm
        if norm is AttentionNorm.SIGMOID:
            self.scale = nn.Parameter(torch.tensor(4.0))
            self.offset = nn.Parameter(torch.tensor(0.0))

    def forward(self, attention: Tensor) -> Tensor:
        """Maps raw attention (B, h, w), eq. 8 divided by its number of units, to the mask's scale."""
        if self.norm is AttentionNorm.RELU_MAX:
            positive = attention.clamp_min(0)
            return positive / positive.amax(dim=(1, 2), keepdim=True).clamp_min(1e-6)
        if self.norm is AttentionNorm.SIGMOID:
            return torch.sigmoid(self.scale * attention + self.offset)
        return attention


def unit_mean_attention(encoder: ConceptEncoder, encoding: Encoding, form: AttentionForm) -> Tensor:
    """Eq. 8 divided by its number of units, as eq. 3 divides: (B, h, w).

    The sum over 64 units is some 64 times the scale of a mask; the mean ties the map's own mean to a_F.
    """
    return attention_map(encoder, encoding, form.value) / (LATENT_DIM / 2)


class Stage2Objective(nn.Module):
    """`lambda_1 L_latent + lambda_2 L_attention`, eq. 11.

    Args:
        encoder: trained in place; decoder and discriminator have no part in stage 2.
    """

    def __init__(self, encoder: ConceptEncoder, recipe: Stage2Recipe) -> None:
        super().__init__()
        self.encoder = encoder
        self.scale = AttentionScale(recipe.attention_norm)
        self.recipe = recipe

    def forward(
        self, images: Tensor, labels: Tensor, annotated: Tensor | None, masks: Tensor | None
    ) -> dict[str, Tensor]:
        """Computes the loss and its terms, in one pass through the encoder.

        Args:
            images: (B, 3, S, S) uint8, of the whole training set.
            labels: (B,) float, 1 = real.
            annotated: which images the attention loss is for: (A, 3, S, S) uint8 further images, or
                (B,) bool of `images` themselves; None for none.
            masks: (A, S, S) uint8, 1 inside the forgery; for a selection one for each chosen image.

        Returns:
            "total", "latent" and, if anything is annotated, "attention", scalars.
        """
        is_selection = annotated is not None and annotated.ndim == 1
        everything = images
        if annotated is not None and not is_selection:
            everything = torch.cat([images, annotated])
        x = normalise(everything).contiguous(memory_format=torch.channels_last)
        encoding = self.encoder(x)
        latent = latent_loss(encoding.z[: len(images)].float(), labels)
        terms = {"total": self.recipe.lambda_latent * latent, "latent": latent}
        if annotated is None or masks is None:
            return terms
        chosen = annotated if is_selection else torch.arange(len(images), len(everything), device=x.device)
        if not len(masks):
            return terms
        subset = Encoding(encoding.z[chosen].float(), encoding.concepts[chosen].float())
        attention = self.scale(unit_mean_attention(self.encoder, subset, self.recipe.attention_form))
        term = attention_loss(attention, masks)
        return {
            "total": terms["total"] + self.recipe.lambda_attention * term,
            "latent": latent,
            "attention": term,
        }
