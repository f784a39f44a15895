"""Sharing material out between the splits so that no identity is in two of them."""

from __future__ import annotations

from dataclasses import dataclass

from forensic_cli.errors import UsageError
from train.data.dataset import Split, assign_split
from train.data.layouts.material import LeftOut, Material, SourceItem

CROSSING = "its identities are in different splits"
_RESERVED_FRACTIONS = (0.0, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How identities are shared out.

    Attributes:
        fractions: of train, validation and test.
        reserved: collections that never go to training, whatever they publish; their identities are
            shared out between validation and test.
    """

    fractions: tuple[float, float, float]
    reserved: tuple[str, ...]
    seed: int


def place(material: Material, rule: SplitRule) -> tuple[list[tuple[SourceItem, Split]], list[LeftOut]]:
    """Assigns every file a split, by identity.

    Identities that share a file form a group, which goes to one split by a hash: the published one
    of its members, else drawn. In a dense collection, where swaps would tie everybody into a single
    group, and in a group whose members are published in different splits, identities are assigned
    one by one, and files that would cross are left out.

    Returns:
        The placed files in their order, and those left out.

    Raises:
        UsageError: a reserved collection does not exist, or the published test split leaves nothing
            to share out.
    """
    collections = {item.collection for item in material.items}
    if unknown := sorted({*rule.reserved} - collections):
        raise UsageError(
            f"There is no set {', '.join(unknown)} to reserve.", f"Known: {', '.join(sorted(collections))}."
        )
    reserved = frozenset(
        identity
        for item in material.items
        if item.collection in rule.reserved
        for identity in item.identities
    )
    split_of: dict[str, Split] = {}
    for group in _groups(material):
        split_of.update(_assign(group, material, rule, reserved))
    placed: list[tuple[SourceItem, Split]] = []
    left_out: list[LeftOut] = []
    for item in material.items:
        splits = {identity: split_of[identity] for identity in item.identities}
        if len({*splits.values()}) > 1:
            detail = ", ".join(f"{identity}: {split}" for identity, split in splits.items())
            left_out.append(LeftOut(item.path, CROSSING, detail))
        else:
            placed.append((item, split_of[item.source_id]))
    return placed, left_out


def _groups(material: Material) -> list[tuple[str, ...]]:
    """Identities that must stay together, each group sorted (union-find over the files)."""
    parent = {identity: identity for item in material.items for identity in item.identities}

    def root(identity: str) -> str:
        while parent[identity] != identity:
            parent[identity] = parent[parent[identity]]
            identity = parent[identity]
        return identity

    for item in material.items:
        if item.collection not in material.dense_collections:
            for donor in item.donors:
                parent[root(donor)] = root(item.source_id)
    members: dict[str, list[str]] = {}
    for identity in sorted(parent):
        members.setdefault(root(identity), []).append(identity)
    return [tuple(group) for group in members.values()]


def _assign(
    group: tuple[str, ...], material: Material, rule: SplitRule, reserved: frozenset[str]
) -> dict[str, Split]:
    """The split of each identity of a group; the group's first one stands for it in the hash."""
    if not reserved.isdisjoint(group):
        return dict.fromkeys(group, assign_split(group[0], _RESERVED_FRACTIONS, rule.seed))
    fractions = _to_share_out(rule.fractions) if material.has_official_test else rule.fractions
    pinned = {material.pins[identity] for identity in group if identity in material.pins}
    if len(pinned) > 1:
        return {
            identity: material.pins.get(identity) or assign_split(identity, fractions, rule.seed)
            for identity in group
        }
    split = pinned.pop() if pinned else assign_split(group[0], fractions, rule.seed)
    return dict.fromkeys(group, split)


def _to_share_out(fractions: tuple[float, float, float]) -> tuple[float, float, float]:
    """The fractions when the test split is complete already."""
    total = fractions[0] + fractions[1]
    if total == 0:
        raise UsageError("The published test split is complete.", "Give fractions of train or validation.")
    return (fractions[0] / total, 1 - fractions[0] / total, 0.0)
