"""Wrong answers to the exercises of notebook 09, and words of the hints that they get."""


def all_reduce(machines, gigabit):
    return 2 * (machines - 1) / machines * 14_714_688 * 4 * 8 / (gigabit * 1e9)


def given(sets, settings):
    return {"all_reduce": all_reduce}


RING = "2 * (machines - 1) / machines * all_weights"
WRONG = {
    "9.1": [
        (f"whole_vgg16 = {RING} * 4 / (gigabit * 1e9)", "networks are sold by the bit"),
        (f"whole_vgg16 = {RING} * 8 / (gigabit * 1e9)", "four bytes"),
        (f"whole_vgg16 = {RING} / (gigabit * 1e9)", "four bytes of eight bits"),
        ("whole_vgg16 = all_weights * 32 / (gigabit * 1e9)", "almost twice that"),
        ("whole_vgg16 = 2 * all_weights * 32 / (gigabit * 1e9)", "a little less than 2"),
        ("whole_vgg16 = 30 * all_weights * 32 / (gigabit * 1e9)", "Divide by n"),
        (f"whole_vgg16 = {RING} * 16 / (gigabit * 1e9)", "go round once more"),
        ("whole_vgg16 = all_reduce(machines, gigabit)", "Which number of weights"),
        (f"whole_vgg16 = {RING} * 32 / gigabit", "the units of each step"),
    ],
    "9.2": [
        ("smallest_part = 10 * waiting * rate", "a tenth of the whole step"),
        ("smallest_part = waiting * rate", "half of the step"),
        ("smallest_part = 9 * 8 * waiting * rate", "the part of one of them"),
        ("smallest_part = 9 * waiting * rate / 8", "Each one needs it"),
        ("smallest_part = 9 * waiting", "How many photographs"),
        ("smallest_part = waiting * rate / 9", "nine tenths of the step are waiting"),
        ("smallest_part = 3 * waiting * rate", "of the step is waiting"),
    ],
}
