"""Bird and frog; the animals that walk on four legs are in quadrupeds.py.

Figures are written as in vehicles.py: first the proportions, then the pieces, then the paints.
"""

import tensorflow as tf

from .distance import Figure, Vector, ball, box, limb, mirror, smooth, turn, union


def bird(point, between):
    """An egg on two thin legs, leaning, with a bright beak and wings that are lifted or folded."""
    lean = between(0.3, 0.75)  # radians
    leg_length = between(0.2, 0.34)
    radius = between(0.26, 0.32)
    wing_lift = between(-1.4, 0.4)  # radians; at -1.4 the wing hangs down the side
    beak_length = between(0.38, 0.48)
    neck = between(0.36, 0.46)
    head_radius = between(0.2, 0.24)

    point = mirror(point)
    height = leg_length + radius
    leaning = x, y, z = turn(point, (0.0, height, 0.0), lean)
    trunk = ball(leaning, (0.0, height, 0.0), (0.5, radius, radius * 0.9))
    belly = ball(leaning, (0.12, height - 0.08, 0.0), (0.36, radius, radius * 0.85))

    # A wing turns about the shoulder: up and out are measured from there.
    up, out = y - height - 0.1, z - radius * 0.7
    cos, sin = tf.cos(wing_lift), tf.sin(wing_lift)
    lifted = Vector(x + 0.35 * abs(out), cos * up - sin * out, cos * out + sin * up)
    wings = ball(lifted, (-0.05, 0.0, 0.3), (0.28, 0.06, 0.38))
    fan = Vector(x, y - 0.1 * x, z + 0.3 * (x + 0.6))  # the tail widens towards its end
    tail = box(fan, (-0.62, height + 0.03, 0.0), (0.26, 0.04, 0.13))

    head = Vector(0.36, height + neck, 0.0)
    skull = ball(point, head, head_radius)
    beak_tip = head.offset(beak_length, -0.1, 0.0)
    beak = limb(point, head.offset(0.12, -0.02, 0.0), beak_tip, 0.12, 0.02)
    eyes = ball(point, head.offset(0.13, 0.08, 0.15), 0.065)
    ankle = (-0.04, 0.03, 0.13)
    legs = limb(point, (0.0, leg_length + 0.1, 0.12), (0.04, 0.03, 0.13), 0.035)
    feet = limb(point, ankle, (0.18, 0.03, 0.16), 0.035)
    return Figure(
        body=smooth(trunk, skull, 0.15),
        trim=union(0.8 * wings, 0.9 * tail, beak),
        dark=union(legs, feet, eyes),
        pale=belly,
    )


def frog(point, between):
    """A flat sitting body with wide folded hind legs and big eyes on top."""
    half_width = between(0.38, 0.48)
    half_height = between(0.24, 0.3)
    eye_radius = between(0.13, 0.17)
    lean = between(0.15, 0.4)  # radians

    point = mirror(point)
    leaning = turn(point, (0.0, 0.35, 0.0), lean)
    rump = ball(leaning, (-0.1, 0.35, 0.0), (0.6, half_height, half_width))
    head = ball(leaning, (0.45, 0.36, 0.0), (0.34, half_height * 0.8, half_width * 0.95))
    belly = ball(leaning, (0.1, 0.28, 0.0), (0.55, half_height * 0.9, half_width * 0.85))

    thighs = ball(point, (-0.38, 0.24, half_width), (0.36, 0.22, 0.17))
    heel, toes = (-0.6, 0.08, half_width + 0.08), (0.1, 0.05, half_width + 0.26)
    shins = limb(point, heel, toes, 0.07)
    hand = Vector(0.5, 0.06, half_width + 0.05)
    arms = limb(point, (0.35, 0.4, half_width * 0.8), hand, 0.09, 0.07)
    hands = limb(point, hand, hand.offset(0.18, -0.02, 0.07), 0.06)

    eye = Vector(0.46, 0.36 + half_height, half_width * 0.6)
    pupil = eye.offset(eye_radius * 0.5, 0.0, eye_radius * 0.4)
    return Figure(
        body=smooth(smooth(rump, head, 0.15), union(thighs, shins, arms, hands), 0.06),
        trim=belly,
        dark=ball(leaning, pupil, eye_radius * 0.65),
        pale=ball(leaning, eye, eye_radius),
    )
