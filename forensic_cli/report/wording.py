"""Every sentence that the report prints of its own accord, in one place.

A second language is a second module of these names. The rules: short sentences; no word that
claims more than a test can carry (a forbidden list is tested); numbers come in through `format`.
"""

from __future__ import annotations

from forensic_cli.types import VerbalTerm, Verdict

LANGUAGE = "en"
NOT_SUPPLIED = "Not supplied"
NONE_RECORDED = "None recorded"
NOT_RECORDED = "Not recorded"
NOT_TAKEN = "Not taken"
YES = "Yes"
NO = "No"

VERDICT_WORDS = {
    Verdict.LIKELY_FORGED: "Likely forged",
    Verdict.INCONCLUSIVE: "Inconclusive",
    Verdict.NO_SUPPORT: "No support for forgery found",
    Verdict.NO_FACE: "No face found",
    Verdict.SKIPPED: "Not examined",
    Verdict.FAILED: "Failed",
}

# --- head ---------------------------------------------------------------------------------
TITLE = "Examination for forged faces"
SUBTITLE = "Report of an automated examination of images and video"
STATUS = "Draft, unsigned"
SUBJECT = "Forged-face examination, case {case}"
END = "END OF REPORT"
FOOTER = "Results relate only to the items examined."
PAGE = "Page {page} of {total}"
ITEM = "Item {label}"

# --- first page ---------------------------------------------------------------------------
QUESTION_TITLE = "Question asked"
QUESTION_CONTINUES = "[in full under “Request”]"
ACCOUNTING_TITLE = "What was examined"
FINDINGS_TITLE = "Finding per item"
MEANS_TITLE = "What this means"
NOT_MEANS_TITLE = "What it does not mean"
DRAFT = (
    "Draft, unsigned. Software wrote this report. A qualified examiner must review the findings, the "
    "pictures and the material itself before any use is made of it."
)
ACCOUNTING = (
    "{found} found = {analysed} analysed + {no_face} without a face + {skipped} skipped + {failed} failed."
)
ACCOUNTING_TILES = ("found", "analysed", "without a face", "skipped", "failed")
SCOPE = "{used} searched for faces, {readings} read by the model in {tracks}."
MEANS_FORGED = (
    "Likely forged: the score is {forged} or higher. The face resembles the forgeries on which the model was "
    "trained more than it resembles the genuine faces."
)
MEANS_INCONCLUSIVE = (
    "Inconclusive: the score lies from {no_support} up to {forged}, or too little could be read. The model"
    " says neither."
)
MEANS_NO_SUPPORT = (
    "No support for forgery found: the score is below {no_support}. The model found no trace that it knows."
)
MEANS_ERRORS = "How often the model errs, as far as it was measured, is in the section “Error rates”."
MEANS_LR = (
    "Likelihood ratio (LR): how many times more probable the score is if the face was forged than if it was "
    "not. A positive log10 LR supports that it was forged, a negative one that it was not; “at least” marks "
    "the bound of what the calibration supports."
)
NOT_PROBABILITY = (
    "The score is not a probability. It has not been calibrated, and no likelihood ratio is reported with "
    "these weights."
)
NOT_PROBABILITY_CALIBRATED = (
    "Neither the score nor the likelihood ratio is the probability of a forgery: that depends as much on "
    "everything else that is known of the case."
)
NOT_GENUINE = (
    "No support for forgery found does not make an item genuine. Forging methods that the model never saw "
    "may leave no trace that it knows."
)
NOT_FACE = "No face found says nothing about the rest of the picture: faces alone are examined."
NOT_LOCATION = "A heatmap shows what the model attended to. It is not proof of location."
NOTICE_INTERRUPTED = "The scan was interrupted. Items that it did not reach are listed as not examined."
NOTICE_FOREIGN = "The weights “{name}” are not among those shipped and measured with this program."
NOTICE_CHANGED = "{items} changed while being read: the SHA-256 before and after differ."
NOTICE_FAILED = "{items} could not be examined. The reasons are given with each."
NOTICE_LISTED = "No item held a face that could be read."
FINDINGS_BELOW = "Each item has its line in the table on the following pages."
TALLY_MORE = "and {n} more"
COLUMNS_FINDINGS = ("Item", "File", "Finding", "Score", "Faces", "Page")
COLUMNS_FINDINGS_CALIBRATED = ("Item", "File", "Finding", "Score", "log10 LR", "Faces", "Page")

# --- request and people -------------------------------------------------------------------
REQUEST_TITLE = "Request"
PEOPLE_TITLE = "People"
SIGNATURE_EXAMINER = "Examiner: name, signature, date"
SIGNATURE_REVIEWER = "Reviewer: name, signature, date"

# --- items --------------------------------------------------------------------------------
ITEMS_TITLE = "Items"
IDENTITY_TITLE = "Identity and custody"
MEDIA_TITLE = "Media facts"
MEDIA_NOTE = "What the file states and what counting its contents shows. Nothing here enters a score."
FRAMES_TITLE = "Frames"
WARNINGS_TITLE = "Warnings"
WARNING = "{message} ({n} times)"
TRACKS_TITLE = "Face tracks"
TRACK = "Face track {id}"
TRACKS_NOTE = (
    "{total} were followed. Only the {shown} with pictures are treated below; results.jsonl holds the "
    "readings of every track."
)
COLUMNS_TRACKS = ("Track", "Finding", "Score", "95% interval", "Frames", "Seen", "Page")
TIMELINE_TITLE = "Score over time"
BAR_TITLE = "Score against the thresholds"
NUMBERS_TITLE = "Numbers"
READINGS_TITLE = "Readings"
READINGS_NOTE = "Only the frames shown are listed. results.jsonl holds all {n} readings."
COLUMNS_READINGS = (
    "Shown",
    "Frame",
    "Time",
    "a_T (real)",
    "a_F (fake)",
    "Score",
    "Face px",
    "Sharpness",
    "Confidence",
)
PICTURES_TITLE = "Pictures"
SHOWN_FRAME = "Frame {letter}"
SHOWN_PICTURE = "Picture {letter}"
PICTURES_LEFT_OUT = (
    "The report covers more than {n} items. The pictures of those without support for forgery are not "
    "printed; they are in the exhibits folder."
)
HEATMAP_CAPTION = "What the model attended to; not proof of location."
HEATMAP_PANELS = ("Original", "Attention", "Overlay")
FRAME_CAPTION = "The whole frame: the face outlined, the attention put back in its place."
SCALE_CAPTION = "Attention, one fixed scale for this report"
SCALE_NOTE = (
    "The attention map has 16 × 16 cells over the crop; it is enlarged to 256 × 256 by bilinear "
    "interpolation, so nothing finer than a sixteenth of the crop can be read from it. Values beyond "
    "either end take the colour of that end."
)
ITEM_LIMITS_TITLE = "Limits of this finding"
LIMIT_DETECTED_ONLY = (
    "Only faces that the detector found were read; faces turned away, covered or very small are missed."
)
LIMIT_SINGLE = "Read in a single picture, so without an interval over frames: {tracks}."
LIMIT_FEW = "Read in fewer than {n} frames, so that the score rests on little: {tracks}."
LIMIT_SMALL = "Smaller than the {px} px that the model's input holds, and therefore enlarged: {tracks}."
LIMIT_MORE = "and {n} more"
LIMIT_NOT_SAMPLED = "{n} were passed over by the sampling rule; a forgery confined to them would be missed."
LIMIT_BROKEN = "{n} could not be decoded."
LIMIT_INTERVAL = (
    "The interval describes how the score varies over the frames read. It does not include the error rate "
    "of the method."
)
LIMIT_CHANGED = "The file changed while being read; the readings cannot be tied to one state of it."
LISTED_TITLE = "Items without a face reading"
LISTED_NOTE = (
    "Each item found is accounted for: those without a face, those not examined, and those that failed. A SHA-256 "
    "that stands alone was the same before and after reading."
)

# --- plots --------------------------------------------------------------------------------
PLOT_SCORE = "Score"
PLOT_TIME = "Time in the video, {unit}"
PLOT_TRACK = "all"
PLOT_FORGED = "likely forged"
PLOT_BAND = "inconclusive"
PLOT_NO_SUPPORT = "no support"
PLOT_LEGEND_POINT = "one frame read"
PLOT_LEGEND_MARK = "frame shown below, by letter"
PLOT_LEGEND_TRACK = "all frames together, 95% interval"
PLOT_DESCRIPTION_ONE = "One reading, score {score}."
PLOT_DESCRIPTION = (
    "{n}, score {low} to {high}; {above} at or above the forged threshold, {between} between the thresholds, "
    "{below} below both."
)

# --- method -------------------------------------------------------------------------------
METHOD_TITLE = "Method"
METHOD = (
    "Each file is hashed, decoded frame by frame as the sampling rule says, and hashed again. Every frame "
    "examined is searched for faces. The same face in successive frames forms a face track; a cut ends it."
    " A square 1.3 times the face is cut out and scaled to 256 × 256 pixels: the crop, which is all that "
    "the model sees.",
    "The model is a Locality-Aware AutoEncoder (Du, Pentyala, Li and Hu, CIKM 2020). It reduces the crop "
    "to 128 numbers, of which it was trained to activate one half for genuine faces and the other for "
    "forged ones. The mean absolute activation of the halves is a_T and a_F. The score is a_F − a_T: "
    "higher means more like a forgery.",
    "The attention map weighs the model's last 16 × 16 feature map by its contribution to the forged half "
    "({form}). It is drawn on one colour scale for the whole report.",
)
ATTENTION_FORMS = {
    "paper": "equation 8 of the paper, weights |z|",
    "signed": "equation 8 of the paper with signed weights z",
}
METHOD_POINTS_INTRO = "From crops to a finding"
THRESHOLD_RULE = "How the thresholds were chosen: {rule}"
OPINION_TITLE = "Opinion"
OPINION_PROPOSITIONS = (
    "First proposition: the face was replaced or altered by a forging method. Second proposition: the face"
    " was recorded by a camera and not altered in that way."
)
OPINION_NOT_CALIBRATED = (
    "Likelihood ratio: none is reported. The score has not been calibrated with these weights, so the "
    "strength of the finding as evidence for one proposition over the other cannot be stated in numbers or"
    " in a verbal scale."
)
OPINION_CALIBRATED = (
    "Likelihood ratio (LR): how many times more probable the score is under the first proposition than under "
    "the second. It was calibrated on {n} genuine and {n_forged} forged faces of {people}; forged means, for "
    "that purpose, by {methods}. A ratio that reaches the bounds of what these faces support reads “at "
    "least”. The examiner must ask whether they resemble the item.",
    "Verbal scale, for either proposition: LR 1 to 2 no support; from 2 weak; from 10 moderate; from 100 "
    "moderately strong; from 1,000 strong. An LR below 1 is turned over and supports the second proposition.",
)
OPINION_ALTERNATIVES = (
    "Alternatives for the examiner to weigh: strong compression, scaling, blur, noise reduction, beauty "
    "filters, make-up, re-recording from a screen, and unusual light can move the score either way."
)
LR_VALUE = "log10 LR {value}"
LR_NOT_GIVEN = "none"
LR_OUTSIDE = "outside the validated range"
LR_BOUNDED = "{value} (at least)"
LR_TERMS = {
    VerbalTerm.NO_SUPPORT: "no support",
    VerbalTerm.WEAK: "weak support",
    VerbalTerm.MODERATE: "moderate support",
    VerbalTerm.MODERATELY_STRONG: "moderately strong support",
    VerbalTerm.STRONG: "strong support",
}
LR_AT_LEAST = "at least "
LR_IF_FORGED = "if the face was forged than if it was not"
LR_IF_GENUINE = "if the face was not forged than if it was"
LR_SENTENCE = "log10 LR {value}: the score is {at_least}{times} times more probable {which}. {support}."
LR_SENTENCE_ONE = "log10 LR {value}: the calibration set supports no ratio in this direction. {support}."
LR_SUPPORT = "{term} for the {which} proposition"
LR_SUPPORT_NONE = "{term} for either proposition"
LR_FIRST = "first"
LR_SECOND = "second"
LR_NONE = "Likelihood ratio: {note}"
CALIBRATION_TITLE = "Calibration of the likelihood ratio"
CALIBRATION_SEE = "See “Calibration of the likelihood ratio”"
CALIBRATION_NONE = "None: the score is not a probability"
CALIBRATION_ROWS_NOTE = (
    "Cllr: cost of the likelihood ratios in bits. 0 is perfect, 1 is no information, above 1 the ratios "
    "mislead. At best: what the overlap of the scores alone costs. Out-of-domain: the same calibration on "
    "forging methods that were not trained on."
)
COLUMNS_CALIBRATION = ("Condition", "Domain", "Genuine", "Forged", "Cllr", "At best")
MODEL_TITLE = "Model card, in short"
ERRORS_TITLE = "Error rates"
ERRORS_NOTE = (
    "False positive: a genuine face that scored at or above the forged threshold. False negative: a forged"
    " face that scored below it. In brackets: 95% interval. AUC: 1 is perfect separation, 0.5 is chance."
)
ERRORS_NONE = "No error rates were measured with these weights. The rate of false findings is unknown."
ERRORS_DOMAIN = "{domain}"
COLUMNS_ERRORS = ("Condition", "Data set", "Genuine", "Forged", "AUC", "False positive", "False negative")
LIMITATIONS_TITLE = "Limitations"
LIMITATIONS = (
    "Faces only. Voices, bodies, backgrounds, text and the order of scenes were not examined.",
    "No face found is no sign that an item is genuine.",
    "Forging methods that are unlike those of the training may go unnoticed.",
    "Low resolution, blur and strong compression remove the traces that the model reads.",
    "The model was not tested separately for groups of people by age, sex or skin colour.",
    "A heatmap is an explanation of the model, not a map of the forgery.",
)
TOOL_TITLE = "Tool"
PARAMETERS_TITLE = "Parameters"
REPEAT_TITLE = "To repeat this examination"
REPEAT = (
    "Check each file against its SHA-256 in this report, install the version named under “Tool”, check the"
    " weights against their SHA-256, and run the command below in the folder in which it was run.",
    "To expect: with the same version, weights, precision and kind of processor, the same findings and "
    "scores that agree to 0.001. Other hardware or another precision can move them further; bit identity "
    "across hardware is not promised.",
    "This file is drawn from the saved results alone: the same results give the same bytes.",
)
CUSTODY_TITLE = "Custody and disposition"
CONDITIONS_TITLE = "Conditions of this report"
CONDITIONS = (
    "The results relate only to the items examined, in the state in which their hashes were taken.",
    "This report shall not be reproduced except in full without the laboratory's written approval.",
    "A human must review this report. No decision about a person may rest on it alone.",
    "The issue time is the end of the scan by this computer's clock; the clock is not attested.",
)
GLOSSARY_TITLE = "Glossary"
GLOSSARY = (
    (
        "a_T, a_F",
        "Mean absolute activation of the half of the model's 128 numbers trained on true faces, and of the"
        " other, trained on fakes.",
    ),
    (
        "Attention",
        "The parts of the crop that raised the forged half's activation, as a map of 16 × 16 cells.",
    ),
    (
        "AUC",
        "Probability that a forged face of the test scores higher than a genuine one. A property of the "
        "test, not of an item.",
    ),
    ("Crop", "The square of 256 × 256 pixels around one face that the model sees."),
    ("Detector", "The program that finds faces. Its confidence can be compared only with its own."),
    ("Face track", "The same face followed over the frames of one scene."),
    ("Finding", "The conclusion for a face track or an item, reached by the decision rule."),
    ("Frame", "One picture of a video, numbered from 0."),
    ("Interval", "Range that holds the combined score in 95 of 100 random redraws of the frames read."),
    ("LAE", "Locality-Aware AutoEncoder, the kind of network used."),
    (
        "Likelihood ratio",
        "How many times more probable a result is under one proposition than under the other.",
    ),
    ("Score", "a_F − a_T. Higher means more like a forgery. Not a probability."),
    (
        "SHA-256",
        "Fingerprint of a file. Two files with the same fingerprint are the same, for all practical "
        "purposes.",
    ),
    ("Sharpness", "Variance of the Laplacian of the crop. Low means blurred."),
    ("Threshold", "A score at which the finding's word changes."),
)
GLOSSARY_CALIBRATED = (
    ("Calibration", "Finding out, on faces of known origin, what a score is worth as evidence."),
    ("Cllr", "Cost of likelihood ratios in bits on faces of known origin. 1 is no information."),
    (
        "ELUB",
        "Empirical lower and upper bound: how far likelihood ratios may go with the faces that were tried.",
    ),
    (
        "Tippett plot",
        "For every likelihood ratio, the share of genuine and of forged faces that reached it.",
    ),
)
