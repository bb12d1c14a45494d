# SPDX-License-Identifier: BSL-1.0
"""What the compiler pays for knit: seconds, memory, nodes and the longest symbol of a few programs.

    bench/run compile [--quick] [--compiler g++] [--only NAME,...] [--keep FOLDER]

nvcc compiles the ladder alone, as kernels of sm_80, and as its front end counts all of its passes up to the plan.
Each source is compiled, not linked, one at a time. Seconds are those of the processor, the best of three compilations
(--quick: of one): the compiler is one thread, so on an idle machine they are those of the clock, and on a busy one they
hardly change. Memory is the greatest resident size of any process of the compiler. After a table for people come lines
`NAME VALUE` for scripts. The compiler's own words are shown, shortened, where it fails.
"""

import argparse
import math
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

root = Path(__file__).resolve().parent.parent

empty = """#include <knit/knit.hpp>
int main() {}
"""

single = """#include <knit/knit.hpp>
knit::tensor<float, 8> run(knit::tensor<float, 8> const& x) { return tanh(x); }
"""

# A layer of the user's own, so that the depth of a model is measured where knit has no say in its making.
residual = """#include <knit/knit.hpp>
using namespace knit;

template <class Inner> struct residual {
  BOOST_HANA_DEFINE_STRUCT(residual, (Inner, inner));
  template <class X> constexpr auto operator()(X&& x) const { return x + inner(x); }
};
template <class In, class Out, class... Block> struct classifier {
  BOOST_HANA_DEFINE_STRUCT(classifier, (In, in), (hana::tuple<Block...>, blocks), (Out, out));
  template <class I, class Blocks, class O> using with_fields = mp::mp_apply<classifier, mp::mp_append<mp::mp_list<I, O>, mp::mp_rename<Blocks, mp::mp_list>>>;
  template <class X> constexpr auto operator()(X&& x) const {
    return out(hana::fold_left(blocks, in(std::forward<X>(x)), [](auto h, auto const& f) { return f(std::move(h)); }));
  }
  template <class X, class Y> constexpr auto operator()(X&& x, Y&& y) const { return nll((*this)(std::forward<X>(x)), std::forward<Y>(y)); }
};

using block = residual<decltype(make_dense<64, 64>(relu))>;
using stack = mp::mp_repeat_c<mp::mp_list<block>, BLOCKS>;
using in = decltype(make_dense<784, 64>(relu));
using out = decltype(make_dense<64, 10>());
using net = mp::mp_apply<classifier, mp::mp_append<mp::mp_list<in, out>, stack>>;
using trained = training_step<simd_backend, net, sgd_rule, view<unorm8, 784, 100>, view<std::uint8_t, 100>>;
template void node_count<compiled<trained::spec>::nodes>();
static_assert(compiled<trained::spec>::plan.kernels > 0);

#ifndef FRONT_END
float run(net& m, view<unorm8, 784, 100> const& x, view<std::uint8_t, 100> const& y) { return trained(m, {})(x, y); }
#endif
"""

# A plain deep network, whose rule keeps two more arrays for each parameter.
layers = """#include <knit/knit.hpp>
using namespace knit;
template <std::size_t... I> auto deep(std::index_sequence<I...>) {
  return make_chain(make_dense<784, 64>(relu), make_dense<64, 64 + 0 * I>(relu)..., make_dense<64, 10>());
}
using net = decltype(deep(std::make_index_sequence<LAYERS - 2>{}));
using trained = training_step<simd_backend, net, adam_rule, view<unorm8, 784, 100>, view<std::uint8_t, 100>>;
template void node_count<compiled<trained::spec>::nodes>();
static_assert(compiled<trained::spec>::plan.kernels > 0);
"""

ladder = (root / "tests" / "compile_cost" / "ladder.cpp").read_text()

# One of several units of a program that train the same model.
unit = """#include <knit/knit.hpp>
using mlp = decltype(knit::make_chain(knit::make_dense<784, 256>(knit::relu), knit::make_dense<256, 10>()));
using batches = knit::minibatch_view<784, 100>;

template <class Model> float epoch(Model& model, batches data) {
  float last = 0;
  for (float loss : data | knit::sgd(model)) last = loss;
  return last;
}
#ifdef INSTANTIATED_ELSEWHERE
extern template float epoch(mlp&, batches);
#endif
float two_epochs(mlp& model, batches data) { return epoch(model, data) + epoch(model, data); }
"""

# The number of nodes leaves the compiler as a symbol's name.
counter = """
template <int N> void node_count() {}
"""


class compiler:
    def __init__(self, command, runs, folder):
        self.command, self.runs, self.folder = command, runs, Path(folder)
        self.flags = ["-std=c++20", "-march=native", "-pthread", "-DHWY_COMPILE_ONLY_STATIC",
                      f"-I{root}/include", f"-I{root}/kernels",
                      f'-DKNIT_EXAMPLE_DATA="{root}/examples/data"']
        self.front_end = ("-DFRONT_END", "-fsyntax-only")  # all up to the plan, which a static_assert asks for
        if "nvcc" in command:
            self.flags = ["-x", "cu", "-std=c++20", "-arch=sm_80", "--expt-relaxed-constexpr", "-ftemplate-depth=1024",
                          "-diag-suppress=20094,128,550", "-DHWY_COMPILE_ONLY_STATIC", f"-I{root}/include", f"-I{root}/kernels"]
            self.front_end = ("-DFRONT_END",)
        if "clang" in command:
            self.flags += ["-fbracket-depth=4096", "-fconstexpr-steps=1000000000"]  # as knit::knit has them
        elif "nvcc" not in command:
            self.flags += ["-fconstexpr-ops-limit=1000000000"]

    def write(self, name, text, **macros):
        path = self.folder / f"{name}.cpp"
        defines = "".join(f"#define {key} {value}\n" for key, value in macros.items())
        path.write_text(defines + counter + text)
        return path

    def compile(self, source, *flags):
        """Best seconds, MB, nodes (if the source tells) and the longest symbol of one source."""
        result = {"seconds": float("inf"), "mb": 0.0, "nodes": None, "symbol": 0}
        target = self.folder / (source.stem + ".o")
        target.unlink(missing_ok=True)
        command = [self.command, *self.flags, *flags, "-c", str(source), "-o", str(target)]
        for _ in range(self.runs):
            with open(self.folder / "said", "w+") as said:
                process = subprocess.Popen(command, stdout=said, stderr=said)
                _, status, usage = os.wait4(process.pid, 0)
                seconds = usage.ru_utime + usage.ru_stime
                process.returncode = os.waitstatus_to_exitcode(status)
                said.seek(0)
                words = said.read()
            if process.returncode:
                first = "\n".join(line[:300] for line in words.splitlines()[:30])
                sys.exit(f"{source.name} does not compile\n{' '.join(command)}\n{first}")
            result["seconds"] = min(result["seconds"], seconds)
            result["mb"] = max(result["mb"], usage.ru_maxrss / 1024)
        if target.exists():
            names = subprocess.run(["nm", "-P", str(target)], capture_output=True, text=True, check=True).stdout
            symbols = [line.split()[0] for line in names.splitlines() if line.strip()]
            result["symbol"] = max(map(len, symbols), default=0)
            for symbol in symbols:
                if found := re.search(r"(?:node_count|nodes_of_ladder)ILi(\d+)E", symbol):
                    result["nodes"] = int(found[1])
        return result


def main():
    parser = argparse.ArgumentParser(prog="bench/run compile")
    parser.add_argument("--quick", action="store_true", help="one compilation each, not the best of three")
    parser.add_argument("--compiler", default=os.environ.get("CXX", "g++"))
    parser.add_argument("--only", help="some of mnist,residual,layers,ladder,units; default: all, by nvcc the ladder")
    parser.add_argument("--keep", help="folder for the sources; default: one that is removed")
    options = parser.parse_args()
    wanted = set((options.only or ("ladder" if "nvcc" in options.compiler else "mnist,residual,layers,ladder,units")).split(","))
    if wanted - {"mnist", "residual", "layers", "ladder", "units"}:
        parser.error(f"--only takes mnist, residual, layers, ladder, units, not {options.only}")
    subprocess.run([root / "cmake" / "install_packages", "build"], check=True)

    with tempfile.TemporaryDirectory() as temporary:
        if options.keep:
            Path(options.keep).mkdir(parents=True, exist_ok=True)
        cc = compiler(options.compiler, 1 if options.quick else 3, options.keep or temporary)
        values = {}
        print(f"{'program':28} {'flags':26} {'nodes':>6} {'seconds':>8} {'MB':>6} {'symbol':>7}")

        def measure(label, source, *flags):
            r = cc.compile(source, *flags)
            print(f"{label:28} {' '.join(Path(f).name if f.startswith('/') else f for f in flags):26} {r['nodes'] or '':>6} {r['seconds']:8.2f} {r['mb']:6.0f} {r['symbol'] or '':>7}",
                  flush=True)
            return r

        if "mnist" in wanted:
            # The example is a file for the command line and one for each rule's program.
            sources = [root / "examples" / "mnist_mlp.cpp", *sorted((root / "examples" / "mnist_mlp").glob("*.cpp"))]
            r = [measure(str(source.relative_to(root)), source, "-O3") for source in sources]
            values["compile_mnist_seconds"] = max(one["seconds"] for one in r)
            values["compile_mnist_mb"] = max(one["mb"] for one in r)
            values["compile_mnist_all_seconds"] = sum(one["seconds"] for one in r)
            values["compile_longest_symbol"] = max(one["symbol"] for one in r)

        front_end = cc.front_end
        if "residual" in wanted:
            source = cc.write("empty", empty)
            front = {0: measure("empty program", source, *front_end)["seconds"]}
            full = {0: measure("empty program", source, "-O2")["seconds"]}
            values["compile_empty_x86_64_seconds"] = measure("empty program", source, "-march=x86-64")["seconds"]
            common_cores = measure("empty program", source, "-march=x86-64", "-O2")["seconds"]
            source = cc.write("single", single)
            values["compile_single_op_x86_64_seconds"] = measure("one op", source, "-march=x86-64", "-O2")["seconds"] - common_cores
            values["compile_single_op_front_seconds"] = measure("one op", source, *front_end)["seconds"] - front[0]
            values["compile_single_op_seconds"] = measure("one op", source, "-O2")["seconds"] - full[0]
            for blocks in (1, 10):
                source = cc.write(f"residual{blocks}", residual, BLOCKS=blocks)
                label = f"{blocks} residual block{'s' if blocks > 1 else ''}"
                front[blocks] = measure(label, source, *front_end)["seconds"]
                full[blocks] = measure(label, source, "-O2")["seconds"]
            values["compile_empty_seconds"] = full[0]
            values["compile_residual_seconds"] = full[10]
            values["compile_residual_ratio"] = (full[10] - full[0]) / (full[1] - full[0])
            values["compile_residual_front_ratio"] = (front[10] - front[0]) / (front[1] - front[0])

        if "layers" in wanted:
            for count in (4, 8, 20, 40):
                source = cc.write(f"layers{count}", layers, LAYERS=count)
                r = measure(f"{count} layers under Adam", source, *front_end)
                values[f"compile_layers_{count}_front_seconds"] = r["seconds"]
                values[f"compile_layers_{count}_front_mb"] = r["mb"]

        if "units" in wanted:
            common = cc.folder / "common.hpp"
            common.write_text("#include <knit/knit.hpp>\n")
            sources = {"empty": cc.write("empty", empty), "unit": cc.write("unit", unit),
                       "elsewhere": cc.write("elsewhere", unit, INSTANTIATED_ELSEWHERE=1)}
            for name, source in sources.items():
                values[f"compile_{name}_anew_seconds"] = measure(name, source, "-O2")["seconds"]
            cc.flags.append(f"-I{cc.folder}")
            subprocess.run([cc.command, *cc.flags, "-O2", "-x", "c++-header", str(common), "-o", f"{common}.gch"], check=True)
            for name, source in sources.items():
                seconds = measure(f"{name}, precompiled", source, "-O2", "-include", str(common))["seconds"]
                values[f"compile_{name}_precompiled_seconds"] = seconds

        if "ladder" in wanted:
            for size, levels in levels_of.items():
                source = cc.write(f"ladder{size}", ladder, LEVELS=levels)
                front = measure(f"ladder of {levels} levels", source, *front_end)
                full = measure(f"ladder of {levels} levels", source, "-O2")
                values[f"compile_ladder_{size}_nodes"] = full["nodes"]
                values[f"compile_ladder_{size}_front_seconds"] = front["seconds"]
                values[f"compile_ladder_{size}_seconds"] = full["seconds"]
            # Beyond what the headers cost, which a ladder of one level is nearly all of.
            added = [values[f"compile_ladder_{size}_front_seconds"] - values["compile_ladder_10_front_seconds"] for size in (100, 1000)]
            times = values["compile_ladder_1000_nodes"] / values["compile_ladder_100_nodes"]
            # Where the machine is so noisy that the shorter one took less than none, nothing can be said.
            values["compile_ladder_exponent"] = math.log(added[1] / added[0]) / math.log(times) if min(added) > 0 else math.nan
    print()
    for name, value in values.items():
        print(name, f"{value:.3f}" if isinstance(value, float) else value)


# Levels of the ladder that give about so many nodes.
levels_of = {10: 1, 100: 8, 350: 28, 1000: 80}

if __name__ == "__main__":
    main()
