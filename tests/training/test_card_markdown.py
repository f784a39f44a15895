"""The Markdown card says what was measured, and what was not."""

from __future__ import annotations

from dataclasses import replace

from forensic_cli.model.weights import ErrorRate, ModelCard
from train.card_markdown import card_markdown
from train.evaluation.records import AttentionFigures, Evaluation, EvaluationRow, FalseAlarms

ATTENTION = AttentionFigures(
    40, 0, 0.81, (0.78, 0.84), 0.33, (0.3, 0.36), 0.75, (0.7, 0.8), 0.52, (0.5, 0.54), 0.21, 0.1
)
ROW = EvaluationRow(
    method="poisson-swap",
    condition="H.264 CRF 40",
    was_trained=False,
    is_stored=False,
    auc=0.7812,
    auc_interval=(0.71, 0.84),
    accuracy=0.69,
    accuracy_interval=None,
    eer=0.29,
    eer_interval=None,
    tpr=0.12,
    tpr_interval=None,
    genuine=(-1.0, 0.1),
    forged=(0.5, 0.9),
    source_ids=("a", "b"),
    groups=("", ""),
    forged_source_ids=("a", "b"),
    attention=ATTENTION,
)
ALARMS = FalseAlarms("group", "female-asian", "no further compression", 30, -0.4, 3, 0.1, (0.035, 0.256))
EVALUATION = Evaluation(
    split="test",
    checkpoint_sha256="0" * 64,
    dataset_sha256="1" * 64,
    n_photographs=40,
    n_trained_on=0,
    attention_form="paper",
    iou_threshold=0.2,
    score_threshold=0.5,
    score_threshold_rule="5% of validation",
    rows=(ROW,),
    genuine=(),
    false_alarms=(ALARMS,),
)
CARD = ModelCard(
    name="x",
    arch="lae",
    file="x.safetensors",
    sha256="a" * 64,
    forged_threshold=0.5,
    no_support_threshold=-0.5,
    threshold_rule="From validation.",
    attention_scale=1.0,
    training=(("Stage", "1 | 2"),),
    error_rates=(
        ErrorRate(
            "poisson-swap, H.264 CRF 40", "out-of-domain", "photographs", 40, 40, 0.7812, 0.05, (0.01, 0.16)
        ),
    ),
    limitations=("Faces only.",),
)


def test_the_card_holds_every_figure_with_its_interval() -> None:
    text = card_markdown(CARD, EVALUATION, ())
    assert "| poisson-swap | H.264 CRF 40 | no | 0.781 (0.710 to 0.840) | 0.690 |" in text
    assert "| 0.810 | 0.330 | 0.520 (0.500 to 0.540) | 0.750 (0.700 to 0.800) | 0.210 |" in text
    assert (
        "| group | female-asian | no further compression | 30 | -0.400 | 3 = 10.0% (3.5% to 25.6%) |" in text
    )
    assert "5.0% (1.0% to 16.0%) | - |" in text
    assert "- Faces only." in text


def test_an_uncalibrated_card_says_so_and_a_cell_keeps_its_bars() -> None:
    text = card_markdown(CARD, EVALUATION, ())
    assert "Not calibrated: no likelihood ratio can be given." in text
    assert "1 \\| 2" in text


def test_target_sets_stand_apart_and_are_said_to_have_chosen_nothing() -> None:
    target = replace(EVALUATION, split="target-composites", rows=(replace(ROW, attention=None),))
    text = card_markdown(CARD, EVALUATION, (target,))
    head = text.index("## Target set: composites")
    assert "chose nothing" in text[head:]
    assert "| 0.120 | - | - | - | - | - |" in text[head:]
