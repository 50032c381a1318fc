"""Where the camera's rays meet a figure, and how much light arrives there.

All arrays are float32.  Points, rays and directions have shape [3, pictures, rays] (x, y, z first),
numbers [pictures, rays] or [pictures, 1].  `measure(points)` returns the distance to the figure and
the index of the figure's paint there.
"""

from typing import NamedTuple

import numpy as np

HORIZON = 30.0  # how far a ray sees


class Camera(NamedTuple):
    """One camera per picture; a row-major square of rays starts from it."""

    eye: np.ndarray  # where it stands [3, pictures, 1]
    rays: np.ndarray  # directions, of length one [3, pictures, rays]
    right: np.ndarray  # where each ray is on the screen, to the right ... [pictures, rays]
    up: np.ndarray  # ... and up, in units of the distance [pictures, rays]
    far: np.ndarray  # the distance between eye and figure [pictures, 1]


class Hit(NamedTuple):
    """What the rays met."""

    points: np.ndarray  # where each ray ends [3, pictures, rays]
    normals: np.ndarray  # directions straight away from the surface [3, pictures, rays]
    travelled: np.ndarray  # the ray's length [pictures, rays]
    paint: np.ndarray  # the index of the figure's paint [pictures, rays]
    toy: np.ndarray  # whether the ray met the figure [pictures, rays]
    floor: np.ndarray  # whether it met the floor, or would have without a figure [pictures, rays]


def column(x, y, z):
    """The same vector for every picture and ray, [3, 1, 1]."""
    return np.float32([x, y, z])[:, None, None]


def dot(a, b):
    return (a * b).sum(axis=0)


def aim_camera(between, rays_per_row):
    """A camera somewhere around the figure, above the floor, that looks at it."""
    yaw = between(0, 2 * np.pi)
    pitch = between(0.02, 0.7)
    roll = between(-0.1, 0.1)
    far = between(4, 5)
    view = between(1, 1.25) / far  # half the screen's width
    shift_right = between(-0.04, 0.04)
    shift_up = between(-0.04, 0.04)

    grid = (np.arange(rays_per_row, dtype=np.float32) * 2 + 1) / rays_per_row - 1
    across, upward = (axis.reshape(1, -1) for axis in np.meshgrid(grid, -grid))
    right = view * (across * np.cos(roll) - upward * np.sin(roll)) + shift_right
    up = view * (across * np.sin(roll) + upward * np.cos(roll)) + shift_up

    cos_yaw, sin_yaw, cos_pitch, sin_pitch = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    ahead = np.stack([-cos_pitch * cos_yaw, -sin_pitch, -cos_pitch * sin_yaw])
    rightward = np.stack([sin_yaw, np.zeros_like(yaw), -cos_yaw])
    overhead = np.stack([-sin_pitch * cos_yaw, cos_pitch, -sin_pitch * sin_yaw])
    rays = ahead + rightward * right + overhead * up
    rays /= np.sqrt(dot(rays, rays))
    return Camera(column(0, 0.6, 0) - ahead * far, rays, right, up, far)


def find_hits(measure, camera, has_floor):
    """March along the rays until they meet the figure, the floor (y = 0) or the horizon."""
    eye, rays = camera.eye, camera.rays
    travelled = camera.far - 1.6 + np.zeros_like(camera.right)  # the figure is nowhere nearer
    for _ in range(30):
        travelled += np.minimum(measure(eye + rays * travelled)[0], 1)
    distance, paint = measure(eye + rays * travelled)

    falling = rays[1] < -1e-4
    to_ground = np.where(falling, -eye[1] / np.minimum(rays[1], -1e-4), 99)
    floor = falling & has_floor
    toy = (abs(distance) < 0.02) & ~(floor & (to_ground < travelled))
    elsewhere = np.where(floor, np.minimum(to_ground, HORIZON), HORIZON)
    travelled = np.where(toy, travelled, elsewhere).astype(np.float32)
    points = eye + rays * travelled
    normals = np.where(toy, slope(measure, points), column(0, 1, 0))
    return Hit(points, normals, travelled, paint.astype(int), toy, floor)


def slope(measure, points):
    """The direction in which the distance grows, from four samples around each point."""
    corners = (column(1, -1, -1), column(-1, -1, 1), column(-1, 1, -1), column(1, 1, 1))
    growth = sum(corner * measure(points + 0.01 * corner)[0] for corner in corners)
    return growth / np.sqrt(dot(growth, growth) + 1e-12)


def shine(measure, between, rays, hit):
    """Light from sky and sun on whatever the rays met, and the sun's glint [pictures, rays]."""
    around = between(0, 2 * np.pi)
    height = between(0.45, 1.2)
    ambient = between(0.35, 0.55)
    sun = np.stack(
        [np.cos(height) * np.cos(around), np.sin(height), np.cos(height) * np.sin(around)]
    )
    lit = sunlit(measure, hit, sun)
    # Corners, and the floor under the figure, see little of the sky.
    open_sky = np.clip(0.4 + 4 * measure(hit.points + 0.15 * hit.normals)[0], 0, 1)
    from_sky = ambient * (0.65 + 0.35 * hit.normals[1])
    from_sun = (1.2 - ambient) * np.clip(dot(hit.normals, sun), 0, 1) * lit
    mirrored = rays - 2 * dot(rays, hit.normals) * hit.normals
    glint = 0.35 * np.clip(dot(mirrored, sun), 0, 1) ** 12 * lit
    return (from_sky + from_sun) * open_sky, glint


def sunlit(measure, hit, sun):
    """How much of the sun a point sees, 0 to 1: a near miss of the figure gives a soft shadow."""
    lit = np.ones_like(hit.travelled)
    step = np.full_like(hit.travelled, 0.06)
    for _ in range(12):
        distance = measure(hit.points + 0.03 * hit.normals + sun * step)[0]
        lit = np.clip(7 * distance / step, 0, lit)
        step = step + np.clip(distance, 0.04, 0.3)
    return lit
