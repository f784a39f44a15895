"""What the weights of a run cannot do, in the words of its model card."""

from __future__ import annotations

from collections.abc import Sequence

from train.evaluation.records import Evaluation
from train.forge.methods import neural_methods
from train.recipe import Source
from train.trained_run import TrainedRun


def limitations(run: TrainedRun, methods: Sequence[str], measured: Evaluation) -> tuple[str, ...]:
    """Sentences that a reader of the card must not miss.

    Args:
        methods: that the run was trained on.
        measured: where the card's error rates come from.
    """
    return (
        "Faces only. A picture without a face, or with a face that the detector does not find, is not examined.",
        "A low score does not show that a picture is genuine: forgeries by methods unlike "
        f"{', '.join(methods)} may score as low as genuine photographs do.",
        *_of_forgeries(run, methods, measured),
        _of_attention(run),
        "Heavy compression, blur, faces under 80 px and faces turned away were not or hardly tested.",
        _of_people(measured),
    )


def _of_forgeries(run: TrainedRun, methods: Sequence[str], measured: Evaluation) -> tuple[str, ...]:
    """Whose the forgeries of training and of the error rates are."""
    stored = sorted({row.method for row in measured.rows if row.is_stored})
    if run.recipe.source is Source.STORED:
        return (
            f"Trained on the dataset's own fakes, by {', '.join(methods)}, and measured on "
            f"{', '.join(stored)}; error rates on forgeries by any other method are unknown.",
            "'Out-of-domain' above means a forging method that was not trained on; its forgeries are of the same "
            "dataset.",
            "Measured on single crops; further compression of videos was imitated by H.264 intra frames alone.",
        )
    made_here = "The photographs were all forged by this program, from a few collections of portraits."
    neural = neural_methods(dict.fromkeys((*methods, *(row.method for row in measured.rows))))
    no_network = (
        f"Of forgeries made by neural networks only {', '.join(neural)} were in the training or in these "
        "measurements: small networks of this program's own; error rates on those of other programs are unknown."
        if neural
        else "No forgery made by a neural network was in the training or in these measurements; error rates on "
        "such forgeries are unknown."
    )
    if stored:
        made_here = f"The fakes called stored, by {', '.join(stored)}, are the dataset's own."
        no_network = (
            "No forgery made by a neural network was in the training; how the dataset's own fakes were made, "
            "which were measured too, the dataset must say."
        )
    return (
        no_network,
        f"'Out-of-domain' above means a forging method that was not trained on. {made_here}",
        "Measured on single crops of photographs; videos were imitated by H.264 intra frames alone.",
    )


def _of_people(measured: Evaluation) -> str:
    if any(entry.kind == "group" for entry in measured.false_alarms):
        return (
            "False alarms by population group, as one collection labels them, were measured on few people each: "
            "see the card's Markdown file. Misses by group, and other groups, were not measured."
        )
    return "Error rates by age, sex or origin were not measured."


def _of_attention(run: TrainedRun) -> str:
    if run.masks is None:
        return (
            "Before stage 2 the attention map is no map of the forgery (Du et al. 2020): it shows what the model "
            "attended to."
        )
    return (
        "The attention map was trained on masks of forgeries, in stage 2. On forgeries by methods unlike those "
        "it may lie elsewhere: it shows what the model attended to, and is no evidence of a forgery there."
    )
