# SPDX-License-Identifier: BSL-1.0
"""How many kernels a GPU is given for a step by PyTorch. In: the steps of docs/benchmarks.md. Out: counts; nothing is run on a GPU.

    bench/run launches

eager: the operations that PyTorch dispatches in one step, after the first, each of which is one kernel on a GPU or, of some
products, two: all but views and allocations.
compiled: the loops that Inductor generates where the whole step is one graph, and the products that it leaves to a library.
It is asked for a CPU's code, as it writes none for a GPU without one, and may cut loops otherwise there.
Data are floats and 64-bit labels, which spares PyTorch the kernels that would make them of bytes; the optimizers are those with
the fewest kernels.
"""
import collections
import math
import unittest.mock

import torch
import torch.nn.functional as F
from torch._inductor import config
from torch._inductor.scheduler import ExternKernelSchedulerNode, NopKernelSchedulerNode, Scheduler
from torch.utils._python_dispatch import TorchDispatchMode

torch.manual_seed(1)
LR, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8


class counted(TorchDispatchMode):
    """Counts what computes."""

    def __init__(self):
        super().__init__()
        self.ops = collections.Counter()

    def __torch_dispatch__(self, op, types, args=(), kwargs=None):
        view = any(r.alias_info is not None and not r.alias_info.is_write for r in op._schema.returns)
        space, name = op._schema.name.split("::")
        if space == "aten" and not view and not name.startswith(("empty", "detach", "lift_fresh")):
            self.ops[name] += 1
        return op(*args, **(kwargs or {}))


class mlp:
    """A step of training: relu between the layers, the loss of classes, an optimizer."""

    def __init__(self, rule, batch, *widths):
        self.parameters = []
        for a, b in zip(widths, widths[1:]):
            self.parameters += [torch.randn(b, a) / math.sqrt(a), torch.zeros(b)]
        self.rule = rule
        self.x, self.y = torch.rand(batch, widths[0]), torch.randint(widths[-1], (batch,))

    @staticmethod
    def loss(parameters, x, y):
        for k in range(0, len(parameters), 2):
            x = F.linear(F.relu(x) if k else x, *parameters[k:k + 2])
        return F.cross_entropy(x, y)

    def eager(self):
        of = [p.clone().requires_grad_() for p in self.parameters]
        rule = torch.optim.Adam(of, lr=LR, fused=True) if self.rule == "adam" else torch.optim.SGD(of, lr=LR, fused=True)

        def step():
            rule.zero_grad()
            self.loss(of, self.x, self.y).backward()
            rule.step()
        return step

    def graph(self):
        of = [p.clone() for p in self.parameters]
        m, v, t = [torch.zeros_like(p) for p in of], [torch.zeros_like(p) for p in of], torch.zeros(())

        def step(x, y):
            gradient, loss = torch.func.grad_and_value(self.loss)(of, x, y)
            if self.rule == "adam":
                t.add_(1)
                rate, root = LR / -torch.expm1(t * math.log(BETA1)), (-torch.expm1(t * math.log(BETA2))).rsqrt()
                for p, g, a, b in zip(of, gradient, m, v):
                    a.lerp_(g, 1 - BETA1)
                    b.mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
                    p.sub_(rate * a / (b.sqrt() * root + EPSILON))
            else:
                for p, g in zip(of, gradient):
                    p.sub_(g, alpha=LR)
            return loss
        return step, (self.x, self.y)


class chain:
    """A value and both derivatives."""

    def __init__(self):
        self.x, self.b = torch.rand(1024, 1024), torch.rand(1024, 1)

    @staticmethod
    def loss(x, b):
        return torch.sigmoid(x * 0.5 + b).square().mean()

    def eager(self):
        of = [a.clone().requires_grad_() for a in (self.x, self.b)]
        return lambda: torch.autograd.grad(self.loss(*of), of)

    def graph(self):
        return torch.func.grad_and_value(self.loss, argnums=(0, 1)), (self.x, self.b)


STEPS = {
    "784-256-10, batch 100, SGD": mlp("sgd", 100, 784, 256, 10),
    "the same, Adam": mlp("adam", 100, 784, 256, 10),
    "500-300-64-64-7, batch 37, SGD": mlp("sgd", 37, 500, 300, 64, 64, 7),
    "mean(square(sigm(x % 0.5 + b))) of 1024 x 1024 and both derivatives": chain(),
}


def eager(step):
    step()  # an optimizer makes its states
    with counted() as c:
        step()
    return c.ops


def compiled(step, arguments):
    """Loops, calls of a library: what is left when Inductor's scheduler has fused, of which each is a kernel on a GPU."""
    left = []
    codegen = Scheduler.codegen

    def watched(self):
        left.extend(n for n in self.nodes if not isinstance(n, NopKernelSchedulerNode))
        return codegen(self)
    torch._dynamo.reset()
    with unittest.mock.patch.object(Scheduler, "codegen", watched):
        torch.compile(step, fullgraph=True)(*arguments)
    calls = sum(isinstance(n, ExternKernelSchedulerNode) for n in left)
    return len(left) - calls, calls


if __name__ == "__main__":
    config.force_disable_caches = True  # what comes from a cache is not counted
    for name, of in STEPS.items():
        ops, (loops, calls) = eager(of.eager()), compiled(*of.graph())
        print(f"{name}: eager {sum(ops.values())}, compiled {loops + calls}, {loops} loops and {calls} calls of a library")
        print("  " + ", ".join(f"{k} {n}" if n > 1 else k for k, n in ops.items()))
