"""What is kept of a shape with a call, so that its answer can be read again from the bytes."""

from __future__ import annotations

from typing import Any, cast, get_args

from ...profiles.shapes.shape import shape_document, shape_from
from ...providers.json_values import items, obj, text
from .adaptation import Adaptation
from .request import ShapePlan
from .words import SchemaChangeKind, ShapeChange, ShapeFidelity


def kept_shape(plan: ShapePlan) -> dict[str, Any]:
    """The shape and how it was asked for as JSON; `shape_kept` reads it."""
    changes = [{name: getattr(change, name) for name in ShapeChange.__struct_fields__} for change in plan.changes]
    told = {"fidelity": plan.fidelity, "native": dict(plan.native), "note": plan.note, "changes": changes}
    return {**shape_document(plan.shape), **told}


def shape_kept(document: Any) -> ShapePlan | None:
    """What `kept_shape` wrote, as far as reading an answer needs it; None for anything else."""
    shape, told = shape_from(document), obj(document)
    if shape is None or told.get("fidelity") not in get_args(ShapeFidelity):
        return None
    changes = tuple(
        ShapeChange(one["kind"], *(text(one.get(name)) or "" for name in ("path", "keyword", "words")))
        for one in items(told.get("changes"))
        if one.get("kind") in get_args(SchemaChangeKind)
    )
    wrapped = any(change.kind == "wrapped" for change in changes)
    adaptation = Adaptation({}, changes, wrapped) if changes else None
    fidelity = cast("ShapeFidelity", told["fidelity"])
    return ShapePlan(shape, fidelity, obj(told.get("native")), text(told.get("note")), adaptation=adaptation)
