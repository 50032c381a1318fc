"""Airplane, automobile, ship and truck.

Each figure is a function (point, between) -> Figure.  `between(low, high)` draws a proportion, one
for each picture; the proportions stand at the top, and their order is part of the picture: a new
one goes last.  Pieces that come in pairs are built once, at z > 0, and mirrored.
"""

import tensorflow as tf

from .distance import AHEAD, SIDEWAYS, Figure, Vector, ball, box, disc, limb, mirror, union


def airplane(point, between):
    """A fuselage with swept wings, an engine under each, and a tail fin."""
    altitude = between(0.45, 0.65)
    sweep = between(0.1, 0.7)
    wing_place = between(-0.1, 0.2)
    wing_span = between(0.85, 1.05)
    fin_height = between(0.32, 0.5)
    girth = between(0.13, 0.18)
    wing_rise = between(-0.05, 0.15)
    wing_chord = between(0.17, 0.26)

    point = x, y, z = mirror(point) - (0.0, altitude, 0.0)
    rear = limb(point, (-0.95, 0.06, 0.0), (0.2, 0.0, 0.0), 0.07, girth)
    front = limb(point, (0.2, 0.0, 0.0), (0.8, -0.02, 0.0), girth, girth * 0.65)
    wings = box(
        Vector(x + sweep * z, y - wing_rise * z, z),
        (wing_place + 0.12, -0.03, wing_span / 2),
        (wing_chord, 0.035, wing_span / 2),
    )
    tailplane = box(Vector(x + 0.5 * z, y, z), (-0.78, 0.06, 0.2), (0.13, 0.03, 0.22))
    fin = box(
        Vector(x + 0.6 * (y - 0.1), y, z),
        (-0.78, fin_height / 2 + 0.05, 0.0),
        (0.15, fin_height / 2, 0.03),
    )
    cockpit = ball(point, (0.75, 0.06, 0.0), (0.13, 0.07, 0.1))
    engine = wing_place - sweep * 0.4 + 0.15  # its rear end
    engines = limb(point, (engine, -0.14, 0.4), (engine + 0.27, -0.14, 0.4), 0.08)
    return Figure(
        body=union(rear, front),
        trim=0.8 * union(wings, tailplane, fin),
        dark=cockpit,
        pale=engines,
    )


def automobile(point, between):
    """A low body, a roof on posts with glass below it, four wheels; lamps, bumpers and a plate."""
    half_width = between(0.36, 0.44)
    half_height = between(0.14, 0.19)
    cabin_height = between(0.2, 0.28)
    cabin_place = between(-0.25, 0.0)
    cabin_length = between(0.38, 0.52)
    wheel_radius = between(0.19, 0.24)

    point = x, y, z = mirror(point)
    tyres, hubs = wheels(point, (-0.58, 0.6), wheel_radius, half_width - 0.03)
    hull = box(point, (0.0, 0.17 + half_height, 0.0), (0.98, half_height, half_width), 0.1)
    base = 0.17 + 2 * half_height  # where the cabin begins; it narrows from there on
    middle, top = base + cabin_height / 2, base + cabin_height
    cabin = Vector(abs(x - cabin_place) + 0.7 * (y - base), y, z + 0.35 * (y - base))
    roof = box(cabin, (0.0, top, 0.0), (cabin_length, 0.035, half_width - 0.01))
    posts = box(cabin, (0.02, middle, half_width - 0.06), (0.035, cabin_height / 2, 0.05))
    glass = box(
        cabin, (0.0, middle, 0.0), (cabin_length, cabin_height / 2 + 0.03, half_width - 0.03)
    )
    waist = 0.2 + half_height
    lamps = ball(point, (0.95, waist, half_width - 0.13), 0.08)
    tail_lamps = box(point, (-0.97, waist + 0.03, half_width - 0.09), (0.03, 0.06, 0.1))
    grille = box(point, (0.97, waist - 0.02, 0.0), (0.03, 0.06, half_width - 0.24))
    plate = box(point, (-0.98, waist - 0.03, 0.0), (0.03, 0.06, 0.13))
    bumpers = box(Vector(abs(x), y, z), (0.98, 0.2, 0.0), (0.05, 0.05, half_width - 0.02))
    return Figure(
        body=hull,
        trim=union(0.75 * union(roof, posts), tail_lamps),
        dark=union(0.75 * glass, tyres, grille, bumpers),
        pale=union(lamps, plate, hubs),
    )


def ship(point, between):
    """A pointed hull with a deck, a cabin, a bridge, a funnel, and a mast with a yard across it."""
    half_width = between(0.28, 0.38)
    half_height = between(0.2, 0.28)
    cabin_length = between(0.28, 0.42)
    cabin_place = between(-0.35, -0.1)
    funnel_height = between(0.55, 0.7)
    mast_height = between(0.5, 0.8)

    point = x, y, z = mirror(point)
    deck_height = 2 * half_height
    taper = half_width * 1.15 * tf.maximum(x, 0.0) ** 2  # towards the bow
    flare = 0.16 * (deck_height - y)  # towards the keel
    slanted = Vector(x - 0.2 * (y - half_height), y, z + taper + flare)
    hull = box(slanted, (0.0, half_height, 0.0), (1.02, half_height, half_width), 0.04)
    deck = box(slanted, (0.0, deck_height - 0.02, 0.0), (1.05, 0.04, half_width + 0.03))

    funnel_place, mast_place = cabin_place - cabin_length * 0.4, cabin_place + 0.75
    funnel_top = (funnel_place - 0.08, deck_height + funnel_height, 0.0)
    funnel = limb(point, (funnel_place, deck_height, 0.0), funnel_top, 0.1)
    mast_top = (mast_place, deck_height + mast_height, 0.0)
    mast = limb(point, (mast_place, deck_height, 0.0), mast_top, 0.03)
    yard_height = deck_height + mast_height * 0.75
    yard = limb(point, (mast_place, yard_height, 0.0), (mast_place, yard_height, 0.25), 0.03)
    windows = box(
        point,
        (cabin_place, deck_height + 0.14, 0.0),
        (cabin_length * 0.85, 0.045, half_width * 0.72),
    )
    cabin = box(
        point, (cabin_place, deck_height + 0.12, 0.0), (cabin_length, 0.13, half_width * 0.7)
    )
    bridge = box(
        point,
        (cabin_place + cabin_length * 0.45, deck_height + 0.32, 0.0),
        (cabin_length * 0.4, 0.1, half_width * 0.55),
    )
    return Figure(
        body=0.75 * hull,
        trim=union(0.75 * deck, funnel),
        dark=union(windows, mast, yard),
        pale=union(cabin, bridge),
    )


def truck(point, between):
    """A cab and, behind it, a case with two doors or (three in ten) a tank, on six big wheels."""
    half_width = between(0.38, 0.46)
    cab_height = between(0.36, 0.46)
    load_height = between(0.36, 0.5)
    load_length = between(0.55, 0.68)
    wheel_radius = between(0.2, 0.25)
    load_kind = between(0.0, 1.0)

    point = x, y, z = mirror(point)
    tyres, hubs = wheels(point, (-0.74, -0.28, 0.62), wheel_radius, half_width - 0.03)
    slanted = Vector(x + 0.25 * tf.maximum(y - 0.62, 0.0), y, z)  # the windscreen leans back
    cab = box(slanted, (0.68, 0.25 + cab_height, 0.0), (0.28, cab_height, half_width), 0.07)
    pane = 0.28 + cab_height * 1.4
    windscreen = box(slanted, (0.8, pane, 0.0), (0.175, cab_height * 0.33, half_width - 0.06))
    side_windows = box(point, (0.66, pane, 0.0), (0.14, cab_height * 0.3, half_width + 0.015))
    middle = (-0.95 + load_length, 0.36 + load_height, 0.0)
    case = box(point, middle, (load_length, load_height, half_width + 0.03))
    tank = disc(point, middle, AHEAD, half_width, load_length)
    frame = box(point, (0.0, 0.3, 0.0), (0.93, 0.07, half_width - 0.12))
    lamps = ball(Vector(abs(x), y, z), (0.95, 0.36, half_width - 0.12), 0.07)

    # The back: two doors with dark gaps around them and a rod on each, or a tank's round hatch.
    _, load_middle, _ = middle
    gaps = box(point, (-0.95, load_middle, 0.0), (0.02, load_height - 0.04, half_width - 0.01))
    door = (-0.96, load_middle, half_width / 2)
    doors = box(point, door, (0.03, load_height - 0.1, half_width / 2 - 0.05))
    rods = box(point, (-0.98, load_middle, 0.12), (0.04, load_height - 0.12, 0.03))
    hatch = disc(point, (-0.95, load_middle, 0.0), AHEAD, half_width * 0.6, 0.03)
    lid = disc(point, (-0.95, load_middle, 0.0), AHEAD, half_width * 0.35, 0.06)
    is_case = load_kind > 0.3
    return Figure(
        body=0.9 * cab,
        trim=tf.where(is_case, union(case, doors), tank),
        dark=union(
            0.9 * union(windscreen, side_windows), tyres, frame, tf.where(is_case, gaps, hatch)
        ),
        pale=union(hubs, lamps, tf.where(is_case, rods, lid)),
    )


def wheels(point, places, radius, side):
    """Tyres and hubs of the wheels at the given x, standing on the ground at z = side."""
    tyres = (disc(point, (x, radius, side), SIDEWAYS, radius, 0.08) for x in places)
    hubs = (disc(point, (x, radius, side + 0.04), SIDEWAYS, radius / 2, 0.06) for x in places)
    return union(*tyres), union(*hubs)
