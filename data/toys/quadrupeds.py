"""Cat, deer, dog and horse: four legs and a body; head, ears, tail and proportions differ.

Figures are written as in vehicles.py: first the proportions, then the pieces, then the paints.
"""

from .distance import Figure, Vector, ball, limb, mirror, smooth, union


def trunk_and_legs(point, half_length, height, girth, stride, leg_radius):
    """The distance of trunk and legs, and that of the feet.

    `height` is that of the trunk's axis; `stride` moves the front feet ahead, the hind feet back.
    """
    side = girth * 0.6
    body = limb(point, (-half_length, height, 0.0), (half_length, height, 0.0), girth * 0.95, girth)
    feet = []
    for hip, forward, thigh in ((half_length, stride, 1.3), (-half_length, -stride, 1.7)):
        foot = Vector(hip + forward, leg_radius, side)
        leg = limb(point, (hip, height - 0.5 * girth, side), foot, leg_radius * thigh, leg_radius)
        body = smooth(body, leg)
        feet.append(ball(point, foot.offset(0.03, 0.0, 0.0), leg_radius * 1.25))
    return body, union(*feet)


def cat(point, between):
    """A round head with pointed ears and a long tail that stands up."""
    look_round = between(-0.35, 0.35)
    half_length = between(0.3, 0.42)
    head_radius = between(0.28, 0.33)
    tail_length = between(0.3, 0.5)
    leg_length = between(0.24, 0.34)
    girth = between(0.18, 0.22)
    stride = between(-0.05, 0.15)
    neck = between(0.26, 0.36)
    tail_rise = between(0.1, 0.4)

    point = mirror(point, look_round)
    height = leg_length + girth
    body, paws = trunk_and_legs(point, half_length, height, girth, stride, 0.075)
    head = Vector(half_length + 0.22, height + neck, 0.0)

    def on_head(ahead, up, side):
        """A place on the head, in head radii from its middle."""
        return head + Vector(ahead, up, side) * head_radius

    skull = ball(point, head, (head_radius * 0.85, head_radius * 0.85, head_radius))
    ears = limb(point, on_head(0.0, 0.5, 0.55), on_head(-0.06, 1.45, 0.8), head_radius * 0.4, 0.01)
    inner_ears = limb(
        point, on_head(0.22, 0.6, 0.55), on_head(0.16, 1.25, 0.75), head_radius * 0.24, 0.01
    )
    nose = ball(point, on_head(1.0, -0.18, 0.0), 0.045)
    eyes = ball(point, on_head(0.72, 0.18, 0.42), 0.065)
    muzzle_radii = (head_radius * 0.3, head_radius * 0.28, head_radius * 0.45)
    muzzle = ball(point, on_head(0.72, -0.32, 0.0), muzzle_radii)
    tail_bow = Vector(-half_length - 0.2 - tail_length * 0.5, height + tail_rise, 0.0)
    tail_root = limb(point, (-half_length - 0.12, height + 0.05, 0.0), tail_bow, 0.06)
    tail_end = limb(point, tail_bow, tail_bow.offset(0.1, tail_length, 0.0), 0.06, 0.05)
    return Figure(
        body=union(smooth(body, skull, 0.08), ears, tail_root, tail_end),
        trim=inner_ears,
        dark=union(nose, eyes),
        pale=union(paws, muzzle),
    )


def deer(point, between):
    """Long thin legs, a raised head, antlers of five branches each, and a pale rump."""
    look_round = between(-0.25, 0.25)
    half_length = between(0.34, 0.42)
    antler_height = between(0.42, 0.54)
    antler_width = between(0.22, 0.34)
    leg_length = between(0.42, 0.54)
    girth = between(0.16, 0.2)
    stride = between(-0.05, 0.15)
    neck = between(0.3, 0.4)

    point = mirror(point, look_round)
    height = leg_length + girth
    body, hooves = trunk_and_legs(point, half_length, height, girth, stride, 0.055)
    head = Vector(half_length + 0.28, height + neck, 0.0)
    throat = limb(point, (half_length + 0.02, height + 0.03, 0.0), head, 0.13, 0.09)
    face = limb(point, head, head.offset(0.26, -0.07, 0.0), 0.12, 0.065)
    ears = ball(point, head.offset(-0.06, 0.07, 0.2), (0.05, 0.06, 0.13))
    nose = ball(point, head.offset(0.3, -0.06, 0.0), 0.05)
    eyes = ball(point, head.offset(0.1, 0.05, 0.09), 0.04)
    root = head.offset(-0.02, 0.08, 0.06)
    fork = head.offset(-0.08, 0.08 + antler_height * 0.5, antler_width)
    tip = head.offset(0.02, 0.1 + antler_height, antler_width * 1.3)
    middle = (fork + tip) * 0.5
    branches = (
        (root, fork),
        (fork, tip),
        (root, root.offset(0.16, 0.14, 0.06)),
        (fork, fork.offset(0.08, 0.1, 0.16)),
        (middle, middle.offset(-0.02, 0.16, -0.14)),
    )
    antlers = union(*(limb(point, start, end, 0.045) for start, end in branches))
    rump_radii = (girth, girth * 0.8, girth * 0.8)
    rump = ball(point, (-half_length - 0.03, height, 0.0), rump_radii)
    tail = ball(point, (-half_length - girth, height + 0.06, 0.0), (0.05, 0.1, 0.05))
    return Figure(
        body=smooth(body, smooth(throat, face, 0.06)),
        trim=ears,
        dark=union(hooves, nose, eyes, tail),
        pale=union(antlers, rump),
    )


def dog(point, between):
    """A long snout, hanging ears, a collar, and a tail that is held up and ends in a pale tip."""
    look_round = between(-0.3, 0.3)
    half_length = between(0.38, 0.5)
    head_radius = between(0.2, 0.24)
    snout_length = between(0.28, 0.38)
    leg_length = between(0.3, 0.44)
    girth = between(0.2, 0.26)
    stride = between(-0.05, 0.15)
    neck = between(0.3, 0.4)
    tail_rise = between(0.2, 0.5)
    ear_length = between(0.15, 0.3)

    point = mirror(point, look_round)
    height = leg_length + girth
    body, paws = trunk_and_legs(point, half_length, height, girth, stride, 0.09)
    head = Vector(half_length + 0.25, height + neck, 0.0)
    chest = Vector(half_length, height, 0.0)
    throat = limb(point, chest, head, 0.17, 0.15)
    collar = ball(point, (chest + head) * 0.5, 0.21)
    skull = ball(point, head, head_radius)
    snout = limb(
        point, head.offset(0.05, -0.05, 0.0), head.offset(snout_length, -0.09, 0.0), 0.14, 0.1
    )
    ear_root = head.offset(-0.04, head_radius * 0.6, head_radius * 0.8)
    ears = limb(point, ear_root, head.offset(-0.08, -ear_length, head_radius * 1.3), 0.07, 0.11)
    nose = ball(point, head.offset(snout_length + 0.09, -0.04, 0.0), 0.07)
    eyes = ball(point, head.offset(head_radius * 0.8, head_radius * 0.4, head_radius * 0.45), 0.05)
    tail_root = (-half_length - 0.15, height + 0.1, 0.0)
    tail_tip = (-half_length - 0.35, height + 0.1 + tail_rise, 0.0)
    tail = limb(point, tail_root, tail_tip, 0.07, 0.05)
    white_tip = ball(point, tail_tip, 0.09)
    return Figure(
        body=union(smooth(smooth(body, throat), smooth(skull, snout, 0.08), 0.08), tail),
        trim=ears,
        dark=union(nose, eyes),
        pale=union(paws, collar, white_tip),
    )


def horse(point, between):
    """A long face with a blaze, a mane that falls to both sides, and a long tail that hangs."""
    look_round = between(-0.2, 0.2)
    half_length = between(0.42, 0.52)
    tail_length = between(0.42, 0.62)
    leg_length = between(0.42, 0.54)
    girth = between(0.22, 0.27)
    stride = between(-0.05, 0.15)
    reach = between(0.28, 0.38)
    neck = between(0.42, 0.55)

    point = mirror(point, look_round)
    height = leg_length + girth
    body, hooves = trunk_and_legs(point, half_length, height, girth, stride, 0.075)
    head = Vector(half_length + reach, height + neck, 0.0)
    nose = head.offset(0.28, -0.2, 0.0)
    throat = limb(point, (half_length - 0.02, height + 0.02, 0.0), head, 0.22, 0.13)
    face = limb(point, head, nose, 0.14, 0.1)
    blaze = limb(point, head.offset(0.07, 0.1, 0.0), nose.offset(0.05, 0.065, 0.0), 0.065)
    ears = limb(point, head.offset(-0.04, 0.1, 0.08), head.offset(-0.04, 0.3, 0.12), 0.07, 0.01)
    crest = head.offset(-0.12, 0.08, 0.0)  # between the ears, where mane and forelock meet
    withers = (half_length - 0.2, height + 0.2, 0.0)
    mane = limb(point, withers, crest, 0.09, 0.11)
    locks = limb(point, crest, (half_length + 0.1, height + 0.12, 0.24), 0.11, 0.08)
    forelock = limb(point, crest, head.offset(0.1, 0.12, 0.0), 0.11, 0.05)
    tail_bow = Vector(-half_length - 0.38, height, 0.0)
    tail_root = limb(point, tail_bow.offset(0.18, 0.12, 0.0), tail_bow, 0.06, 0.1)
    tail_end = limb(point, tail_bow, tail_bow.offset(-0.04, -tail_length, 0.0), 0.11, 0.06)
    eyes = ball(point, head.offset(0.1, 0.05, 0.11), 0.045)
    nostrils = ball(point, nose.offset(0.08, -0.01, 0.05), 0.05)
    return Figure(
        body=union(smooth(body, smooth(throat, face, 0.06)), ears),
        trim=union(mane, locks, forelock, tail_root, tail_end),
        dark=union(hooves, eyes, nostrils),
        pale=union(blaze, ball(point, nose, 0.115)),
    )
