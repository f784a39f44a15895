"""Eq. 2 as one module, so that a single forward pass yields every term of the loss."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from forensic_cli.model.architectures import make_encoder
from forensic_cli.model.lae import ConceptEncoder, Encoder, LocalityAwareAutoEncoder, initialise, normalise
from train.initial import start_high_pass
from train.losses import adversarial_loss, latent_loss, perceptual_loss, pixel_loss, to_unit_range
from train.perceptual import Comparator
from train.recipe import Initialisation, Stage1Recipe


class Stage1Objective(nn.Module):
    """`alpha_1 L_rec + alpha_2 L_latent`, eq. 2.

    Args:
        comparator: VGG16 of the perceptual loss; needed if its weight is not 0.
        encoder: another than the one that the recipe names.

    Raises:
        ValueError: the perceptual loss has a weight, and there is no comparator.
    """

    def __init__(
        self,
        recipe: Stage1Recipe,
        comparator: Comparator | None = None,
        encoder: ConceptEncoder | None = None,
    ) -> None:
        super().__init__()
        if recipe.beta_perceptual and comparator is None:
            raise ValueError("The perceptual loss needs a comparator.")
        encoder = make_encoder(recipe.arch) if encoder is None else encoder
        self.autoencoder = LocalityAwareAutoEncoder(encoder)
        generator = torch.Generator().manual_seed(recipe.seed)
        encoder.initialise(generator)
        initialise(self.autoencoder.decoder, generator)
        if recipe.initialisation is Initialisation.HIGH_PASS:
            assert isinstance(encoder, Encoder)
            start_high_pass(encoder)
        self.recipe = recipe
        # In tuples: a module that is an attribute would be registered, and trained with this one.
        self._comparator = (comparator,) if recipe.beta_perceptual else ()
        self._judge: tuple[nn.Module, ...] = ()

    def set_judge(self, discriminator: nn.Module) -> None:
        """Names the discriminator of the adversarial loss.

        It is read here and trained elsewhere: it is no part of this module, and no gradient of this
        loss reaches it.
        """
        self._judge = (discriminator,)

    def forward(self, images: Tensor, labels: Tensor, is_whole: bool = True) -> dict[str, Tensor]:
        """Computes the loss and its terms.

        Args:
            images: (B, 3, S, S) uint8, S = 256 in the paper. A smaller whole crop is compared with
                its reconstruction reduced to S.
            labels: (B,) float, 1 = real.
            is_whole: the images are whole crops; patches have no reconstruction.

        Returns:
            "total" and "latent", scalars; for whole crops also the reconstruction losses whose weight
            is not 0, and "reconstruction" (B, 3, S, S) in [-1, 1].
        """
        recipe = self.recipe
        x = normalise(images).contiguous(memory_format=torch.channels_last)
        if not is_whole or not (recipe.alpha_rec and _has_any_beta(recipe)):
            latent = latent_loss(self.autoencoder.encoder(x).z.float(), labels)
            return {"total": recipe.alpha_latent * latent, "latent": latent}
        encoding, reconstruction = self.autoencoder(x)
        if reconstruction.shape[-1] != images.shape[-1]:
            reconstruction = F.adaptive_avg_pool2d(reconstruction, (images.shape[-2], images.shape[-1]))
        reconstruction = reconstruction.float()
        latent = latent_loss(encoding.z.float(), labels)
        terms = {"latent": latent}
        weighted = recipe.alpha_latent * latent
        for name, beta, term in self._reconstruction_terms(to_unit_range(x), reconstruction):
            terms[name] = term
            weighted = weighted + recipe.alpha_rec * beta * term
        return {"total": weighted, **terms, "reconstruction": reconstruction}

    def _reconstruction_terms(
        self, images: Tensor, reconstruction: Tensor
    ) -> list[tuple[str, float, Tensor]]:
        """(name, beta, value) of the terms of eq. 5 whose weight is not 0."""
        recipe = self.recipe
        terms = []
        if recipe.beta_pixel:
            terms.append(("pixel", recipe.beta_pixel, pixel_loss(images, reconstruction)))
        for comparator in self._comparator:
            assert comparator is not None
            comparator.to(images.device)
            with torch.no_grad():
                features = comparator(images)
            value = perceptual_loss(features, comparator(reconstruction))
            terms.append(("perceptual", recipe.beta_perceptual, value))
        for judge in self._judge:
            # Detached copies of its parameters: the gradient passes through the discriminator to the
            # reconstruction, and stops short of its weights.
            fixed = {name: value.detach() for name, value in judge.named_parameters()}
            logits = functional_call(judge, fixed, (reconstruction,))
            terms.append(("adversarial", recipe.beta_adversarial, adversarial_loss(logits)))
        return terms


def _has_any_beta(recipe: Stage1Recipe) -> bool:
    return bool(recipe.beta_pixel or recipe.beta_perceptual or recipe.beta_adversarial)
