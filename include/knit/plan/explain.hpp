// SPDX-License-Identifier: BSL-1.0
// explain.hpp -- in: a plan. out: text: kernels with their expressions, shapes, bytes, flops, buffers, threads.
#pragma once
#include <cstdio>
#include <knit/plan/memory.hpp>
#include <string>

namespace knit {

namespace detail {

inline std::string text(shape s) {
  if (s.size() == 1) return "";
  sentence t;
  t << s;
  return t.text;
}
inline std::string text(double v) {
  char b[32];
  std::snprintf(b, sizeof b, "%.6g", v);
  return b;
}

template <int N, int R> struct explainer {
  flat_graph const& g;
  plan<N, R> const& p;

  std::string name(int v) const {
    if (g.is_constant(v)) return text(g.constants[field(g.at[v], 0)]);
    if (g.is_leaf(v)) return "leaf" + std::to_string(field(g.at[v], 0));
    return "v" + std::to_string(v);
  }
  /// An operand: what is stored or made elsewhere by name, scalars and views written out.
  std::string operand(int v) const {
    if (p.roles[v] == role::inlined) return written(v);
    if (p.roles[v] == role::view) {
      if (g.info(v).see == view_kind::broadcast) return operand(g.operand(v, 0));
      return std::string(g.info(v).name) + "(" + operand(g.operand(v, 0)) + ")";
    }
    return name(v);
  }
  std::string written(int v) const {
    op_info const& f = g.info(v);
    if (f.infix && f.arity == 2) {
      std::string s = operand(g.operand(v, 0)) + " " + f.name + " " + operand(g.operand(v, 1));
      return p.roles[v] == role::inlined ? "(" + s + ")" : s;
    }
    std::string s = std::string(f.name) + "(";
    for (int k = 0; k < f.arity; ++k) s += (k ? ", " : "") + operand(g.operand(v, k));
    return s + ")";
  }
  /// What of v is stored, in words.
  std::string kept(int v) const {
    buffer const& b = p.buffers[v];
    if (b.offset < 0) return "";
    std::string s = "   [" + std::to_string(p.bytes(b.floats * b.parts)) + " bytes";
    if (b.parts > 1) s += " in " + std::to_string(b.parts) + " parts";
    if (b.slab_axis != no_axis) s += " for each slab";
    return s + "]";
  }
};

}  // namespace detail

/// What a plan does, for people: each kernel, its regions and steps, the values that are stored, and why the
/// memory is as large as it is.
template <int N, int R> std::string explain(flat_graph const& g, plan<N, R> const& p) {
  const detail::explainer<N, R> e{g, p};
  std::string s = std::to_string(p.kernels) + (p.kernels == 1 ? " kernel, " : " kernels, ") + detail::text(p.flops / 1e6) + " Mflop, arena " +
                  std::to_string(p.arena_bytes()) + " bytes" + (p.own_floats ? " and " + std::to_string(p.bytes(p.own_floats)) + " for each thread, " : ", ") +
                  (p.parallel ? "threads meet between kernels" : "too small for threads: one thread does all") + "\n";
  for (int l = 0; l < g.leaf_count; ++l) {
    static constexpr char const* names[] = {"float", "double", "byte", "byte/255", "int32"};
    leaf_info const& f = g.leaves[l];
    s += "leaf" + std::to_string(l) + " " + detail::text(f.extents) + " " + names[int(f.holds)] + (f.lies.panels ? ", in panels\n" : "\n");
  }
  for (int k = 0; k < p.kernels; ++k) {
    s += "kernel " + std::to_string(k) + "\n";
    for (int r = 0; r < p.region_count; ++r) {
      region const& c = p.regions[r];
      if (c.level != k) continue;
      s += "  region " + std::to_string(r) + ": " + (c.every_thread ? std::string("every thread for itself") : std::to_string(c.slabs) + (c.slabs == 1 ? " slab" : " slabs") + (c.runs < c.slabs ? " in " + std::to_string(c.runs) + " runs" : "")) +
           (c.extent > 1 ? " of an axis of " + std::to_string(c.extent) : "") + ", " + detail::text(c.flops / 1e6) + " Mflop\n";
      for (int t = c.first; t < c.last; ++t) {
        step const& st = p.steps[t];
        bool writes = false;
        for (int i = 0; i < p.store_count; ++i) writes = writes || p.stores[i].step == t;
        if (st.first == st.last && !writes) continue;
        static constexpr char const* kinds[] = {"map", "contract", "copy"};
        s += std::string("    ") + kinds[int(st.kind)] + " " + detail::text(st.space) + "\n";
        for (int i = st.first; i < st.last; ++i) {
          const int v = p.order[i];
          s += "      " + e.name(v) + detail::text(g.extents[v]) + " = " + e.written(v);
          s += e.kept(v);
          s += "\n";
        }
        for (int i = 0; i < p.store_count; ++i)
          if (p.stores[i].step == t) {
            const int to = g.roots[p.stores[i].root].state;
            s += "      " + (to < 0 ? "output" + std::to_string(p.stores[i].root) : "leaf" + std::to_string(to)) + " <- " + e.operand(p.stores[i].node) + "\n";
          }
      }
    }
  }
  return s;
}

}  // namespace knit
