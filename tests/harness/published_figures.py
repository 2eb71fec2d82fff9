"""Figures published for the AIME24 search set, as facts to hold a replay to.

Accuracy in percent and cost in tokens for each question, over seeds 0..99 (arXiv 2605.08083, the
result tables of its release). ``asc`` has threshold 0.95, ``esc`` windows of 8, ``parallel_probe``
its published T = 40, patience 7, warm-up 15.
"""

from typing import NamedTuple


class Row(NamedTuple):
    controller: str
    setting: float
    """Beta for ``cmc``, the number of chains for the others."""
    accuracy: float
    cost: int


class Sequential(NamedTuple):
    """Thousands of tokens on the critical path for each question, to one decimal."""

    sc_64: float
    """Published."""
    esc_64: float
    """Published."""
    parallel_probe_64: float
    """By barriers, over every fifth seed; the published figure counts the longest branch."""


PUBLISHED = {
    "Qwen3-0.6B": (
        Row("asc", 1, 10.83, 15_879),
        Row("asc", 4, 13.63, 63_178),
        Row("asc", 8, 16.2, 124_498),
        Row("asc", 16, 18.33, 240_359),
        Row("asc", 32, 20.2, 449_812),
        Row("asc", 64, 21.4, 805_490),
        Row("esc", 16, 18.33, 251_344),
        Row("esc", 32, 20.2, 498_741),
        Row("esc", 64, 21.43, 986_723),
        Row("parallel_probe", 1, 10.83, 15_738),
        Row("parallel_probe", 4, 13.53, 51_483),
        Row("parallel_probe", 8, 16.17, 100_838),
        Row("parallel_probe", 16, 19.0, 198_498),
        Row("parallel_probe", 32, 21.07, 390_779),
        Row("parallel_probe", 64, 21.83, 773_781),
        Row("cmc", 0.0, 15.13, 56_714),
        Row("cmc", 0.1, 16.27, 106_513),
        Row("cmc", 0.2, 17.47, 154_975),
        Row("cmc", 0.3, 17.57, 199_183),
        Row("cmc", 0.4, 18.57, 242_712),
        Row("cmc", 0.5, 19.2, 283_597),
        Row("cmc", 0.6, 18.93, 332_825),
        Row("cmc", 0.7, 19.53, 374_092),
        Row("cmc", 0.8, 19.7, 421_874),
        Row("cmc", 0.9, 20.57, 497_496),
        Row("cmc", 1.0, 20.93, 542_154),
    ),
    "Qwen3-1.7B": (
        Row("asc", 1, 45.5, 15_926),
        Row("asc", 4, 54.37, 64_073),
        Row("asc", 8, 62.23, 118_758),
        Row("asc", 16, 66.37, 206_404),
        Row("asc", 32, 69.57, 328_307),
        Row("asc", 64, 72.33, 482_563),
        Row("esc", 16, 66.37, 246_575),
        Row("esc", 32, 69.57, 473_819),
        Row("esc", 64, 72.47, 909_205),
        Row("parallel_probe", 1, 45.5, 15_887),
        Row("parallel_probe", 4, 51.73, 51_042),
        Row("parallel_probe", 8, 58.87, 99_219),
        Row("parallel_probe", 16, 62.13, 192_957),
        Row("parallel_probe", 32, 63.8, 378_972),
        Row("parallel_probe", 64, 66.03, 745_425),
        Row("cmc", 0.0, 60.07, 55_710),
        Row("cmc", 0.1, 65.27, 106_309),
        Row("cmc", 0.2, 66.9, 159_806),
        Row("cmc", 0.3, 67.73, 202_972),
        Row("cmc", 0.4, 68.2, 242_448),
        Row("cmc", 0.5, 68.5, 276_267),
        Row("cmc", 0.6, 69.37, 333_278),
        Row("cmc", 0.7, 69.6, 360_256),
        Row("cmc", 0.8, 69.9, 393_653),
        Row("cmc", 0.9, 70.27, 469_868),
        Row("cmc", 1.0, 70.37, 499_094),
    ),
    "Qwen3-4B": (
        Row("asc", 1, 72.23, 13_916),
        Row("asc", 4, 77.73, 55_635),
        Row("asc", 8, 79.97, 86_656),
        Row("asc", 16, 80.17, 121_219),
        Row("asc", 32, 80.07, 160_955),
        Row("asc", 64, 80.0, 214_189),
        Row("esc", 16, 80.17, 189_027),
        Row("esc", 32, 80.07, 319_023),
        Row("esc", 64, 80.0, 528_934),
        Row("parallel_probe", 1, 72.23, 13_908),
        Row("parallel_probe", 4, 76.37, 46_184),
        Row("parallel_probe", 8, 78.4, 89_628),
        Row("parallel_probe", 16, 78.83, 175_794),
        Row("parallel_probe", 32, 79.5, 347_702),
        Row("parallel_probe", 64, 79.73, 688_872),
        Row("cmc", 0.0, 79.33, 47_245),
        Row("cmc", 0.1, 80.3, 94_592),
        Row("cmc", 0.2, 80.97, 144_300),
        Row("cmc", 0.3, 81.13, 181_605),
        Row("cmc", 0.4, 81.4, 213_095),
        Row("cmc", 0.5, 81.97, 236_735),
        Row("cmc", 0.6, 82.4, 292_978),
        Row("cmc", 0.7, 82.97, 309_521),
        Row("cmc", 0.8, 83.5, 337_625),
        Row("cmc", 0.9, 83.47, 406_870),
        Row("cmc", 1.0, 83.53, 424_878),
    ),
    "Qwen3-8B": (
        Row("asc", 1, 75.57, 14_184),
        Row("asc", 4, 80.1, 56_846),
        Row("asc", 8, 81.2, 83_623),
        Row("asc", 16, 81.03, 112_808),
        Row("asc", 32, 80.87, 157_088),
        Row("asc", 64, 80.37, 226_033),
        Row("esc", 16, 81.03, 186_408),
        Row("esc", 32, 80.87, 298_092),
        Row("esc", 64, 80.37, 459_359),
        Row("parallel_probe", 1, 75.23, 14_160),
        Row("parallel_probe", 4, 78.17, 47_812),
        Row("parallel_probe", 8, 79.47, 93_702),
        Row("parallel_probe", 16, 80.33, 184_988),
        Row("parallel_probe", 32, 80.87, 367_491),
        Row("parallel_probe", 64, 81.47, 730_781),
        Row("cmc", 0.0, 81.4, 48_795),
        Row("cmc", 0.1, 82.43, 100_234),
        Row("cmc", 0.2, 83.3, 153_705),
        Row("cmc", 0.3, 83.87, 195_151),
        Row("cmc", 0.4, 83.87, 229_866),
        Row("cmc", 0.5, 84.27, 255_293),
        Row("cmc", 0.6, 84.37, 316_779),
        Row("cmc", 0.7, 84.83, 335_713),
        Row("cmc", 0.8, 85.07, 368_798),
        Row("cmc", 0.9, 85.63, 445_128),
        Row("cmc", 1.0, 85.77, 467_434),
    ),
}

SEQUENTIAL = {
    "Qwen3-0.6B": Sequential(32.7, 192.9, 21.4),
    "Qwen3-1.7B": Sequential(31.4, 170.4, 20.4),
    "Qwen3-4B": Sequential(29.3, 98.9, 19.7),
    "Qwen3-8B": Sequential(30.1, 84.7, 21.6),
}


def in_turn() -> list[tuple[str, Row]]:
    """Each setting of each controller on one of the models, which take turns."""
    models = list(PUBLISHED)
    settings = zip(*PUBLISHED.values(), strict=True)  # the models have the same, in one order
    return [
        (models[index % len(models)], rows[index % len(models)])
        for index, rows in enumerate(settings)
    ]
