# SPDX-License-Identifier: BSL-1.0
"""4-32-16-4 with tanh, mean squared error, float32: one SGD step a sample, and one Adam step on 10,000 samples.

    bench/run tiny [b1|10k] [--rounds 15] [--only knit,torch,jax,eigen]

b1: a race is 10,000 steps of SGD with rate 0.1, each on the next of 10,000 samples. 10k: a race is 100 steps of Adam
(rate 1e-3, betas 0.9 and 0.999, epsilon 1e-8), each on all 10,000. Samples and initial weights are those of tiny.hpp.
Protocol and rules: peers.py.
"""
import itertools
import sys
from statistics import median

import numpy as np

import peers

sys.path.insert(0, str(peers.ROOT / "tests" / "data"))
from mnist_curve import hash32, weight  # noqa: E402

SIZES = (4, 32, 16, 4)
SAMPLES = 10_000
RULES = {"b1": peers.rule(0.1), "10k": peers.rule(1e-3, 0.9, 0.999, 1e-8)}
CURVE_STEPS = 100
RACE_STEPS = {"b1": SAMPLES, "10k": 100}


def samples(which):
    """x and y: for b1 as columns, one after the other, for 10k as one array, a sample a column. The peers are as
    fast or, JAX, nearly twice as fast with samples in columns as with samples in rows."""
    count = SAMPLES * SIZES[0]
    x = (hash32(np.arange(count)) / 2.0**32 * 2 - 1).astype(np.float32).reshape(SAMPLES, -1)
    a = x.astype(np.float64)
    y = (0.75 * a * np.roll(a, -1, 1) + 0.25 * np.roll(a, -2, 1)).astype(np.float32)
    return (x[:, :, None], y[:, :, None]) if which == "b1" else (np.ascontiguousarray(x.T), np.ascontiguousarray(y.T))


def initial():
    """w (outputs x inputs) and b, a column, of each layer, one after the other."""
    return [p for n, (i, o) in enumerate(zip(SIZES, SIZES[1:]), 1)
            for p in (weight(o, i, n * 1_000_000), np.zeros((o, 1), np.float32))]


# ---- the peers: each gives run(n), n steps from the initial weights, which gives back seconds and losses -------


def torch_loss(p, x, y):
    import torch
    h = torch.tanh(torch.addmm(p[1], p[0], x))
    return torch.nn.functional.mse_loss(torch.addmm(p[5], p[4], torch.tanh(torch.addmm(p[3], p[2], h))), y)


def torch_run(kind, which):
    import torch
    x, y = map(torch.from_numpy, samples(which))

    def batches(steps):
        return ((x[s], y[s]) for s in range(steps)) if which == "b1" else itertools.repeat((x, y), steps)

    return peers.torch_run(kind(torch_loss, initial(), RULES[which]), batches)


def torch_eager(which):
    return torch_run(peers.torch_eager, which)


def torch_compiled(which):
    return torch_run(peers.torch_compiled, which)


def jax_loss(p, x, y):
    import jax.numpy as jnp
    h = jnp.tanh(p[0] @ x + p[1])
    return jnp.mean((p[4] @ jnp.tanh(p[2] @ h + p[3]) + p[5] - y) ** 2)


def jax_scan(which):
    import jax
    step, begin = peers.jax_step(jax_loss, initial(), RULES[which])
    x, y = map(jax.numpy.array, samples(which))

    def steps_of(state, x, y, steps):
        if which == "b1":
            return jax.lax.scan(step, state, (x, y), unroll=4)
        return jax.lax.scan(lambda state, _: step(state, (x, y)), state, length=steps)
    steps_of = jax.jit(steps_of, donate_argnums=0, static_argnums=3)  # the samples are an argument, no constant

    return peers.jax_scan_run(lambda state, data, steps: steps_of(state, *data, steps), begin,
                              lambda steps: (x[:steps], y[:steps]) if which == "b1" and steps < len(x) else (x, y))


def jax_call(which):
    import jax.numpy as jnp
    x, y = samples(which)
    if which == "b1":
        batches = [(jnp.array(a), jnp.array(b)) for a, b in zip(x, y)]
    else:
        batches = [(jnp.array(x), jnp.array(y))] * RACE_STEPS[which]
    return peers.jax_call_run(*peers.jax_step(jax_loss, initial(), RULES[which]), batches)


# ---- the driver ------------------------------------------------------------------------------------------------


def entries(options, which):
    def python(name, family, threads, function, **more):
        return peers.function(options, f"{name}, {threads} thread{'s' * (threads > 1)}", family, threads,
                              function, which, **more)

    counts = (1,) if which == "b1" else (1, 2)
    knit = [peers.program(options, f"knit, {n} thread{'s' * (n > 1)}", "knit", n, "tiny", which) for n in counts]
    eigen = [peers.program(options, "Eigen by hand, 1 thread", "eigen", 1, "tiny_eigen", may_fail=True)]
    torch = [python("PyTorch eager", "torch", n, "torch_eager") for n in counts]
    compiled = [python("PyTorch compiled", "torch", n, "torch_compiled", may_fail=True) for n in counts]
    jax = [python(name, "jax", n, function) for n in counts for name, function in
           [("JAX call", "jax_call"), ("JAX scan", "jax_scan")]]
    everybody = torch + compiled + jax + (eigen if which == "b1" else []) + knit
    return [one for one in everybody if one.family in options.only]


def one_sample(options):
    r = peers.ratio
    with peers.race("SGD on one sample", entries(options, "b1")) as race:
        race.run(options.rounds, peaks=())
        race.table("us/step", 1e6 / RACE_STEPS["b1"])
        knit = race.knit(1)
        peers.report([
            ("tiny_b1_us", knit and 1e6 / RACE_STEPS["b1"] * median(knit.seconds)),
            ("tiny_b1_vs_pytorch", r(race.best("torch"), knit)),
            ("tiny_b1_vs_jax_call", r(race.best("jax", name="JAX call"), knit)),
            ("tiny_b1_vs_jax_scan", r(race.best("jax", name="JAX scan"), knit)),
            ("tiny_b1_vs_eigen", r(race.best("eigen"), knit))])


def all_samples(options):
    r = peers.ratio
    with peers.race("Adam on 10,000 samples", entries(options, "10k")) as race:
        race.run(options.rounds, peaks=())
        race.table("us/step", 1e6 / RACE_STEPS["10k"])
        knit = race.knit(2)
        peers.report([
            ("tiny_10k_us", knit and 1e6 / RACE_STEPS["10k"] * median(knit.seconds)),
            ("tiny_10k_vs_pytorch", r(race.best("torch"), knit)),
            ("tiny_10k_vs_jax", r(race.best("jax"), knit))])


def main(options):
    if options.which != "10k":
        one_sample(options)
    if options.which is None:
        print()
    if options.which != "b1":
        all_samples(options)


if __name__ == "__main__":
    options = peers.parse(__file__, __doc__, ("knit", "torch", "jax", "eigen"),
                          lambda parser: parser.add_argument("which", nargs="?", choices=RACE_STEPS, help="only this work"))
    if options.worker:
        peers.work(options, lambda: globals()[options.worker](options.which), CURVE_STEPS, RACE_STEPS[options.which])
    else:
        peers.compete(options, lambda: main(options))
