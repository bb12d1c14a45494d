// SPDX-License-Identifier: BSL-1.0
// dot.hpp -- in: a graph or a plan. out: a picture of it in the language of Graphviz.
#pragma once
#include <knit/plan/explain.hpp>
#include <utility>

namespace knit {

namespace detail {

inline constexpr char const* dot_head =
    "digraph {\n  rankdir=LR\n  graph [fontname=\"sans-serif\", style=rounded, color=\"#8090a0\"]\n"
    "  node [fontname=\"monospace\", fontsize=11, shape=box, style=\"rounded,filled\", color=\"#8090a0\", fillcolor=\"#eef3f8\"]\n"
    "  edge [fontname=\"monospace\", fontsize=10, color=\"#8090a0\"]\n";

/// `  leaf0 [label="leaf0 784x100", ...]`
inline void draw_leaf(listing& out, flat_graph const& g, int l) {
  shape const& s = g.leaves[l].extents;
  out << "  leaf" << l << " [label=\"leaf" << l << (s.size() > 1 ? " " : "") << s << "\", shape=ellipse, fillcolor=\"#fdf3dd\"]\n";
}

/// A picture of a plan: a box for each step, in its region and kernel; arrows for what a step reads of others and of leaves.
template <int N, int R> struct plan_drawing {
  flat_graph const& g;
  plan<N, R> const& p;
  explainer<N, R> words{g, p};
  listing out{dot_head};

  static std::string box(int step) { return "step" + std::to_string(step); }
  bool writes(int step) const {
    for (int i = 0; i < p.store_count; ++i)
      if (p.stores[i].step == step) return true;
    return false;
  }
  bool drawn(int step) const { return p.steps[step].first < p.steps[step].last || writes(step); }

  void put_box(int t) {
    if (!drawn(t)) return;
    out << "      " << box(t) << " [label=\"";
    for (int i = p.steps[t].first; i < p.steps[t].last; ++i) {
      const int v = p.order[i];
      out << words.name(v) << g.extents[v] << " = " << words.written(v) << "\\l";
    }
    for (int i = 0; i < p.store_count; ++i) {
      store const& s = p.stores[i];
      if (s.step != t) continue;
      const int state = g.roots[s.root].state;
      out << (state < 0 ? "output" : "leaf") << (state < 0 ? s.root : state) << " := " << words.operand(s.node) << "\\l";
    }
    out << "\"]\n";
  }
  void put_kernel(int k) {
    out << "  subgraph cluster_kernel" << k << " {\n    label=\"kernel " << k << "\"\n";
    for (int r = 0; r < p.region_count; ++r) {
      region const& c = p.regions[r];
      if (c.level != k || c.first == c.last) continue;
      out << "    subgraph cluster_region" << r << " {\n      label=\"region " << r << ": ";
      if (c.every_thread) out << "each thread";
      else out << c.slabs << (c.slabs == 1 ? " slab" : " slabs");
      out << "\"\n";
      for (int t = c.first; t < c.last; ++t) put_box(t);
      out << "    }\n";
    }
    out << "  }\n";
  }

  /// Arrows into step t from what value u is made of, if another step makes it or a leaf holds it.
  void put_arrows(int u, int t, bool* said) {
    if (std::exchange(said[u], true)) return;
    if (p.roles[u] == role::leaf) out << "  leaf" << int(field(g.at[u], 0)) << " -> " << box(t) << "\n";
    else if (p.roles[u] == role::computed) {
      if (p.step_of[u] != t) out << "  " << box(p.step_of[u]) << " -> " << box(t) << " [label=\"" << words.name(u) << "\"]\n";
    } else
      for (int k = 0; k < g.arity(u); ++k) put_arrows(g.operand(u, k), t, said);
  }
  void put_arrows(int t) {
    bool said[N]{};
    for (int i = p.steps[t].first; i < p.steps[t].last; ++i)
      for (int k = 0; k < g.arity(p.order[i]); ++k) put_arrows(g.operand(p.order[i], k), t, said);
    for (int i = 0; i < p.store_count; ++i)
      if (p.stores[i].step == t) put_arrows(p.stores[i].node, t, said);
  }

  std::string text() {
    for (int l = 0; l < g.leaf_count; ++l) draw_leaf(out, g, l);
    for (int k = 0; k < p.kernels; ++k) put_kernel(k);
    for (int t = 0; t < p.step_count; ++t)
      if (drawn(t)) put_arrows(t);
    out << "}\n";
    return out.text;
  }
};

}  // namespace detail

/// The values of a graph: leaves, operations with their extents, results with a double line. For `dot -Tsvg`.
inline std::string to_dot(flat_graph const& g) {
  detail::listing out{detail::dot_head};
  for (int v = 0; v < g.size; ++v) {
    if (g.is_leaf(v)) detail::draw_leaf(out, g, int(field(g.at[v], 0)));
    else {
      out << "  v" << v << " [label=\"";
      if (g.is_constant(v)) out << g.constants[field(g.at[v], 0)] << "\", shape=plaintext, style=\"\"";
      else out << g.info(v).name << (g.extents[v].size() > 1 ? " " : "") << g.extents[v] << "\"";
      for (int r = 0; r < g.root_count; ++r)
        if (g.roots[r].node == v) {
          out << ", peripheries=2";
          break;
        }
      out << "]\n";
    }
    for (int k = 0; k < g.arity(v); ++k) {
      const int from = g.operand(v, k);
      if (g.is_leaf(from)) out << "  leaf" << int(field(g.at[from], 0));
      else out << "  v" << from;
      out << " -> v" << v << "\n";
    }
  }
  out << "}\n";
  return out.text;
}

/// What a plan does: a box for each step, inside its region and kernel, with the values that it makes. For `dot -Tsvg`.
template <int N, int R> std::string to_dot(flat_graph const& g, plan<N, R> const& p) {
  return detail::plan_drawing<N, R>{g, p}.text();
}

}  // namespace knit
