// SPDX-License-Identifier: BSL-1.0
// explain.hpp -- in: a plan. out: text: kernels with their expressions, shapes, bytes, flops, buffers, threads.
#pragma once
#include <cstdio>
#include <knit/plan/memory.hpp>
#include <span>
#include <string>

namespace knit {

namespace detail {

/// Text that grows at its end only: g++ 12 warns of overlapping copies where `"a" + std::to_string(i)` is inlined.
struct listing {
  std::string text;

  listing& operator<<(std::string const& s) { return text += s, *this; }
  listing& operator<<(char const* s) { return text += s, *this; }
  listing& operator<<(long v) { return *this << std::to_string(v); }
  listing& operator<<(int v) { return *this << long(v); }
  listing& operator<<(double v) {
    char b[32];
    std::snprintf(b, sizeof b, "%.6g", v);
    return *this << b;
  }
  listing& operator<<(shape s) {
    if (s.size() == 1) return *this;
    sentence t;
    t << s;
    return *this << t.text;
  }
};

template <int N, int R> struct explainer {
  flat_graph const& g;
  plan<N, R> const& p;
  listing out{};

  std::string name(int v) const {
    listing s;
    if (g.is_constant(v)) s << g.constants[field(g.at[v], 0)];
    else if (g.is_leaf(v)) s << "leaf" << int(field(g.at[v], 0));
    else s << "v" << v;
    return s.text;
  }
  /// An operand: what is stored or made elsewhere by name, scalars and views written out.
  std::string operand(int v) const {
    if (p.roles[v] == role::inlined) return written(v);
    if (p.roles[v] == role::view) {
      if (g.info(v).see == view_kind::broadcast) return operand(g.operand(v, 0));
      listing s;
      s << g.info(v).name << "(" << operand(g.operand(v, 0)) << ")";
      return s.text;
    }
    return name(v);
  }
  std::string written(int v) const {
    op_info const& f = g.info(v);
    listing s;
    if (f.infix && f.arity == 2) {
      const bool inlined = p.roles[v] == role::inlined;
      s << (inlined ? "(" : "") << operand(g.operand(v, 0)) << " " << f.name << " " << operand(g.operand(v, 1))
        << (inlined ? ")" : "");
      return s.text;
    }
    s << f.name << "(";
    for (int k = 0; k < f.arity; ++k) s << (k ? ", " : "") << operand(g.operand(v, k));
    s << ")";
    return s.text;
  }
  /// What of v is stored.
  void put_kept(int v) {
    buffer const& b = p.buffers[v];
    if (b.offset < 0) return;
    out << "   [" << p.bytes(b.floats * b.parts) << " bytes";
    if (b.parts > 1) out << " in " << b.parts << " parts";
    if (b.slab_axis != no_axis) out << " for each slab";
    out << "]";
  }

  // ---- why regions are not one --------------------------------------------------------------------------

  int region_of(int v) const { return p.roles[v] == role::computed ? p.steps[p.step_of[v]].region : -1; }

  /// Of several reasons for a pair of regions the one that would stand without the others: least first.
  static constexpr int weight(refusal const& r) {
    using enum refusal::reason;
    return r.why == moved ? 3 : r.why == waits ? 2 : r.why == follows ? 1 : 0;
  }
  std::string because(refusal const& r) const {
    using enum refusal::reason;
    listing s;
    const std::string reader = name(r.reader), read = name(r.read);
    switch (r.why) {
      case nothing:
      case uncut: break;
      case waits:
        s << reader << " reads " << read << " and " << operand(r.other) << ", which ";
        if (const int from = region_of(r.other); from == region_of(r.reader)) s << "is made here";
        else if (from >= 0) s << "region " << from << " makes later";
        else s << "is there later";
        break;
      case summed: {
        op_info const& f = g.info(r.other);
        s << reader << " reads " << name(r.other)
          << (f.what == kind::reduce && f.how == combine::maximum ? ", a maximum" : ", a sum") << " over all its slabs";
        break;
      }
      case large_parts:
        s << reader << " sums over all slabs of " << read << ", and a part of " << p.bytes(g.extents[r.reader].size())
          << " bytes for each run is too much";
        break;
      case no_parts:
        s << reader << " sums over all slabs of " << read << ", and what it sums does not lie so that a slab could do its part";
        break;
      case reshaped: s << reader << " reshapes " << read << ", and its elements lie in other slabs"; break;
      case scanned: s << reader << " goes along the axis that is cut, from one slab into the next"; break;
      case two_axes:
        s << reader << " reads " << read << (r.other == r.read ? " along two axes" : " along one axis and ");
        if (r.other != r.read) s << name(r.other) << " along another";
        break;
      case heavy:
        s << "for " << reader << " (" << flops_of(g, r.reader) / 1e6 << " Mflop), which reads " << read
          << ", a second thread saves more than a meeting costs";
        break;
      case follows: s << reader << ", which reads " << read << ", may wait for what is worth a meeting"; break;
      case own_copy: s << "each thread makes " << read << " for itself, which costs less than to fetch it"; break;
      case left: s << "what a library's routine may do reads and writes whole arrays, " << read << " too"; break;
      case moved: s << reader << ", which reads " << read << ", is made where it is read, from no more memory than it takes"; break;
    }
    if (r.rival) {
      s << "; along an axis of " << r.rival << " both are one region, worth " << r.rival_worth / 1e6 << " Mflop and not "
        << r.worth / 1e6;
      if (r.far_bytes > 0) s << ", as it reads " << long(r.far_bytes) << " bytes that other cores wrote";
    }
    return s.text;
  }
  void put_refusals(int region) {
    for (int from = 0; from < p.region_count; ++from) {
      refusal const* best = nullptr;
      for (int i = 0; i < p.refusal_count; ++i) {
        refusal const& r = p.refusals[i];
        if (r.region != from || region_of(r.read) != from || region_of(r.reader) != region || region == from) continue;
        if (!best || weight(r) < weight(*best)) best = &r;
      }
      if (best) out << "    not fused with region " << from << ": " << because(*best) << "\n";
    }
  }
  /// The same for a step that only writes: of each region that made what is written.
  void put_copies(int t, bool* said) {
    for (int i = 0; i < p.store_count; ++i) {
      store const& w = p.stores[i];
      if (w.step != t) continue;
      const int state = g.roots[w.root].state;
      put_copied(g.read(w.node).node, w, state, p.steps[t].region, said);
    }
  }
  void put_copied(int u, store const& w, int state, int region, bool* said) {
    if (p.roles[u] == role::inlined)
      for (int k = 0; k < g.arity(u); ++k) put_copied(g.read(u, k).node, w, state, region, said);
    const int from = region_of(u);
    if (from < 0 || from == region || said[from]) return;
    said[from] = true;
    out << "    not fused with region " << from << ": ";
    if (state < 0) out << "output" << w.root << " reads " << name(u) << ", and is written when all of it is there\n";
    else out << "leaf" << state << " takes " << name(u) << " when nobody reads its old value any more\n";
  }

  // ---- the whole ----------------------------------------------------------------------------------------

  void put_step(int t) {
    step const& st = p.steps[t];
    bool writes = false;
    for (int i = 0; i < p.store_count; ++i) writes = writes || p.stores[i].step == t;
    if (st.first == st.last && !writes) return;
    static constexpr char const* kinds[] = {"map", "contract", "scan", "copy"};
    out << "    " << kinds[int(st.kind)] << " " << st.space;
    if (st.lane != lane_axis_of(st.space)) out << ", lanes along axis " << st.lane;
    out << "\n";
    for (int i = st.first; i < st.last; ++i) {
      const int v = p.order[i];
      out << "      " << name(v) << g.extents[v] << " = " << written(v) << (p.again[v] ? "   [again: less than to store it]" : "");
      put_kept(v);
      out << "\n";
    }
    for (int i = 0; i < p.store_count; ++i) {
      if (p.stores[i].step != t) continue;
      const int to = g.roots[p.stores[i].root].state;
      out << "      " << (to < 0 ? "output" : "leaf") << (to < 0 ? p.stores[i].root : to) << " <- " << operand(p.stores[i].node)
          << "\n";
    }
  }
  void put_region(int r) {
    region const& c = p.regions[r];
    if (c.first == c.last) return;  // its values have moved
    out << "  region " << r << ": ";
    if (c.every_thread) out << "every thread for itself";
    else out << c.slabs << (c.slabs == 1 ? " slab" : " slabs");
    if (!c.every_thread && c.runs < c.slabs) out << " in " << c.runs << " runs";
    if (c.extent > 1) out << " of an axis of " << (c.name ? "at most " : "") << c.extent;
    out << ", " << c.flops / 1e6 << " Mflop" << (c.routine ? ", which a library's routine may do" : "") << "\n";
    bool said[N + 2 * R]{};
    put_refusals(r);
    for (int t = c.first; t < c.last; ++t)
      if (p.steps[t].first == p.steps[t].last) put_copies(t, said);
    for (int t = c.first; t < c.last; ++t) put_step(t);
  }
  void put_plan() {
    out << p.kernels << (p.kernels == 1 ? " kernel, " : " kernels, ") << p.flops / 1e6 << " Mflop, arena " << p.arena_bytes()
        << " bytes";
    if (p.own_floats) out << " and " << p.bytes(p.own_floats) << " for each thread";
    out << (p.parallel ? ", threads meet between kernels\n" : ", too small for threads: one thread does all\n");
    const axis_names extents = names_of(std::span(g.leaves, std::size_t(g.leaf_count)));
    for (int l = 0; l < g.leaf_count; ++l) {
      static constexpr char const* names[] = {"float", "double", "byte", "byte/255", "int32"};
      leaf_info const& f = g.leaves[l];
      out << "leaf" << l << " " << f.extents << " " << names[int(f.holds)] << (f.lies.panels ? ", in panels" : "");
      if (const int k = l - (g.leaf_count - extents.size); k >= 0) {
        char text[name_length + 1]{};
        out << ", the extent of " << spell(extents.at[k], text);
      }
      out << "\n";
    }
    for (int k = 0; k < p.kernels; ++k) {
      out << "kernel " << k << "\n";
      for (int r = 0; r < p.region_count; ++r)
        if (p.regions[r].level == k) put_region(r);
    }
  }
};

}  // namespace detail

/// What a plan does, for people: each kernel, its regions and steps, why regions that read one another are not one,
/// the values that are stored, and why the memory is as large as it is.
template <int N, int R> std::string explain(flat_graph const& g, plan<N, R> const& p) {
  detail::explainer<N, R> e{g, p};
  e.put_plan();
  return e.out.text;
}

}  // namespace knit
