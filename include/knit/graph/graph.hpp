// SPDX-License-Identifier: BSL-1.0
// graph.hpp -- in: nodes, one by one. out: a flat graph of values, simplified as it is made.
#pragma once
#include <array>
#include <knit/core/tensor.hpp>
#include <knit/expr/node.hpp>
#include <knit/expr/op.hpp>

namespace knit {

/// What a program reads: memory of some element type, in a known layout.
struct leaf_info {
  element holds = element::f32;
  layout lies;
  shape extents;
};

/// What a program that reads and writes these leaves computes in: double if an array among them is of double, else
/// float. A double without axes is a number among others, a learning rate say, and decides nothing.
template <class Leaves> constexpr element number_among(Leaves const& leaves) {
  for (leaf_info const& f : leaves)
    if (f.holds == element::f64 && f.extents.rank > 0) return element::f64;
  return element::f32;
}

/// Names of the extents that leaves have at run time only, each once.
struct axis_names {
  static constexpr int most = 8;
  int size = 0;
  long at[most]{};

  constexpr int find(long name) const {
    int k = 0;
    while (k < size && at[k] != name) ++k;
    return k;
  }
};
template <class Leaves> constexpr axis_names names_of(Leaves const& leaves) {
  axis_names n;
  for (leaf_info const& f : leaves)
    for (long name : f.extents.name) {
      if (name == 0 || n.find(name) < n.size) continue;
      if (n.size == axis_names::most) throw "knit: more than 8 names of axes in one program";
      n.at[n.size++] = name;
    }
  return n;
}
/// The leaves of a program: those that its Spec states, then an integer for each named extent.
template <class Spec> inline constexpr axis_names names_in = names_of(Spec::leaves);
template <class Spec> inline constexpr auto leaves_in = [] {
  std::array<leaf_info, Spec::leaves.size() + std::size_t(names_in<Spec>.size)> all{};
  for (leaf_info& f : all) f.holds = element::i32;
  for (std::size_t i = 0; i < Spec::leaves.size(); ++i) all[i] = Spec::leaves[i];
  return all;
}();

// Numbers of the nodes that are no op.
inline constexpr int leaf_code = 0xfff0;      ///< field 0: number of the leaf
inline constexpr int constant_code = 0xfff1;  ///< field 0: number of the constant
inline constexpr int fresh_code = 0xfff2;     ///< field 0: number; stands for a call's argument while it is differentiated

/// Ops that the passes themselves bring in, by number.
struct known_ops {
  int add, mul, load, broadcast, sum_to;
};

/// Values as nodes, operands before users; equal nodes are one. `make` applies the identities that ops state
/// (units, absorbing elements, folding) and those of views and reductions, so no node is made in vain.
/// A `like` op's shape-giving operand is replaced by the number of its shape: nothing waits for it.
template <int Capacity> struct graph {
  static constexpr int capacity = Capacity;
  op_info const* const* ops = nullptr;
  known_ops known{};
  bool simplifies = true;
  builder<Capacity> nodes;
  shape extents[Capacity]{};
  double constants[Capacity / 8]{};
  int constant_count = 0;
  shape shapes[Capacity / 8]{};
  int shape_count = 0;
  axis_names names;
  int first_count = 0;  ///< leaf that is the extent of the first name

  constexpr explicit graph(op_info const* const* o, known_ops k, axis_names n = {}, int first = 0)
      : ops(o), known(k), names(n), first_count(first) {}

  /// Was there no room for something? Then what was made since means nothing.
  constexpr bool full() const { return nodes.full; }
  constexpr int size() const { return nodes.size; }
  constexpr node at(int i) const { return nodes.at[i]; }
  constexpr bool is_op(int i) const { return op_of(at(i)) < leaf_code; }
  constexpr op_info const& info(int i) const { return *ops[op_of(at(i))]; }
  constexpr bool is_view(int i, view_kind v) const { return is_op(i) && info(i).what == kind::view && info(i).see == v; }
  constexpr bool is_constant(int i) const { return op_of(at(i)) == constant_code; }
  constexpr double value(int i) const { return constants[field(at(i), 0)]; }

  constexpr int put(node n, shape s) {
    const int before = nodes.size, i = nodes.put(n);
    if (i == before) extents[i] = s;
    return i;
  }
  constexpr int leaf(int number, shape s) { return put(pack(leaf_code, number), s); }
  constexpr int fresh(int number, shape s) { return put(pack(fresh_code, number), s); }
  constexpr int constant(double v) {
    int k = 0;
    while (k < constant_count && !(constants[k] == v)) ++k;
    if (k == constant_count) {
      if (constant_count == Capacity / 8) {
        nodes.full = true;
        return 0;
      }
      constants[constant_count++] = v;
    }
    return put(pack(constant_code, k), shape{});
  }
  constexpr int shape_number(shape s) {
    int k = 0;
    while (k < shape_count && !(shapes[k] == s)) ++k;
    if (k == shape_count) {
      if (shape_count == Capacity / 8) {
        nodes.full = true;
        return 0;
      }
      shapes[shape_count++] = s;
    }
    return k;
  }
  /// The constant v in shape s.
  constexpr int filled(double v, shape s) { return like(known.broadcast, constant(v), s); }
  /// v times the number of elements of `of` for each of s: a constant, and a factor for each named extent.
  constexpr int count(shape of, shape s, double v = 1) {
    long at_run_time[2 * max_rank]{};
    for (int k = 0; k < max_rank; ++k) {
      v *= double(of.name[k] ? 1 : of.extent[k]) / double(s.name[k] ? 1 : s.extent[k]);
      at_run_time[k] = of.name[k];
    }
    int n = constant(v);
    for (int k = 0; k < max_rank; ++k) {
      if (s.name[k] == 0) continue;
      int q = 0;
      while (at_run_time[q] != s.name[k])
        if (++q == max_rank) throw "knit: a count for each element of a shape with an extent that the other lacks";
      at_run_time[q] = 0;
    }
    for (int k = 0; k < max_rank; ++k)
      if (at_run_time[k]) n = make(known.mul, make(known.load, leaf(first_count + names.find(at_run_time[k]), shape{})), n);
    return n;
  }
  /// A constant, also one that is only repeated: its number, else -1.
  constexpr int constant_behind(int i) const {
    if (is_view(i, view_kind::broadcast)) i = field(at(i), 0);
    return is_constant(i) ? i : -1;
  }

  /// A `like` op of up to two operands to shape s.
  constexpr int like(int op, int a, shape s, int extra = none, int b = none) {
    if (full()) return 0;
    op_info const& f = *ops[op];
    if (f.counts) return count(extents[a], s);
    if (simplifies && f.slides) {
      for (int k : {a, b})
        if (const int z = k == none ? -1 : constant_behind(k); z >= 0 && value(z) == 0) return filled(0, s);
    } else if (simplifies && f.arity == 1 && f.what != kind::map) {
      if (same_extents(extents[a], s) && extents[a].rank == s.rank) return a;
      if (same_extents(extents[a], s) && f.what == kind::reduce) return a;
      if (f.what == kind::view && f.see == view_kind::broadcast && is_view(a, view_kind::broadcast))
        return like(op, field(at(a), 0), s);
      if (f.what == kind::view && f.see == view_kind::reshape)
        if (const int c = constant_behind(a); c >= 0) return filled(value(c), s);
      if (f.what == kind::reduce && f.how == combine::sum)
        if (const int c = constant_behind(a); c >= 0) return like(known.broadcast, count(extents[a], s, value(c)), s);
    }
    int x[3] = {a, b, none};
    x[f.arity] = shape_number(s);
    if (extra != none) x[f.arity + 1] = extra;
    return put(pack(op, x[0], x[1], x[2]), s);
  }

  /// The node op(x...), simplified. `extra`: the immediate of a random node.
  constexpr int make(int op, int a, int b = none, int c = none, int extra = none) {
    if (full()) return 0;
    op_info const& f = *ops[op];
    int x[3] = {a, b, c};
    if (f.like) return like(op, f.arity == 0 ? int(none) : a, extents[x[f.arity]], extra, f.arity == 2 ? b : int(none));
    if (simplifies && f.what == kind::map) {
      // What is only repeated is computed before it is repeated.
      const shape whole = inferred(f, x);
      bool stripped = false;
      for (int k = 0; k < f.arity; ++k)
        while (is_view(x[k], view_kind::broadcast)) {
          x[k] = field(at(x[k]), 0);
          stripped = true;
        }
      if (stripped && !same_extents(inferred(f, x), whole)) return like(known.broadcast, make(op, x[0], x[1], x[2]), whole);
    }
    const shape s = inferred(f, x);
    if (!simplifies) return put(pack(op, x[0], x[1], x[2]), s);
    if (f.folds) {
      bool all = true;
      double v[3]{};
      for (int k = 0; k < f.arity; ++k)
        if (is_constant(x[k])) v[k] = value(x[k]);
        else all = false;
      if (all) return constant(f.fold(v));
    }
    if (f.what == kind::map && f.arity == 2) {
      const int ca = constant_behind(x[0]), cb = constant_behind(x[1]);
      if (f.has_absorbing && ((ca >= 0 && value(ca) == f.absorbing) || (cb >= 0 && value(cb) == f.absorbing)))
        return filled(f.absorbing, s);
      if (f.has_left_unit && ca >= 0 && value(ca) == f.left_unit && same_extents(extents[x[1]], s)) return x[1];
      if (f.has_right_unit && cb >= 0 && value(cb) == f.right_unit && same_extents(extents[x[0]], s)) return x[0];
    }
    if (f.picks && is_constant(x[0]))
      if (const int taken = value(x[0]) != 0 ? x[1] : x[2]; same_extents(extents[taken], s)) return taken;
    if (f.picks && x[1] == x[2] && same_extents(extents[x[1]], s)) return x[1];
    if (f.what == kind::contract)
      for (int k = 0; k < 2; ++k)
        if (const int z = constant_behind(x[k]); z >= 0 && value(z) == 0) return filled(0, s);
    if (f.what == kind::scan) {
      if (s.extent[f.along] == 1) return x[1];
      if (const int z = constant_behind(x[1]); z >= 0 && value(z) == 0) return filled(0, s);
    }
    if (f.what == kind::reduce) {
      if (same_extents(extents[x[0]], s)) return x[0];
      if (const int z = constant_behind(x[0]); z >= 0)
        return like(known.broadcast, f.how == combine::sum ? count(extents[x[0]], s, value(z)) : z, s);
    }
    if (f.what == kind::view) {
      if (same_extents(extents[x[0]], s) && f.see == view_kind::reshape) return x[0];
      if (int const z = constant_behind(x[0]); z >= 0 && (!f.slides || value(z) == 0)) return filled(value(z), s);
      if (f.see == view_kind::transpose && is_view(x[0], view_kind::transpose)) {
        op_info const& g = info(x[0]);
        bool undone = true;
        for (int k = 0; k < max_rank; ++k) undone = undone && g.perm[f.perm[k]] == k;
        if (undone) return field(at(x[0]), 0);
      }
    }
    return put(pack(op, x[0], x[1], x[2]), s);
  }

 private:
  constexpr shape inferred(op_info const& f, int const* x) const {
    shape s[3];
    for (int k = 0; k < f.arity; ++k) s[k] = extents[x[k]];
    return f.infer(s);
  }
};

}  // namespace knit
