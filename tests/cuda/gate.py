#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""in: CUDA files and architectures. out: a table of what nvcc made of their kernels, and a sentence for each broken rule.

128/100 in it: 128, and the plan promises 100 at least.

gate.py FILE.cu[=REGISTERS] ARCH... [-- FILE.cu ARCH...]... --nvcc PATH --work FOLDER --venv FOLDER [--flags FLAG...]

An architecture is a number, 80; 90/80 is machine code for sm_90 made of the PTX for 80, which costs the front end once. +80
also measures what compiling costs; ~80 only compiles, and looks at what ptxas says. A file whose kernels take more registers
than others may says how many; they must do without those, too.
Exit status 0: all holds. 1: a rule is broken. 77: no rule is broken, but some could not be checked, which is said.
"""
import os
import re
import struct
import subprocess
import sys
import time
from pathlib import Path

# ---- the rules -------------------------------------------------------------------------------------
ENOUGH = 224  # registers of a thread
# Of a kernel: the number, what it must be, what the sentence says after the number, and why.
RULES = [
    ("spills", lambda k: k.spills == 0, "bytes of registers spilled, and none may be",
     "a spill is a trip to memory in the innermost loop"),
    ("stack", lambda k: k.stack == 0, "bytes of stack, and there may be none",
     "arrays of a thread that are indexed at run time lie in memory, not in registers"),
    ("regs", lambda k: k.regs <= k.most_regs, "registers, and at most {most_regs} are allowed",
     "256 threads get 255 each; what is near that spills with the next change"),
    ("tight", lambda k: k.tight == 0, f"bytes of registers spilled where a thread has {ENOUGH}, and none may be",
     "what takes more may do so only where it does not need them"),
    ("smem", lambda k: k.smem <= 48 * 1024, "bytes of shared memory, and at most 49152 are allowed",
     "what every architecture gives without asking"),
    ("symbol", lambda k: k.symbol < 256, "characters of name, and fewer than 256 are allowed",
     "a program's kernels are named by a short type, not by its expression"),
]
# Of its machine code, where there is a disassembler.
CODE_RULES = [
    ("local", lambda k: k.local == 0, "loads and stores of local memory, and there may be none",
     "as of spills and stack, seen in the code itself"),
    ("call", lambda k: k.call == 0, "calls, and there may be none",
     "quotients, roots and functions have slow paths that are called, unless they are written without"),
    ("ffma", lambda k: k.ffma >= k.promised.fma, "FFMA, and the inner loops of its products need {promised.fma}",
     "a loop over the terms of a tile is not unrolled, or does not multiply and add at once"),
    ("hmma", lambda k: k.hmma >= k.promised.mma, "HMMA, and the inner loops of its products in bf16 need {promised.mma}",
     "products in bf16 are what tensor cores are for"),
    ("ldg128", lambda k: k.ldg128 >= k.promised.loads, "LDG.128, and its plan promises {promised.loads}",
     "what lies side by side is loaded 16 bytes at once"),
    ("stg128", lambda k: k.stg128 >= k.promised.stores, "STG.128, and its plan promises {promised.stores}",
     "what lies side by side is stored 16 bytes at once"),
    ("ldg8", lambda k: k.ldg8 == 0 or k.promised.bytes > 0, "loads of single bytes, and its plan has none",
     "bytes that lie side by side are loaded four at once"),
    ("bar", lambda k: k.bar >= 1 or k.smem == 0, "barriers, and a kernel with shared memory has some",
     "no thread may read what another one has not written yet"),
]
MOST_SECONDS, MOST_BYTES = 60, 4 << 30  # of one nvcc on one architecture: CPU time, and memory at its peak
DISASSEMBLER = "nvidia-cuda-nvdisasm==13.2.86"  # reads cubins of older nvcc too
SKIPPED = 77


class Promise:
    """What a plan promises: see of_code in promises.hpp."""

    def __init__(self, fma=0, loads=0, stores=0, bytes=1, mma=0):
        self.fma, self.loads, self.stores, self.bytes, self.mma = fma, loads, stores, bytes, mma


class Kernel:
    def __init__(self, symbol):
        self.name, self.symbol, self.most_regs = short_name(symbol), len(symbol), ENOUGH
        self.regs = self.spills = self.stack = self.smem = self.tight = 0
        self.ffma = self.hmma = self.ldg128 = self.stg128 = self.ldg8 = self.local = self.call = self.bar = None
        self.promised = Promise()


def short_name(symbol):
    """programs::mnist_sgd 1 of _ZN4knit4cuda6kernelIN8programs9mnist_sgdELi1EEEv..., or the symbol."""
    m = re.match(r"_ZN4knit4cuda6kernelIN8programs(\d+)(\w+)", symbol)
    if m:
        n = int(m[1])
        k = re.match(r"ELi(\d+)E", m[2][n:])
        if k:
            return f"{m[2][:n]} {k[1]}"
    m = re.match(r"_Z(\d+)(\w+)", symbol)  # a function of its own
    return m[2][:int(m[1])] if m else symbol


# ---- what nvcc says and makes ----------------------------------------------------------------------

class Cost:
    """Of some of nvcc's runs: seconds of CPU and of waiting, bytes at the peak of the largest process."""

    def __init__(self, cpu=0.0, waited=0.0, peak=0):
        self.cpu, self.waited, self.peak = cpu, waited, peak

    def __add__(self, other):
        return Cost(self.cpu + other.cpu, self.waited + other.waited, max(self.peak, other.peak))


def run_nvcc(command, source, made):
    """What it says, and its cost."""
    started = time.monotonic()
    log = made.with_suffix(made.suffix + ".log")
    with open(log, "wb") as out:
        child = subprocess.Popen([*command, str(source), "-o", str(made)], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    said = log.read_text(errors="replace")
    if child.returncode:
        sys.exit(f"{source.name} does not compile to {made.name}:\n{said}")
    return said, Cost(used.ru_utime + used.ru_stime, time.monotonic() - started, used.ru_maxrss * 1024)


def with_enough(nvcc, ptx, arch):
    """What ptxas says where a thread may have that many registers and no more."""
    limited = ptx.with_suffix(".limited.ptx")
    limited.write_text(ptx.read_text().replace(".minnctapersm 1", f".maxnreg {ENOUGH}"))
    return run_nvcc([nvcc, f"-arch=sm_{arch}", "-cubin", "-Xptxas", "-v"], limited, limited.with_suffix(".cubin"))[0]


def read_ptxas(said):
    kernels, now = {}, None
    for line in said.splitlines():
        if m := re.search(r"Compiling entry function '(\S+)'", line):
            now = kernels.setdefault(m[1], Kernel(m[1]))
        elif m := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line):
            if now:
                now.stack, now.spills = max(now.stack, int(m[1])), now.spills + int(m[2]) + int(m[3])
        elif (m := re.search(r"Used (\d+) registers", line)) and now:
            now.regs = int(m[1])
            shared = re.search(r"(\d+) bytes smem", line)
            now.smem = int(shared[1]) if shared else 0
    return kernels


def read_code(kernels, text):
    """Counts instructions of a listing of nvdisasm, and takes what plans promise from its data."""
    now, labels, targets, returns, data, promised = None, set(), [], False, None, {}

    def close():
        if now:  # without a return in it, a call of a label of the kernel's own is how ptxas writes some branches out of loops
            now.call += sum(returns or t not in labels for t in targets)

    for line in text.splitlines():
        if line.startswith("//-----"):
            close()
            now, labels, targets, returns, data = None, set(), [], False, None
        elif m := re.match(r"\.text\.(\S+):", line):
            now = kernels.get(m[1])
            if now:
                now.ffma = now.hmma = now.ldg128 = now.stg128 = now.ldg8 = now.local = now.call = now.bar = 0
        elif m := re.match(r"promises_(\w+):", line):
            data = promised.setdefault(m[1], bytearray())
        elif (m := re.match(r"\s+/\*[0-9a-f]+\*/\s+\.byte\s+(.*)", line)) and data is not None:
            data += bytes(int(x, 16) for x in m[1].split(","))
        elif m := re.match(r"(\.L_x_\d+):", line):
            labels.add(m[1])
        elif (m := re.match(r"\s+/\*[0-9a-f]{4,}\*/\s+(?:@!?\w+\s+)?([A-Z][A-Z0-9_.]*)(.*)", line)) and now:
            op, rest = m[1], m[2]
            base = op.split(".")[0]
            now.ffma += {"FFMA": 1, "FFMA2": 2}.get(base, 0)
            now.hmma += op.startswith("HMMA.16816.F32.BF16")
            now.ldg128 += base == "LDG" and ".128" in op
            now.stg128 += base == "STG" and ".128" in op
            now.ldg8 += base == "LDG" and (".U8" in op or ".S8" in op)
            now.local += base in ("LDL", "STL")
            now.bar += base == "BAR"
            returns |= base == "RET"
            if base == "CALL":
                target = re.search(r"`\((\.L_x_\d+)\)", rest)
                targets.append(target[1] if target else None)
    close()
    for program, raw in promised.items():
        for k, of in enumerate(struct.iter_unpack("<iiiii", raw)):
            for kernel in kernels.values():
                if kernel.name == f"{program} {k}":
                    kernel.promised = Promise(*of)


# ---- the disassembler ------------------------------------------------------------------------------

def disassembler(venv):
    """Its path, or None and why there is none: from the package, in a virtual environment that is made here."""
    stamp = venv / "installed.txt"
    found = sorted(venv.glob("lib/python3*/site-packages/nvidia/*/bin/nvdisasm"))
    if not found or not stamp.exists() or stamp.read_text() != DISASSEMBLER:
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True, capture_output=True, timeout=120)
            subprocess.run([venv / "bin/python", "-m", "pip", "install", "--quiet", "--no-deps", "--retries", "1", "--timeout", "20",
                            "--disable-pip-version-check", DISASSEMBLER], check=True, capture_output=True, timeout=240)
        except (subprocess.SubprocessError, OSError) as e:
            said = (getattr(e, "stderr", None) or b"").decode(errors="replace").strip().splitlines()
            return None, said[-1] if said else str(e).splitlines()[0]
        found = sorted(venv.glob("lib/python3*/site-packages/nvidia/*/bin/nvdisasm"))
        if not found:
            return None, f"there is no nvdisasm in {DISASSEMBLER}"
        stamp.write_text(DISASSEMBLER)
    return found[0], None


# ---- the report ------------------------------------------------------------------------------------

HEAD = ["kernel", "arch", "regs", "spills", "stack", "smem", "FFMA", "HMMA", "LDG.128", "LDG.8", "STG.128", "CALL", "BAR", "symbol"]


def row(k, arch):
    p = k.promised
    promised = lambda found, of: f"{found}/{of}" if of else found
    code = ["-"] * 7 if k.ffma is None else [promised(k.ffma, p.fma), promised(k.hmma, p.mma), promised(k.ldg128, p.loads), k.ldg8,
                                             promised(k.stg128, p.stores), k.call, k.bar]
    return [str(x) for x in (k.name, arch, k.regs, k.spills, k.stack, k.smem, *code, k.symbol)]


def show(rows):
    width = [max(len(r[i]) for r in rows) for i in range(len(HEAD))]
    for r in rows:
        print("  ".join(x.ljust(w) if i == 0 else x.rjust(w) for i, (x, w) in enumerate(zip(r, width))))


def broken_rules(k, arch, rules):
    return [f"{k.name} on sm_{arch}: {getattr(k, name)} {what.format(promised=k.promised, most_regs=k.most_regs)}: {why}."
            for name, holds, what, why in rules if not holds(k)]


def parse(arguments):
    options, files, flags = {"--nvcc": "nvcc", "--work": ".", "--venv": "venv"}, [], []
    if "--flags" in arguments:
        at = arguments.index("--flags")
        arguments, flags = arguments[:at], arguments[at + 1:]
    rest = iter(arguments)
    for a in rest:
        if a in options:
            options[a] = next(rest)
        elif named := re.fullmatch(r"(.+\.cu)(?:=(\d+))?", a):
            files.append((Path(named[1]), int(named[2] or ENOUGH), []))
        else:
            files[-1][2].append(re.fullmatch(r"([+~]?)(\d+)(?:/(\d+))?", a).groups())
    return options, files, flags


def main(arguments):
    options, files, flags = parse(arguments)
    work = Path(options["--work"])
    work.mkdir(parents=True, exist_ok=True)
    if options["--nvcc"] in ("", "OFF") or options["--nvcc"].endswith("NOTFOUND"):
        print("skipped: there is no nvcc, so no machine code is made or checked.")
        return SKIPPED
    tool, why_not = disassembler(Path(options["--venv"]))
    rows, broken, costs = [HEAD], [], []
    nvcc, of_ptx = options["--nvcc"], {}
    for source, most_regs, architectures in files:
        for how, arch, of in architectures:
            ptx = work / f"{source.stem}.{of or arch}.ptx"
            cubin = work / f"{source.stem}.{arch}.cubin"
            if ptx not in of_ptx:
                _, of_ptx[ptx] = run_nvcc([nvcc, *flags, f"-arch=compute_{of or arch}", "-ptx"], source, ptx)
            said, cost = run_nvcc([nvcc, f"-arch=sm_{arch}", "-cubin", "-Xptxas", "-v"], ptx, cubin)
            cost += of_ptx[ptx]
            kernels = read_ptxas(said)
            if any(k.regs > ENOUGH for k in kernels.values()):
                for symbol, k in read_ptxas(with_enough(nvcc, ptx, arch)).items():
                    kernels[symbol].tight = k.spills
            for k in kernels.values():
                k.most_regs = most_regs
            if not kernels:
                broken.append(f"{source.name} on sm_{arch}: there is no kernel in it.")
            if tool and how != "~":
                read_code(kernels, subprocess.run([tool, cubin], check=True, capture_output=True, text=True).stdout)
            for k in sorted(kernels.values(), key=lambda k: k.name):
                rows.append(row(k, arch))
                broken += broken_rules(k, arch, RULES + (CODE_RULES if k.ffma is not None else []))
            costs.append(f"nvcc of {source.name} for sm_{arch}: {cost.cpu:.1f} s of CPU, {cost.waited:.1f} s, {cost.peak / 2**30:.2f} GiB")
            if how == "+" and cost.cpu > MOST_SECONDS:
                broken.append(f"{source.name} for sm_{arch} takes {cost.cpu:.1f} s to compile, and at most {MOST_SECONDS} are allowed.")
            if how == "+" and cost.peak > MOST_BYTES:
                broken.append(f"{source.name} for sm_{arch} takes {cost.peak / 2**30:.2f} GiB to compile, and at most {MOST_BYTES >> 30} are allowed.")
    show(rows)
    print(*costs, *broken, sep="\n")
    if not tool:
        print(f"skipped: no disassembler, so the machine code is not checked, only what ptxas says of it: {why_not}")
    return 1 if broken else 0 if tool else SKIPPED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
