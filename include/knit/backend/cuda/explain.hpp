// SPDX-License-Identifier: BSL-1.0
// explain.hpp -- in: a program. out: its kernels on a GPU as text: grids, memory, work, and the time that they take at least.
#pragma once
#include <algorithm>
#include <cstdio>
#include <knit/backend/cuda/kernel.hpp>
#include <string>
#include <vector>

namespace knit::cuda {

/// One kernel of a program, and the least that it has to do.
struct kernel_work {
  int blocks = 0;
  long shared_bytes = 0;
  double flops = 0;
  double read = 0, written = 0;  ///< bytes of memory, each array once
  double bf16_flops = 0;         ///< of `flops`, those of products in bf16
  std::vector<routine_call> routines{};  ///< products that a library may do
  bool library = false;                  ///< and does, beside the kernel: they are not among its blocks

  /// Seconds at full speed of whatever limits, memory or the multiprocessors that have a block: a prediction and a lower
  /// bound, never a measurement. A library is taken to keep all multiprocessors busy.
  double at_least(gpu const& g) const {
    const double busy = library ? 1 : std::min(1.0, double(blocks) / g.multiprocessors);
    return std::max({(flops - bf16_flops) / (g.flops * busy), bf16_flops / (g.bf16_flops * busy), (read + written) / g.bytes});
  }
};

namespace detail {

/// Bytes that kernel K reads and writes: of leaves and of what earlier kernels have stored, each once.
template <class P> void add_bytes(int kernel, kernel_work& w) {
  auto const& g = P::graph;
  auto const& p = P::plan;
  std::vector<char> seen(std::size_t(g.size), 0);
  auto read = [&](auto self, int u) -> void {
    u = g.read(u).node;
    if (seen[std::size_t(u)]) return;
    seen[std::size_t(u)] = 1;
    if (p.roles[u] == role::leaf) {
      leaf_info const& f = g.leaves[field(g.at[u], 0)];
      w.read += double(f.extents.size()) * double(bytes_of(f.holds));
    } else if (p.roles[u] == role::inlined ||
               (p.roles[u] == role::computed && p.regions[p.steps[p.step_of[u]].region].every_thread)) {
      for (int k = 0; k < g.arity(u); ++k) self(self, g.operand(u, k));
    } else if (p.roles[u] == role::computed && p.level[u] < kernel)
      w.read += double(p.bytes(p.buffers[u].floats)) * p.buffers[u].parts;
  };
  for (int v = 0; v < g.size; ++v) {
    if (p.roles[v] != role::computed || p.level[v] != kernel || p.regions[p.steps[p.step_of[v]].region].every_thread) continue;
    for (int k = 0; k < g.arity(v); ++k) read(read, g.operand(v, k));
    buffer const& b = p.buffers[v];
    if (b.offset >= 0 && !b.own) w.written += double(p.bytes(b.floats)) * b.parts;
  }
  for (int i = 0; i < p.store_count; ++i) {
    store const& s = p.stores[i];
    if (p.regions[p.steps[s.step].region].level != kernel) continue;
    read(read, s.node);
    w.written += double(p.bytes(g.extents[s.node].size()));
  }
}
template <class P, int... R> void add_routines(int kernel, kernel_work& w, std::integer_sequence<int, R...>) {
  auto one = [&](auto r) {
    if (P::plan.regions[r].level != kernel || !call_of<P, r>.is_there()) return;
    w.routines.push_back(call_of<P, r>);
    w.library = is_left<P, r>();
  };
  (one(std::integral_constant<int, R>{}), ...);
}
/// Flops of step S on tensor cores.
template <class P, int S> constexpr double bf16_flops_of() {
  if constexpr (requires { requires std::is_same_v<typename step_of<P, S>::entry, bf16_pair>; })
    return flops_of(P::graph, step_of<P, S>::v);
  else return 0;
}
template <class P, int K, int... S> constexpr double bf16_flops_of(std::integer_sequence<int, S...>) {
  return ((P::template region_of<S>.level == K ? bf16_flops_of<P, S>() : 0) + ... + 0);
}
template <class P, int... K> std::vector<kernel_work> work_of(std::integer_sequence<int, K...>) {
  std::vector<kernel_work> all;
  auto one = [&](auto k) {
    kernel_work w;
    w.blocks = grid<P, k>;
    w.shared_bytes = long(shared_numbers<P, k>) * long(sizeof(typename P::number));
    add_routines<P>(k, w, std::make_integer_sequence<int, P::regions>{});
    for (int r = 0; r < P::regions; ++r)
      if (P::plan.regions[r].level == k) w.flops += P::plan.regions[r].flops;
    w.bf16_flops = bf16_flops_of<P, k>(std::make_integer_sequence<int, P::steps>{});
    add_bytes<P>(k, w);
    all.push_back(w);
  };
  (one(std::integral_constant<int, K>{}), ...);
  return all;
}

}  // namespace detail

/// The kernels of a program that has a name, as `cuda_on_host` runs them, and `cuda_backend` with `for_gpu` as target.
template <class Spec, class Target = for_blocks> std::vector<kernel_work> work_of() {
  using P = compiled<Spec, Target>;
  return detail::work_of<P>(std::make_integer_sequence<int, P::kernels>{});
}

/// A line for each kernel: blocks, threads, shared memory, flops, bytes, and microseconds at least on a GPU; registers of a
/// thread, where somebody has asked a compiler for them (`registers_of`); and a line for each product that is worth a library's
/// routine, with who does it.
template <class Spec, class Target = for_blocks>
std::string explain_kernels(gpu const& g = h100, std::vector<int> const& registers = {}) {
  std::string text;
  char line[300];
  double all = 0;
  int k = 0;
  for (kernel_work const& w : work_of<Spec, Target>()) {
    std::snprintf(line, sizeof line,
                  "kernel %d: %d blocks of %d threads, %ld bytes of shared memory, %.4g Mflop, %.4g of them in bf16, %.4g MB read, "
                  "%.4g MB written, "
                  "at least %.3g us on %s\n",
                  k++, w.blocks, block_threads, w.shared_bytes, w.flops / 1e6, w.bf16_flops / 1e6, w.read / 1e6, w.written / 1e6,
                  w.at_least(g) * 1e6, g.name);
    text += line;
    if (std::size_t(k) <= registers.size())
      text.insert(text.size() - 1, ", " + std::to_string(registers[std::size_t(k - 1)]) + " registers of a thread");
    for (routine_call const& c : w.routines) {
      matrix_product const& p = c.product;
      convolution const& s = c.sliding;
      if (p.rows > 0) std::snprintf(line, sizeof line, "  %d x %d x %d", p.rows, p.columns, p.terms);
      else
        std::snprintf(line, sizeof line, "  %s of a convolution, %d filters of %d x %d x %d on %d images of %d x %d",
                      name_of(s.computes), s.filters, s.filter_width, s.filter_height, s.channels, s.instances, s.width, s.height);
      text += line;
      if (p.batch > 1) text += ", " + std::to_string(p.batch) + " times";
      if (c.bias >= 0) text += ", with a bias";
      if (c.relu) text += ", with relu";
      if (c.factor >= 0) text += ", with the update";
      text += !w.library   ? ": worth a library's routine; a kernel of knit's own does it here\n"
              : p.rows > 0 ? ": cublasLtMatmul\n"
                           : ": cudnnBackendExecute\n";
    }
    all += w.at_least(g);
  }
  std::snprintf(line, sizeof line, "in all at least %.3g us on %s, by its data sheet; not measured\n", all * 1e6, g.name);
  return text + line;
}

}  // namespace knit::cuda
