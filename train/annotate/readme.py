"""README.md of a to-annotate folder: what to paint, what not, when to skip, how to bring it back."""

from __future__ import annotations

from string import Template

from train.annotate.overlays import PREFILL_SHARE

_TEXT = Template("""\
# Masks to paint

This folder holds $n pictures of faces, each 256 x 256 pixels. Every one of them is forged somewhere.
Paint **where**. A model that finds forged faces is then taught to look there.

Begin with `images/0001.png` and go on in order$order

## What to paint

- White is forged, black is not. Nothing in between: a hard brush, no anti-aliasing, no feathering.
- Everything whose pixels were replaced or altered: a swapped face up to the edge of the blend, an
  exchanged eye or mouth, recoloured skin, lips or hair, a filled hole.
- The whole forged area, not only its outline and not only its most suspicious spot.
- All of them, if there are several.

## What not to paint

- Hair, background or clothes that were left as they were.
- What only looks bad: noise, blur or blocks that are everywhere in the picture come from compression.
- Where the model looks. `overlays/` shows it, and it is often **wrong**: correcting that is the reason
  for this work. Look at the picture first, and at the overlay afterwards.

The edge of a blend is often hard to see. Where in doubt, paint up to the middle of the transition: a few
pixels do not matter, a wrong region does.

## When to skip

If you cannot see what was forged, do not guess. Write the number into `skipped.txt` in this folder, one a
line (`0007`, and a remark behind `#` if you like). In LabelMe set the flag `skip`, in CVAT the tag `skip`.

## How to paint

Use one of these, whichever you like, and the same for all pictures.

$prefill

| with | paint in | how |
|---|---|---|
| any picture editor (GIMP, Krita, Photoshop) | `masks/0001.png` | open the mask, lay the picture over it as a guide, \
$paint, hide the guide, and export as 8-bit grey PNG under the same name |
| LabelMe | `labelme/0001.json` | in this folder: `labelme images --output labelme --labels forged --flags skip`; \
polygon, rectangle or circle, \
labelled `forged` |
| CVAT | `cvat.xml` | a task with `images/` and the labels `forged` and, as a tag, `skip`; upload `cvat.xml` as \
"CVAT 1.1", paint, export as "CVAT for images 1.1", and put its `annotations.xml` here as `cvat.xml` |
| anything that writes COCO | `coco.json` | category `forged`; polygons or run lengths; export it here as \
`coco.json` |

Do not rename, crop, scale or overwrite what is in `images/`: that is how a mask finds its picture again.

## How to bring it back

```
lae-forensics train import-masks $folder --out ./masks
```

This checks every mask (size, black and white only, nothing empty, nothing that belongs to another
picture), says what is wrong with which file, and writes nothing until all is well. Add `--allow-missing`
to go on with the ones that are painted. Then:

```
lae-forensics train stage2 --masks ./masks
```

## What else is here

| file | what it is |
|---|---|
| `contact-sheet.png` | all pictures at a glance, each beside its overlay |
| `overlays/0001.png` | where the model looks now, from clear (not at all) to bright yellow |
| `candidates.csv` | number, hash, origin of every picture, and why it was chosen |
| `selection.json` | the dataset and the model that chose them, and how |

How they were chosen: $how
""")

_EMPTY = "The masks are empty: all black, and the other formats without a shape."
_PREFILLED = """\
The masks are **prefilled** with what the model proposes: where its attention reaches at least {share:.0%} of
the picture's own maximum. That is a start to correct, not an answer. A mask that comes back as it was is
refused, unless `--accept-prefill` says that it is right."""
_BY_WORTH = """: they are numbered by how strongly they
show what the model takes for a forgery. If time runs out, the first ones are the ones to have."""
_AT_RANDOM = ". If time runs out, the first ones will do: the\norder is random."


def readme(n: int, folder: str, how: str, is_ranked: bool, has_prefill: bool) -> bytes:
    """The text, as UTF-8.

    Args:
        n: candidates.
        folder: as the command that imports the masks is to name it.
        how: the selection in a sentence.
        is_ranked: the candidates were ranked, not drawn at random.
    """
    text = _TEXT.substitute(
        n=n,
        folder=folder,
        how=how,
        order=_BY_WORTH if is_ranked else _AT_RANDOM,
        prefill=_PREFILLED.format(share=PREFILL_SHARE) if has_prefill else _EMPTY,
        paint="correct the white" if has_prefill else "paint white",
    )
    return text.encode("utf-8")
