"""Signed distances: how far a point is from a shape (negative inside the shape).

A figure is not made of triangles.  It is a function: give it points, it returns how far each one is
from the nearest surface.  `union` is then the smaller of two distances, and a ray may safely step
forward by the distance (see rays.py).  A figure heads along x, y is up, z points to one side.

Every coordinate, size and distance is a number or a tensor; tensors have shape [pictures, rays] or
[pictures, 1] and broadcast.  Lengths are in "toy units": a figure is about two of them long.

Shapes that were bent or slanted (by changing the point before measuring) report a distance that is
somewhat too long.  Figures multiply it by a number below one, so that no ray steps through them.
"""

import functools
from typing import NamedTuple

import tensorflow as tf

Number = tf.Tensor | float
Triple = tuple[Number, Number, Number]  # a Vector is one, too

AHEAD, SIDEWAYS = 0, 2  # the axes x and z, for `disc`


class Vector(NamedTuple):
    """A point or a direction, which adds and scales like one."""

    x: Number
    y: Number
    z: Number

    def __add__(self, other: Triple) -> "Vector":
        return Vector(*(a + b for a, b in zip(self, other, strict=True)))

    def __sub__(self, other: Triple) -> "Vector":
        return Vector(*(a - b for a, b in zip(self, other, strict=True)))

    def __mul__(self, factor: Number) -> "Vector":
        return Vector(*(a * factor for a in self))

    def __truediv__(self, other: Triple) -> "Vector":
        return Vector(*(a / b for a, b in zip(self, other, strict=True)))

    def offset(self, ahead: Number, up: Number, aside: Number) -> "Vector":
        """The point that is so far away from this one."""
        return self + Vector(ahead, up, aside)


class Figure(NamedTuple):
    """A finished toy: one distance for each of its four paints."""

    body: Number  # the toy's main colour
    trim: Number  # a second colour
    dark: Number  # nearly black: tyres, glass, eyes, hooves
    pale: Number  # nearly white: lamps, paws, cabins


def dot(a: Triple, b: Triple) -> Number:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def length(vector: Triple) -> Number:
    return tf.sqrt(dot(vector, vector) + 1e-9)  # never zero: `ball` divides by it


def union(*distances: Number) -> Number:
    """All the shapes together."""
    return functools.reduce(tf.minimum, distances)


def smooth(a: Number, b: Number, blend: float = 0.12) -> Number:
    """Two shapes that flow into each other, like clay, where they are closer than `blend`."""
    return tf.minimum(a, b) - tf.maximum(blend - abs(a - b), 0.0) ** 2 / (4 * blend)


def ball(point: Vector, center: Triple, radius: Number | Triple) -> Number:
    """A ball; with three radii (along x, y, z) an ellipsoid, whose distance is approximate."""
    radii = radius if isinstance(radius, tuple) else (radius, radius, radius)
    offset = point - center
    ratio = length(offset / radii)  # 1 on the surface
    return ratio * (ratio - 1) / length(offset / radii / radii)


def limb(
    point: Vector, start: Triple, end: Triple, radius: Number, end_radius: Number | None = None
) -> Number:
    """A rod with round ends from start to end; tapered if `end_radius` is given."""
    offset, axis = point - start, Vector(*end) - start
    along = tf.clip_by_value(dot(offset, axis) / dot(axis, axis), 0.0, 1.0)  # 0 start, 1 end
    if end_radius is not None:
        radius = radius + (end_radius - radius) * along
    return length(offset - axis * along) - radius


def box(point: Vector, center: Triple, half: Triple, edge: float = 0.03) -> Number:
    """A box with half its length, height and width in `half`; `edge` is the radius of its edges."""
    # How far the point is beyond each pair of sides.
    x, y, z = (abs(a) - size + edge for a, size in zip(point - center, half, strict=True))
    outside = length([tf.maximum(a, 0.0) for a in (x, y, z)])
    inside = tf.minimum(tf.maximum(tf.maximum(x, y), z), 0.0)
    return outside + inside - edge


def disc(point: Vector, center: Triple, axis: int, radius: Number, half_width: Number) -> Number:
    """A cylinder about AHEAD or SIDEWAYS: a box in (along the axis, away from the axis)."""
    offset = list(point - center)
    along = offset.pop(axis)
    away = length((*offset, 0.0))
    return box(Vector(along, away, 0.0), (0.0, 0.0, 0.0), (half_width, radius, 1.0))


def turn(point: Vector, center: Triple, angle: Number) -> Vector:
    """The point to measure from so that shapes appear turned: nose up by `angle` radians."""
    x, y, z = point - center
    cos, sin = tf.cos(angle), tf.sin(angle)
    return Vector(cos * x + sin * y, cos * y - sin * x, z) + center


def mirror(point: Vector, bend: Number = 0.0) -> Vector:
    """Fold the left half onto the right one, so that one leg makes two.

    `bend` shifts what lies ahead (x > 0) to one side, so that an animal looks round a little.
    """
    x, y, z = point
    return Vector(x, y, abs(z - bend * tf.maximum(x, 0.0) ** 2))
