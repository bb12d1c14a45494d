// SPDX-License-Identifier: BSL-1.0
// flat.hpp -- in: what a program computes, as expressions. out: its values as arrays, only those that are needed.
#pragma once
#include <knit/graph/link.hpp>
#include <knit/graph/rules.hpp>

namespace knit {

/// One result of a program: the last node of Dag, written to an output (State < 0) or into leaf number State,
/// whose next value it is. Bound: number of the leaf that the expression's first binding is.
template <class Dag, int State = -1, int Bound = 0> struct result {
  using graph = Dag;
  static constexpr int state = State, bound = Bound;
};

struct root {
  int node = 0;
  int state = -1;  ///< the leaf that it replaces, -1: an output
};

/// A value as it is read: by way of views, of which only the axes are left, the value that they end in.
struct access {
  int node;
  int axis[max_rank];  ///< of that value, for each axis of what is read; no_axis: repeated, or a view slides along it
  bool sampled;        ///< by way of a view that samples: along an axis that it slides along any element may be read, or none
};
inline constexpr int no_axis = -1;  ///< also of a cut: not cut

/// A reshape is a view if it only adds or drops axes of extent 1.
constexpr bool squeezes(shape from, shape to) {
  int i = 0, k = 0;
  while (true) {
    while (i < max_rank && from.extent[i] == 1) ++i;
    while (k < max_rank && to.extent[k] == 1) ++k;
    if (i == max_rank || k == max_rank) return i == k;
    if (from.extent[i++] != to.extent[k++]) return false;
  }
}
/// What axis x of view f, of extents `to`, is in what it views.
constexpr int axis_under(op_info const& f, shape from, shape to, int x) {
  if (f.see == view_kind::transpose) return f.perm[x];
  if (f.see != view_kind::reshape) return x;
  int nth = 0, k = 0;
  for (int i = 0; i < x; ++i) nth += to.extent[i] > 1;
  for (; k < max_rank; ++k)
    if (from.extent[k] > 1 && nth-- == 0) break;
  return k;
}

/// A graph that a plan is made for: plain arrays, nothing of a type. Nodes are values, operands before users.
struct flat_graph {
  int size;
  node const* at;
  shape const* extents;
  op_info const* const* ops;
  double const* constants;
  leaf_info const* leaves;
  int leaf_count;
  root const* roots;
  int root_count;
  element number;  ///< what values are computed in: f32 or f64
  access const* seen;
  int const* arities;  ///< operands of each value

  constexpr bool is_op(int i) const { return op_of(at[i]) < leaf_code; }
  constexpr bool is_leaf(int i) const { return op_of(at[i]) == leaf_code; }
  constexpr bool is_constant(int i) const { return op_of(at[i]) == constant_code; }
  constexpr op_info const& info(int i) const { return *ops[op_of(at[i])]; }
  constexpr int arity(int i) const { return arities[i]; }
  constexpr int operand(int i, int k) const { return field(at[i], k); }
  /// Value i by way of views.
  constexpr access const& read(int i) const { return seen[i]; }
  /// Operand k of value i by way of views.
  constexpr access const& read(int i, int k) const { return seen[operand(i, k)]; }
  /// Is it another value in other places, and nothing is computed for it?
  constexpr bool is_alias(int i) const { return seen[i].node != i; }
};

template <int N, int R> struct flat_arrays {
  node at[N]{};
  shape extents[N]{};
  double constants[N]{};
  root roots[R]{};
  access seen[N]{};
  int arities[N]{};
};

namespace detail {

/// How value v, which is of op f, is read; operands' accesses are there already. What is of none is seen as a map: no view.
inline constexpr op_info no_op{};
template <int N, int R> constexpr access see(flat_arrays<N, R> const& a, int v, op_info const& f) {
  const shape to = a.extents[v];
  const int base = f.what == kind::view ? field(a.at[v], 0) : v;
  const shape from = a.extents[base];
  const bool alias = base != v && (f.see != view_kind::reshape || squeezes(from, to));
  access r{alias ? a.seen[base].node : v, {}, alias && (f.see == view_kind::sampled || a.seen[base].sampled)};
  for (int q = 0; q < max_rank; ++q) {
    r.axis[q] = to.extent[q] > 1 ? q : no_axis;
    if (!alias || r.axis[q] == no_axis) continue;
    const bool slides = f.see == view_kind::sampled && q < sliding_axes && !(f.slide[q].stays() && same_axis(from, q, to, q));
    const int x = slides ? no_axis : axis_under(f, from, to, q);
    r.axis[q] = x != no_axis && from.extent[x] > 1 ? a.seen[base].axis[x] : no_axis;
  }
  return r;
}

template <int Capacity, int R> struct linked_program {
  graph<Capacity> g;
  root roots[R];
  int live = 0;
  bool needed[Capacity]{};
};

/// The ids that roots depend on, renumbered without gaps.
template <int N, int R, class L> constexpr flat_arrays<N, R> compact(L const& l) {
  flat_arrays<N, R> f{};
  int to[sizeof(l.needed)]{}, n = 0, constants = 0;
  for (int i = 0; i < l.g.size(); ++i) {
    if (!l.needed[i]) continue;
    node m = l.g.at(i);
    if (l.g.simplifies && l.g.is_op(i) && l.g.info(i).transparent) {
      to[i] = to[field(m, 0)];
      continue;
    }
    if (l.g.is_constant(i)) {
      f.constants[constants] = l.g.value(i);
      m = pack(constant_code, constants++);
    } else if (l.g.is_op(i))
      for (int k = 0; k < l.g.info(i).arity; ++k) m = with_field(m, k, to[field(m, k)]);
    f.at[n] = m;
    f.extents[n] = l.g.extents[i];
    f.arities[n] = l.g.is_op(i) ? l.g.info(i).arity : 0;
    f.seen[n] = see(f, n, l.g.is_op(i) ? l.g.info(i) : no_op);
    to[i] = n++;
  }
  for (int r = 0; r < R; ++r) f.roots[r] = {to[l.roots[r].node], l.roots[r].state};
  return f;
}

}  // namespace detail

/// Links, differentiates and simplifies a program. Spec states `results` (a list of result), `leaves` (an
/// array of leaf_info), `number` if their types do not decide what it computes in, and what the arguments of the functor type `argument_tag` are: argument_count leaves from
/// first_argument on, or, if it states them, `arguments` (a list of result too, their bindings among the leaves). In a program
/// of training `step_leaf` holds the number of the step.
template <class Spec, bool Simplify = true> struct flattened;

namespace detail {
template <class Spec> struct written_arguments {
  using type = mp::mp_list<>;
};
template <class Spec> requires requires { typename Spec::arguments; } struct written_arguments<Spec> {
  using type = typename Spec::arguments;
};

inline constexpr int most_nodes = 0xff00;  // ids have 16 bits, and the last ones mean something else
template <class Spec> constexpr sentence many_nodes() {
  return sentence() << "a program has more than " << most_nodes
                    << " values; cut it in two, or give layers that do the same one array with an axis more";
}
template <class Spec, class Results, class Arguments, bool Simplify> struct flatten_program;
template <class Spec, class... Result, class... Argument, bool Simplify>
struct flatten_program<Spec, mp::mp_list<Result...>, mp::mp_list<Argument...>, Simplify> {
  static constexpr bool differentiates =
      mp::mp_any<asks_for_gradient<typename Result::graph::ops>..., asks_for_gradient<typename Argument::graph::ops>...>::value;
  using ops = program_ops<differentiates, typename Result::graph::ops..., typename Argument::graph::ops...>;
  using table = op_table<differentiates, ops>;
  static constexpr int first_capacity = [] {
    if constexpr (requires { Spec::capacity; }) return Spec::capacity;
    else return 4096;
  }();
  static constexpr int roots = sizeof...(Result);
  static constexpr element number = [] {
    if constexpr (requires { Spec::number; }) return Spec::number;
    else return number_among(Spec::leaves);
  }();

  static constexpr int step_leaf = [] {
    if constexpr (requires { Spec::step_leaf; }) return Spec::step_leaf;
    else return -1;
  }();

  /// With room for so many nodes; a graph that is full then means nothing.
  template <int Capacity> static constexpr auto link_in() {  // a function, as nvcc fails on its lambdas in a variable's
    using G = graph<Capacity>;
    linked_program<Capacity, roots> p{G(table::info, table::known, names_in<Spec>, int(Spec::leaves.size())), {}};
    p.g.simplifies = Simplify;
    linker<G> link(p.g, table::rule_of, leaves_in<Spec>.data(), number, step_leaf);
    int arguments[linker<G>::most_arguments]{};
    auto run = [&]<class T>(mp::mp_identity<T>) {
      using tag = typename Spec::argument_tag;
      const typename linker<G>::frame f{tag_of<ops, tag>, arguments, 0, T::bound, 0, 0, 0, nullptr};
      return link.run(body_of<ops, typename T::graph, tag, Spec::argument_count, void>::value, f);
    };
    int a = 0, r = 0;
    if constexpr (sizeof...(Argument) == 0)
      for (; a < Spec::argument_count; ++a) arguments[a] = link.leaf(Spec::first_argument + a);
    ((arguments[a++] = run(mp::mp_identity<Argument>{})), ...);
    auto one = [&]<class T>(mp::mp_identity<T> result_of) {
      int top = run(result_of);
      // A state's next value is a value of its own, never an alias of a leaf: two states may change places.
      // Put and not made: simplification would move the load behind a broadcast, and the value were a view again.
      if (T::state >= 0 && (!p.g.is_op(top) || p.g.info(top).what == kind::view || p.g.info(top).transparent))
        top = p.g.put(pack(p.g.known.load, top), p.g.extents[top]);
      p.roots[r++] = {top, T::state};
    };
    (one(mp::mp_identity<Result>{}), ...);
    if (p.g.full()) return p;
    for (int i = 0; i < roots; ++i) p.needed[p.roots[i].node] = true;
    for (int i = p.g.size() - 1; i >= 0; --i) {
      if (!p.needed[i]) continue;
      p.live += !(p.g.simplifies && p.g.is_op(i) && p.g.info(i).transparent);
      if (p.g.is_op(i))
        for (int k = 0; k < (p.g.simplifies && p.g.info(i).transparent ? 1 : p.g.info(i).arity); ++k)
          p.needed[field(p.g.at(i), k)] = true;
    }
    return p;
  }
  template <int Capacity> static constexpr auto linked_in = link_in<Capacity>();
  // A program that needs more room is linked again: room costs the compiler, and few need it.
  template <int Capacity> static constexpr int room() {
    if constexpr (!linked_in<Capacity>.g.full()) return Capacity;
    else if constexpr (Capacity < most_nodes) return room<(Capacity < most_nodes / 4 ? 4 * Capacity : most_nodes)>();
    else return complain<many_nodes<Spec>()>(), Capacity;
  }
  static constexpr int capacity = room<first_capacity>();
  static constexpr int live = linked_in<capacity>.live;
  static constexpr auto arrays = compact<live, roots>(linked_in<capacity>);
  static constexpr flat_graph value{
      live,         arrays.at, arrays.extents, table::info, arrays.constants, leaves_in<Spec>.data(), int(leaves_in<Spec>.size()),
      arrays.roots, roots,     number,         arrays.seen, arrays.arities};
  // Shape numbers of `like` nodes are not needed any more: a node's own extents say it.
};
}  // namespace detail

template <class Spec, bool Simplify> struct flattened
    : detail::flatten_program<Spec, typename Spec::results, typename detail::written_arguments<Spec>::type, Simplify> {};

}  // namespace knit
