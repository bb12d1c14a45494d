# SPDX-License-Identifier: BSL-1.0
"""The SGD step of bench/run mnist_mlp on 1, 2 and 4 threads: how much faster, and whether the numbers stay the same.

    bench/run threads [--rounds 15]

A race is an epoch. Before, the 600 losses of an epoch are compared: all bits must be equal. Protocol: peers.py.
"""
import peers


def main(options):
    counts = (1, 2, 4)
    entries = [peers.program(options, f"knit, {n} thread{'s' * (n > 1)}", "knit", n, "mnist_mlp", "sgd") for n in counts]
    # Losses are written with nine digits, which tell any two floats apart.
    with peers.race("MNIST 784-256-10, sgd", entries, tolerance=0, request="all") as race:
        print(f"  600 losses are equal to the bit on {', '.join(map(str, counts))} threads")
        race.run(options.rounds, peaks=())
        race.table("ms/epoch", 1e3)
        peers.report([("threads_speedup", peers.ratio(race.knit(1), race.knit(2))),
                      ("threads_4_on_this_machine", peers.ratio(race.knit(1), race.knit(4))),
                      ("threads_same_bits", 1)])


if __name__ == "__main__":
    options = peers.parse(__file__, __doc__, ("knit",))
    peers.compete(options, lambda: main(options))
