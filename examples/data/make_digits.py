#!/usr/bin/env python3
"""Writes digits_train.csv and digits_test.csv from scikit-learn's copy of the UCI digits.

    pip install scikit-learn
    python3 make_digits.py

1797 images of 8x8 pixels with the values 0 to 16. The split is stratified: the samples of
each class are shuffled with a linear congruential generator (Knuth's MMIX constants, written
out so that no library version can change it), and of class c the first 36 go to the test set.
Both files keep the order of the original data.
"""

import csv
from pathlib import Path

from sklearn.datasets import load_digits

TEST_PER_CLASS = 36
SEED = 20261120


def shuffled(items, state):
    """Fisher-Yates; returns the shuffled list and the generator's next state."""
    items = list(items)
    for last in range(len(items) - 1, 0, -1):
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        other = (state >> 33) % (last + 1)
        items[last], items[other] = items[other], items[last]
    return items, state


def main():
    digits = load_digits()
    images, labels = digits.images.astype(int), digits.target.astype(int)
    held_out, state = set(), SEED
    for digit in range(10):
        order, state = shuffled([i for i, label in enumerate(labels) if label == digit], state)
        held_out.update(order[:TEST_PER_CLASS])

    header = [f"p{row}{column}" for row in range(8) for column in range(8)] + ["label"]
    for name, test in [("digits_train.csv", False), ("digits_test.csv", True)]:
        with open(Path(__file__).parent / name, "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            for i, (image, label) in enumerate(zip(images, labels)):
                if (i in held_out) == test:
                    writer.writerow([*image.flatten().tolist(), int(label)])


if __name__ == "__main__":
    main()
