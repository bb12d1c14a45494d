# SPDX-License-Identifier: BSL-1.0
"""In: contestants, each a command. Out: their times in turns, once they have shown that they do the same work.

What bench/*.py share. Every contestant is a process of its own, so that its number of threads holds, and
answers lines on its standard input:

    it reads   it does                                           it writes
    curve      the first steps from the initial state            numbers that all contestants must agree on
    race       a longer run from the initial state, which it     seconds, and a number that all must agree on
               sets, untimed, before
    peak       measures what this machine can do now             a number

or `error WHY`. knit's and other C++ programs take `--worker --threads N`; a peer written in Python is a function
in the script that compares, and `work` is its process. Nothing is timed unless all curves agree. A contestant that
is not being timed is stopped (SIGSTOP), so the threads of a peer may spin between its kernels, as they do by
default and as is fastest for it, and disturb nobody.
"""
import argparse
import math
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from statistics import median

BENCH = pathlib.Path(__file__).resolve().parent
ROOT = BENCH.parent
TOLERANCE = 1e-4  # relative
# So that a peer's results come from memory that the process already has, and not each time from new pages.
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40), "MALLOC_TOP_PAD_": str(2**28)}


class failure(Exception):
    """Why there is no result; a second argument is the end of what the contestant said."""


@dataclass
class entry:
    """A contestant that has not been started."""
    name: str
    family: str   # knit, torch, jax, eigen, blas
    threads: int
    command: list
    may_fail: bool = False  # left out where it does not start: compiled PyTorch needs a compiler, a peer its library
    environment: dict = field(default_factory=dict)


class contestant:
    """A process, stopped except while it answers."""

    def __init__(self, one):
        self.name, self.family, self.threads = one.name, one.family, one.threads
        self.seconds, self.peaks, self.result = [], [], None
        n = str(one.threads)
        environment = os.environ | {
            "OMP_NUM_THREADS": n, "MKL_NUM_THREADS": n,
            "NPROC": n,  # the size of XLA's pool of threads
            "TORCHINDUCTOR_COMPILE_THREADS": "1",  # no pool of compilers that outlives compiling
        } | one.environment
        self.log = tempfile.TemporaryFile("w+")
        try:
            self.process = subprocess.Popen(
                [str(word) for word in one.command], cwd=ROOT, env=environment, text=True, bufsize=1,
                stderr=self.log, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as why:
            raise failure(f"{one.name}: cannot start {one.command[0]}: {why.strerror}") from None

    def ask(self, request):
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.stdin.write(request + "\n")
        except BrokenPipeError:
            pass  # it has ended; what it wrote before says why
        answer = self.process.stdout.readline()
        if not answer or answer.startswith("error"):
            self.process.kill()
            self.process.wait()
            self.log.seek(0)
            raise failure(f"{self.name}: {answer.strip() or 'ended without an answer'}", self.log.read()[-3000:])
        self.process.send_signal(signal.SIGSTOP)
        return [float(word) for word in answer.split()]

    def race(self):
        seconds, result = self.ask("race")
        return seconds, result

    def end(self):
        self.process.kill()  # reaches a stopped process as well
        self.process.wait()


def difference(ours, expected, what):
    """The largest relative difference of two lists of numbers; nan counts as infinite."""
    if len(ours) != len(expected):
        raise failure(f"{what} has {len(ours)} numbers, not {len(expected)}; nothing was timed")
    apart = [abs(a - b) / abs(b) if a != b else 0 for a, b in zip(ours, expected)]
    return max(math.inf if math.isnan(d) else d for d in apart)


class race:
    """Contestants for one kind of work. Use it in a `with`, which ends their processes."""

    def __init__(self, title, entries, curve=None, tolerance=TOLERANCE, request="curve"):
        """curve: the numbers to agree on; without, those of the first contestant."""
        self.title, self.entries, self.curve, self.tolerance, self.request = title, entries, curve, tolerance, request
        self.field = []

    def __enter__(self):
        print(f"{self.title}: results, and warming up", flush=True)
        try:
            for one in self.entries:
                try:
                    self.field.append(self.prepare(one))
                except failure as why:
                    if not one.may_fail or "nothing was timed" in why.args[0]:
                        raise
                    print(f"  {why.args[0][:160]} ...: left out", flush=True)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for one in self.field:
            one.end()

    def prepare(self, started):
        """Starts a contestant, checks its curve, and warms it up."""
        one = contestant(started)
        try:
            numbers = one.ask(self.request)
            self.curve = self.curve or numbers
            apart = difference(numbers, self.curve, f"{one.name}: its curve")
            if apart > self.tolerance:
                at = next(i for i, (a, b) in enumerate(zip(numbers, self.curve))
                          if not abs(a - b) <= self.tolerance * abs(b))
                raise failure(f"{one.name}: number {at} of its curve is {numbers[at]:.9g}, not {self.curve[at]:.9g}; "
                              f"the largest relative difference is {apart:.2g}; nothing was timed")
            for _ in range(2):
                one.result = one.race()[1]
            print(f"  {one.name:<30} within {apart:.1e}, a race's result is {one.result:.7g}", flush=True)
        except BaseException:
            one.end()
            raise
        return one

    def run(self, rounds, peaks=("knit",)):
        """Times all in turns; contestants of the families in `peaks` measure the machine's peak after each race."""
        expected = self.field[0].result
        for r in range(rounds):
            # Rotated, and backwards every other round, so that nobody always follows the same one.
            first = r % len(self.field)
            order = self.field[first:] + self.field[:first]
            for one in order if r % 2 == 0 else reversed(order):
                seconds, result = one.race()
                if not abs(result - expected) <= self.tolerance * abs(expected):
                    raise failure(f"{one.name}: the result of round {r} is {result:.9g}, not {expected:.9g}")
                one.seconds.append(seconds)
                if one.family in peaks:
                    one.peaks.append(one.ask("peak")[0])

    def best(self, family, threads=None, name=""):
        """The contestant of a family with the lowest median, of those with so many threads and that name's beginning."""
        fit = [one for one in self.field if one.family == family and one.name.startswith(name)
               and (threads is None or one.threads in threads)]
        return min(fit, key=lambda one: median(one.seconds), default=None)

    def knit(self, threads):
        return self.best("knit", {threads})

    def table(self, unit, scale, amount=None, measure="", peak=""):
        """Times in `unit`, of which a second has `scale`; with `amount`, what a race does in units of a billion, by
        the name `measure` for a second of it."""
        # A maximum far above its median tells of other work on this machine: run again when that is done.
        print(f"\n{self.title}\n{'':<30} {'min':>10} {'median':>10} {'max':>10}" +
              (f" {measure:>9} {peak:>9}" if amount else ""))
        print(f"{'':<30} {unit:>10} {unit:>10} {unit:>10}" + (f" {'(median)':>9} {measure:>9}" if amount else ""))
        for one in self.field:
            low, middle, high = (scale * f(one.seconds) for f in (min, median, max))
            rate = f" {amount / median(one.seconds):9.1f}" if amount else ""
            top = f" {median(one.peaks):9.1f}" if amount and one.peaks else ""
            print(f"{one.name:<30} {low:10.4g} {middle:10.4g} {high:10.4g}{rate}{top}")
        print(flush=True)


def ratio(theirs, ours):
    """How many times as fast we are: the median of the rounds' ratios; None where somebody is missing."""
    if theirs is None or ours is None:
        return None
    return median(t / o for t, o in zip(theirs.seconds, ours.seconds))


def percent(one, amount):
    """Of the peak measured in the same round; `amount` is what a race does, in the peak's unit times seconds."""
    return median(100 * amount / s / peak for s, peak in zip(one.seconds, one.peaks))


def report(lines):
    """`NAME VALUE` for scripts; a pair without a value is left out."""
    for name, value in lines:
        if value is not None:
            print(f"{name} {value:.4g}")
    sys.stdout.flush()


# ---- training, as the peers written in Python have it -------------------------------------------------------------

# loss_of(parameters, x, y) is a network's loss on a batch, `initial` its first weights as NumPy arrays. What is given
# back as run(n) makes n steps from these and gives back their seconds and losses, for `work`.


@dataclass
class rule:
    """SGD, or with the betas Adam: Kingma, Ba, ICLR 2015, algorithm 1, which is torch.optim.Adam's too."""
    rate: float
    beta1: float = None
    beta2: float = None
    epsilon: float = None

    @property
    def is_adam(self):
        return self.beta1 is not None


def torch_eager(loss_of, initial, by):
    """begin() gives step(x, y), which gives back the loss, from the initial weights on."""
    import torch

    def begin():
        parameters = [torch.from_numpy(p).clone().requires_grad_() for p in initial]
        if by.is_adam:
            update = torch.optim.Adam(parameters, lr=by.rate, betas=(by.beta1, by.beta2), eps=by.epsilon, fused=True)
        else:
            update = torch.optim.SGD(parameters, lr=by.rate, fused=True)

        def step(x, y):
            update.zero_grad(set_to_none=True)
            loss = loss_of(parameters, x, y)
            loss.backward()
            update.step()
            return loss.detach()
        return step

    return begin


def torch_compiled(loss_of, initial, by):
    """The same. The whole step, gradient and update, is one graph: 1.5 times as fast as compiling the loss only."""
    import torch

    parameters = [torch.from_numpy(p).clone() for p in initial]
    m, v = ([torch.zeros_like(p) for p in parameters] for _ in range(2))
    t = torch.zeros(())  # an array, or each step would be compiled anew

    def sgd(gradient):
        for p, g in zip(parameters, gradient):
            p.sub_(g, alpha=by.rate)

    def adam(gradient):
        t.add_(1)
        # 1 - beta^t, in this form right for small t too.
        of_m, of_v = (-torch.expm1(t * math.log(beta)) for beta in (by.beta1, by.beta2))
        rate, root = by.rate / of_m, of_v.rsqrt()
        for p, g, a, b in zip(parameters, gradient, m, v):
            a.lerp_(g, 1 - by.beta1)
            b.mul_(by.beta2).addcmul_(g, g, value=1 - by.beta2)
            p.sub_(rate * a / (b.sqrt() * root + by.epsilon))

    update = adam if by.is_adam else sgd

    @torch.compile(fullgraph=True, mode="max-autotune-no-cudagraphs")
    def step(x, y):
        gradient, loss = torch.func.grad_and_value(loss_of)(parameters, x, y)
        update(gradient)
        return loss

    def begin():
        for p, value in zip(parameters, initial):
            p.copy_(torch.from_numpy(value))
        for a in [*m, *v, t]:
            a.zero_()
        return step

    return begin


def torch_run(begin, batches):
    """run(n). batches(n) yields n pairs of x and y; what that costs is timed: a view costs PyTorch little."""
    def run(steps):
        step = begin()
        losses = []
        start = time.perf_counter()
        for x, y in batches(steps):
            losses.append(step(x, y))
        return time.perf_counter() - start, [loss.item() for loss in losses]

    return run


def jax_step(loss_of, initial, by):
    """(state, (x, y)) -> (state, loss), and what makes the first state."""
    import jax
    import jax.numpy as jnp

    def sgd(p, batch):
        loss, gradient = jax.value_and_grad(loss_of)(p, *batch)
        return [w - by.rate * g for w, g in zip(p, gradient)], loss

    def adam(state, batch):
        p, m, v, t = state
        loss, gradient = jax.value_and_grad(loss_of)(p, *batch)
        t = t + 1
        m = [by.beta1 * a + (1 - by.beta1) * g for a, g in zip(m, gradient)]
        v = [by.beta2 * a + (1 - by.beta2) * g * g for a, g in zip(v, gradient)]
        of_m, of_v = (-jnp.expm1(t * math.log(beta)) for beta in (by.beta1, by.beta2))
        rate, root = by.rate / of_m, 1 / jnp.sqrt(of_v)
        p = [w - rate * a / (jnp.sqrt(b) * root + by.epsilon) for w, a, b in zip(p, m, v)]
        return (p, m, v, t), loss

    def begin():
        p = [jnp.array(a) for a in initial]
        return (p, [jnp.zeros_like(a) for a in p], [jnp.zeros_like(a) for a in p], jnp.zeros(())) if by.is_adam else p

    return adam if by.is_adam else sgd, begin


def jax_scan_run(scan, begin, data):
    """run(n). All steps are one call, of scan(state, data(n), n)."""
    import jax

    def run(steps):
        state, of = begin(), data(steps)
        jax.block_until_ready((state, of))
        start = time.perf_counter()
        result = jax.block_until_ready(scan(state, of, steps))
        return time.perf_counter() - start, result[1].tolist()

    return run


def jax_call_run(step, begin, batches):
    """run(n). A call a step, which gives its state away and gets one of `batches`, that have been cut beforehand: a slice
    of a JAX array is a dispatch of its own, which a view in PyTorch is not."""
    import jax
    step = jax.jit(step, donate_argnums=0)

    def run(steps):
        state = begin()
        jax.block_until_ready((state, batches))
        losses = []
        start = time.perf_counter()
        for batch in batches[:steps]:
            state, loss = step(state, batch)
            losses.append(loss)
        jax.block_until_ready((state, losses))
        return time.perf_counter() - start, [float(loss) for loss in losses]

    return run


# ---- the command line, and the processes of Python's contestants ---------------------------------------------


def parse(script, document, families, add=lambda parser: None):
    """The options of a script that compares, or those of a worker of it."""
    parser = argparse.ArgumentParser(description=document, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default=",".join(families), help=f"which of {', '.join(families)}; by commas")
    parser.add_argument("--programs", type=pathlib.Path, default=os.environ.get("KNIT_BENCH", ROOT / "build/release/bench"),
                        help="folder of the programs; without it $KNIT_BENCH")
    add(parser)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=1, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.script, options.only = script, options.only.split(",")
    if unknown := set(options.only) - set(families):
        parser.error(f"--only takes {', '.join(families)}; not {', '.join(sorted(unknown))}")
    if options.rounds < 1:
        parser.error("--rounds takes a positive number")
    if not options.worker:
        for package in {"torch", "jax"} & set(options.only):
            probe = subprocess.run([sys.executable, "-c", f"import {package}"], capture_output=True, text=True)
            if probe.returncode:
                why = (probe.stderr.strip().splitlines() or ["no reason given"])[-1]
                others = ",".join(name for name in options.only if name != package)
                sys.exit(f"{package} does not import ({why}).\nMake the peers with bench/make_peers build/peers and run this "
                         f"with build/peers/bin/python, as bench/run does. Or leave it out: --only {others or 'knit'}")
    return options


def program(options, name, family, threads, which, *arguments, **more):
    """A contestant that is a C++ program of this folder."""
    return entry(name, family, threads,
                 [pathlib.Path(options.programs).resolve() / f"bench_{which}", "--worker", "--threads", threads, *arguments], **more)


def function(options, name, family, threads, which, *arguments, **more):
    """A contestant that is a function of the script: `which` is its name."""
    return entry(name, family, threads,
                 [sys.executable, options.script, "--worker", which, "--threads", threads, *arguments], **more)


def compete(options, main):
    """Runs `main`, ends with its failures in words."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that `with` ends the stopped processes
    try:
        main()
    except failure as why:
        for part in reversed(why.args):
            print(part, file=sys.stderr)
        sys.exit(1)


def work(options, make, curve_steps, race_steps):
    """A worker's process. make() gives run(n): n steps from the initial state, which it sets; it gives back the
    seconds that the steps took and the numbers that they yield."""
    # Whatever else prints (compilers do) goes to stderr; only answers go to the pipe.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    try:
        if options.worker.startswith("torch"):
            import torch
            torch.set_num_threads(options.threads)
        else:
            import jax
            jax.config.update("jax_platforms", "cpu")
        run = make()
        for line in sys.stdin:
            if line.strip() == "curve":
                print(*(f"{x:.9g}" for x in run(curve_steps)[1]), file=answers)
            elif line.strip() == "race":
                seconds, numbers = run(race_steps)
                print(f"{seconds:.9g} {math.fsum(numbers):.9g}", file=answers)
            else:
                print(f"error unknown request '{line.strip()}'", file=answers)
    except Exception as why:
        print(f"error {type(why).__name__}: {' '.join(str(why).split())[:300]}", file=answers)
        raise
