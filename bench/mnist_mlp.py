# SPDX-License-Identifier: BSL-1.0
"""One epoch of MNIST 784-256-10 (relu, batch 100, float32) by SGD and by Adam, and a second network: knit and its peers.

    bench/run mnist_mlp [sgd|adam|second] [--rounds 15] [--only knit,torch,jax,blas] [--mnist FOLDER]

A race is an epoch, 600 steps. SGD has rate 0.1; Adam rate 1e-3, betas 0.9 and 0.999, epsilon 1e-8. Data and initial
weights are those of tests/data/mnist_curve.py, and so is the curve that all must repeat under SGD. BLAS is a program by
hand on OpenBLAS (mnist_mlp_blas.cpp), on one thread. The second network is that of tests/program/second_network.hpp:
500-300-64-64-7, batch 37, an activation of the user's own, one weight used twice; a race is 1000 steps. Protocol
and rules: peers.py.
"""
import pathlib
import sys
from statistics import median

import peers

sys.path.insert(0, str(peers.ROOT / "tests" / "data"))
try:
    import mnist_curve as mnist
except ImportError as why:
    sys.exit(f"mnist_mlp: {why}. bench/run mnist_mlp runs this in build/peers, where it is")

STEPS = 600
GFLOP = 1e-9 * STEPS * 2 * 100 * (784 * 256 * 2 + 256 * 10 * 3)
RULES = {"sgd": peers.rule(mnist.RATE), "adam": peers.rule(1e-3, 0.9, 0.999, 1e-8)}
# Adam's first steps are as long for a gradient of rounding errors as for any other: PyTorch on one and on two threads are 0.1
# percent apart after 77 steps on a processor with AVX2.
TOLERANCE = {"sgd": peers.TOLERANCE, "adam": 5e-3}

SECOND_STEPS = 1000
# Each weight is in a product forward and one for its gradient, and but for the first in one for its input's.
SECOND_GFLOP = 1e-9 * SECOND_STEPS * 2 * 37 * (500 * 300 * 2 + (300 * 64 + 64 * 64 * 2 + 64 * 7) * 3)


# ---- the peers: each gives run(n), n steps from the initial weights, which gives back seconds and losses -------


def torch_loss(parameters, images, labels):
    import torch.nn.functional as F
    w1, b1, w2, b2 = parameters
    return F.cross_entropy(F.linear(F.relu(F.linear(images, w1, b1)), w2, b2), labels)


def torch_run(kind, rule, folder):
    import torch
    x, y = map(torch.from_numpy, mnist.train_set(folder))
    return peers.torch_run(kind(torch_loss, mnist.initial(), RULES[rule]), lambda steps: (
        (x[s:s + mnist.BATCH], y[s:s + mnist.BATCH]) for s in range(0, steps * mnist.BATCH, mnist.BATCH)))


def torch_eager(rule, folder):
    return torch_run(peers.torch_eager, rule, folder)


def torch_compiled(rule, folder):
    return torch_run(peers.torch_compiled, rule, folder)


def jax_loss(parameters, images, labels):
    """Weights are outputs by inputs: the faster way."""
    import jax
    import jax.numpy as jnp
    w1, b1, w2, b2 = parameters
    log_p = jax.nn.log_softmax(jax.nn.relu(images @ w1.T + b1) @ w2.T + b2)
    return -jnp.where(labels[:, None] == jnp.arange(mnist.CLASSES), log_p, 0).sum(1).mean()


def jax_scan(rule, folder):
    import jax
    import jax.numpy as jnp
    step, begin = peers.jax_step(jax_loss, mnist.initial(), RULES[rule])
    x, y = mnist.train_set(folder)
    x, y = jnp.array(x.reshape(-1, mnist.BATCH, mnist.INPUTS)), jnp.array(y.reshape(-1, mnist.BATCH))
    epoch = jax.jit(lambda state, x, y: jax.lax.scan(step, state, (x, y)), donate_argnums=0)
    return peers.jax_scan_run(lambda state, data, _: epoch(state, *data), begin,
                              lambda steps: (x, y) if steps == len(x) else (x[:steps], y[:steps]))


def jax_step(rule, folder):
    import jax.numpy as jnp
    x, y = mnist.train_set(folder)
    batches = [(jnp.array(x[s:s + mnist.BATCH]), jnp.array(y[s:s + mnist.BATCH])) for s in range(0, len(x), mnist.BATCH)]
    return peers.jax_call_run(*peers.jax_step(jax_loss, mnist.initial(), RULES[rule]), batches)


# ---- the driver ------------------------------------------------------------------------------------------------


def entries(options, rule):
    def name(what, threads):
        return f"{what}, {threads} thread{'s' * (threads > 1)}"

    everybody = [
        peers.function(options, name(what, n), family, n, function, rule, "--mnist", options.mnist,
                       may_fail=function == "torch_compiled")
        for what, family, function in (
            ("PyTorch eager", "torch", "torch_eager"), ("PyTorch compiled", "torch", "torch_compiled"),
            ("JAX scan", "jax", "jax_scan"), ("JAX step", "jax", "jax_step"))
        for n in (1, 2)]
    if rule == "sgd":
        everybody.append(peers.program(options, name("BLAS by hand", 1), "blas", 1, "mnist_mlp_blas", options.mnist,
                                       may_fail=True))
    everybody += [peers.program(options, name("knit", n), "knit", n, "mnist_mlp", rule, options.mnist) for n in (1, 2)]
    return [one for one in everybody if one.family in options.only]


def first_network(options, rule):
    with peers.race(f"MNIST 784-256-10, {rule}", entries(options, rule),
                    curve=mnist.stored() if rule == "sgd" else None, tolerance=TOLERANCE[rule]) as race:
        race.run(options.rounds)
        race.table("ms/epoch", 1e3, GFLOP, "GF/s", "peak")
        lines = []
        # Two threads against the better of a peer's counts; one thread against one thread.
        for prefix, threads in (f"mnist_mlp_{rule}", {1, 2}), (f"mnist_mlp_{rule}_1thread", {1}):
            knit = race.knit(max(threads))
            if knit:
                lines += [(f"{prefix}_ms_per_epoch", 1e3 * median(knit.seconds)),
                          (f"{prefix}_percent_of_peak", peers.percent(knit, GFLOP))]
            lines += [(f"{prefix}_vs_pytorch", peers.ratio(race.best("torch", threads), knit)),
                      (f"{prefix}_vs_jax", peers.ratio(race.best("jax", threads), knit))]
            if threads == {1}:
                lines.append((f"{prefix}_vs_blas", peers.ratio(race.best("blas"), knit)))
        peers.report(lines)


def second_network(options):
    knit = [peers.program(options, f"knit, {n} thread{'s' * (n > 1)}", "knit", n, "second_mlp") for n in (1, 2)]
    with peers.race("500-300-64-64-7, sgd", knit) as race:
        race.run(options.rounds)
        race.table("us/step", 1e6 / SECOND_STEPS, SECOND_GFLOP, "GF/s", "peak")
        one, two = race.knit(1), race.knit(2)
        peers.report([("second_mlp_us_per_step", 1e6 / SECOND_STEPS * median(two.seconds)),
                      ("second_mlp_percent_of_peak", peers.percent(two, SECOND_GFLOP)),
                      ("second_mlp_1thread_percent_of_peak", peers.percent(one, SECOND_GFLOP))])


def main(options):
    for what in [options.what] if options.what else ["sgd", "adam", "second"]:
        if what != "second":
            first_network(options, what)
        elif "knit" in options.only:
            second_network(options)
        print(flush=True)


def more_options(parser):
    parser.add_argument("what", nargs="?", choices=("sgd", "adam", "second"), help="only this work")
    parser.add_argument("--mnist", type=lambda path: pathlib.Path(path).resolve(), default=mnist.MNIST,
                        help="folder of the IDX .gz files")


if __name__ == "__main__":
    options = peers.parse(__file__, __doc__, ("knit", "torch", "jax", "blas"), more_options)
    if options.worker:
        peers.work(options, lambda: globals()[options.worker](options.what, options.mnist), mnist.CURVE_STEPS, STEPS)
    else:
        peers.compete(options, lambda: main(options))
