"""From a figure to finished pictures: paints, background, floor, and the camera's sensor.

The random numbers come from one generator per picture: first the figure's proportions, then the
scene, then the noise.  Nothing but the figure depends on the class, so that neither colours nor
background give it away.
"""

import functools

import numpy as np
import tensorflow as tf

from .distance import Vector
from .rays import aim_camera, column, find_hits, shine

SIZE = 32  # pixels to a side
RAYS = 64  # in a row, where pixels are fewer: two for each of 32, averaged, smooth the edges
CHUNK = 50  # pictures drawn at once: another number would be compiled again
PROPORTIONS, SCENE = 12, 60  # random numbers set aside for a figure and for its scene


def draw(figure, scale: float, generators, side: int = SIZE, ground=None) -> np.ndarray:
    """At most CHUNK pictures of a figure, one per NumPy generator: uint8 [n, side, side, 3]."""
    count = len(generators)
    numbers = np.stack([rng.random(PROPORTIONS + SCENE, np.float32) for rng in generators])
    numbers = np.concatenate([numbers, numbers[:1].repeat(CHUNK - count, axis=0)])
    proportions = tf.constant(numbers[:, :PROPORTIONS])

    def measure(points):
        distance, paint = distance_field(figure, scale)(proportions, tf.constant(points))
        return distance.numpy(), paint.numpy()

    between = number_stream(numbers[:, PROPORTIONS:].T[:, :, None])
    rays_per_pixel = max(1, RAYS // side)
    colours = trace(measure, between, side * rays_per_pixel, ground)
    return develop(colours[:count], generators, side)


def number_stream(columns):
    """A function `between(low, high)` that uses up one column of uniform numbers at each call."""
    columns = iter(columns)

    def between(low, high):
        return low + (high - low) * next(columns)

    return between


@functools.cache
def distance_field(figure, scale):
    """The compiled (proportions [CHUNK, PROPORTIONS], points) -> distance, index of the paint."""

    @tf.function(jit_compile=True, autograph=False)
    def field(proportions, points):
        between = number_stream(tf.split(proportions, PROPORTIONS, axis=1))
        nearest, *others = figure(Vector(*tf.unstack(points / scale)), between)
        paint = 0.0
        for index, distance in enumerate(others, start=1):
            paint = tf.where(distance < nearest, float(index), paint)
            nearest = tf.minimum(nearest, distance)
        return nearest * (0.95 * scale), paint  # a little too short: rays must not step through

    return field


def trace(measure, between, rays_per_row, ground):
    """Colours 0 to 1, [CHUNK, rays_per_row, rays_per_row, 3]."""
    camera = aim_camera(between, rays_per_row)
    has_floor = (between(0, 1) < 0.75) | (ground is not None)
    hit = find_hits(measure, camera, has_floor)
    light, glint = shine(measure, between, camera.rays, hit)
    hue = between(0, 1)
    toy = np.choose(hit.paint, mix_paints(between, hue)) * light + glint
    around = surroundings(between, hue, camera, hit, light, ground)
    colours = np.clip(np.where(hit.toy, toy, around), 0, 1) ** 0.85
    return np.moveaxis(colours, 0, -1).reshape(-1, rays_per_row, rays_per_row, 3)


def hsv(hue, saturation, value):
    """The colour [3, pictures, 1]; hue counts turns of the colour wheel."""
    distance = abs((hue * 6 + column(0, 4, 2)) % 6 - 3)
    return value * (1 - saturation + saturation * np.clip(distance - 1, 0, 1))


def mix_paints(between, hue):
    """Body, trim, dark and pale; the trim differs from the body in hue and in brightness."""
    saturation, value = between(0.1, 0.95), between(0.45, 1)
    body = hsv(hue, saturation, value)
    trim_hue, trim_saturation = hue + between(0.2, 0.8), between(0.1, 0.9)
    trim = hsv(trim_hue, trim_saturation, 0.3 + (value - 0.3 + between(0.2, 0.5)) % 0.7)
    dark = hsv(between(0, 1), between(0, 0.5), between(0.05, 0.18))
    pale = hsv(between(0, 1), between(0, 0.25), between(0.8, 1))
    return [body, trim, dark, pale]


def surroundings(between, hue, camera, hit, light, ground):
    """The colour behind the figure: a wall that changes from low to top, or a floor in haze."""
    earth, low, top = (  # their hues keep away from the body's, too
        hsv(hue + between(0.2, 0.8), between(0, 0.6), between(0.3, 0.95)) for _ in range(3)
    )
    earth = earth if ground is None else column(*ground)
    climb = np.clip(0.5 + camera.up * camera.far / 2, 0, 1)
    wall_ripple = between(0, 0.1)
    wall = low + (top - low) * climb
    wall = wall * (1 + wall_ripple * ripples(between, camera.right * 12, camera.up * 12))
    floor_ripple = between(0, 0.25)
    floor = earth * (1 + floor_ripple * ripples(between, hit.points[0], hit.points[2])) * light
    clear = np.minimum(np.exp(-0.12 * (hit.travelled - camera.far + 1)), 1)
    return np.where(hit.floor, wall + (floor - wall) * clear, wall)


def ripples(between, x, z):
    """An irregular pattern between -1 and 1: waves that bend one another [pictures, rays]."""
    wave = 0
    for _ in range(4):
        wave = np.sin(x * between(-4, 4) + z * between(-4, 4) + between(0, 6.3) + 2 * wave)
    return wave


def develop(colours, generators, side):
    """Average the rays of each pixel, add the sensor's noise, and round to uint8."""
    rays = colours.shape[1] // side  # of a pixel, in a row
    pictures = colours.reshape(-1, side, rays, side, rays, 3).mean(axis=(2, 4))
    pictures += np.stack(
        [rng.normal(0, rng.uniform(0.005, 0.02), (side, side, 3)) for rng in generators]
    )
    return np.uint8(np.clip(pictures, 0, 1) * 255 + 0.5)
