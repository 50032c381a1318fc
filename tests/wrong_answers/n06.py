"""Typical wrong answers to the exercises of notebook 06, and words of the hint that each gets.

Those of 6.1 leave out the measuring: `a` and `b` are there from the cell as it was handed out.
"""

WRONG = {
    "6.1": [
        (
            """
seeds_for_b = np.sum(b > a)
lead = np.mean(b - a)
error = np.std(b - a)
sure = abs(lead) > 2 * error
""",
            "the standard deviation of the leads",
        ),
        (
            """
seeds_for_b = np.sum(b > a)
lead = b[0] - a[0]
error = np.std(b - a) / np.sqrt(10)
sure = abs(lead) > 2 * error
""",
            "the lead of the first seed alone",
        ),
        (
            """
seeds_for_b = np.sum(b > a)
lead = a.mean() - b.mean()
error = np.std(b - a) / np.sqrt(10)
sure = abs(lead) > 2 * error
""",
            "Whose lead is it?",
        ),
        (
            """
seeds_for_b = np.sum(b > a)
lead = b.mean() - a.mean()
error = a.std(ddof=1) / np.sqrt(10) + b.std(ddof=1) / np.sqrt(10)
sure = abs(lead) > 2 * error
""",
            "the errors of A and B added up",
        ),
    ],
    "6.2": [
        (
            """
def price(cheap, costly):
    gained = 100 * (costly.accuracy - cheap.accuracy)
    return costly.seconds / gained if gained > 0 else float("nan")
""",
            "It charges all 24 seconds",
        ),
        (
            """
def price(cheap, costly):
    return (costly.seconds - cheap.seconds) / (costly["points gained"])
""",
            "How many seconds come on top",
        ),
        (
            """
def price(cheap, costly):
    return (costly.seconds - cheap.seconds) / (100 * (costly.accuracy - cheap.accuracy))
""",
            "points that do not come",
        ),
    ],
}
