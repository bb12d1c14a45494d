// SPDX-License-Identifier: BSL-1.0
// link.hpp -- in: graphs as types, with calls. out: one flat graph, calls replaced by bodies, derivatives worked out.
#pragma once
#include <cstdint>
#include <knit/expr/call.hpp>
#include <knit/graph/differentiate.hpp>

namespace knit {

struct body_link;

/// One op of a body as data.
struct op_link {
  kind what;
  int number;  ///< in the program's op list
  int arity;   ///< node operands, the shape-giving one included
  bool random;
  body_link const* callee = nullptr;
  call_style style = call_style::layer;
  int tag = -1;  ///< of an argument: whose
  double value = 0;  ///< of a constant
};

/// A traced body as data: each distinct body exists once, however often it is called.
struct body_link {
  int size;
  node const* at;
  op_link const* ops;
  int number;  ///< bodies are equal if their numbers are
  int tag;     ///< what its arguments are known by
  int arguments;
  bool folds;  ///< its bindings are constants
  double const* numbers;
  bool differentiates;    ///< holds a gradient node of its own
  bool random;            ///< holds a random node, or calls what does
  bool captures;          ///< it, or what it calls, reads an argument of a functor around it
};

namespace detail {

// Numbers and not addresses: sanitizers make comparing addresses no constant expression.
template <class Tag> struct tagged {
  template <class Op> static constexpr bool has() {
    if constexpr (requires { typename Op::tag; }) return std::is_same_v<typename Op::tag, Tag>;
    else return false;
  }
  template <class Op> using fn = mp::mp_bool<has<Op>()>;
};
template <class Ops, class Tag> inline constexpr int tag_of = int(mp::mp_find_if_q<Ops, tagged<Tag>>::value);
inline constexpr int tag_of_step = -2;  // of no functor
template <class Ops> inline constexpr int tag_of<Ops, step_tag> = tag_of_step;

template <class Ops, class Dag, class Tag, int Arguments, class Call> struct body_of;

template <class Ops, class Op> constexpr op_link make_op_link() {
  constexpr bool like = requires { Op::like; };
  constexpr bool random = requires { Op::random; };
  op_link l{Op::what, int(mp::mp_find<Ops, Op>::value), Op::arity + like, random};
  if constexpr (Op::what == kind::call) {
    l.callee = &body_of<Ops, typename Op::body::graph, typename Op::tag, Op::arguments, Op>::value;
    l.style = Op::style;
  } else if constexpr (Op::what == kind::constant) l.value = Op::value;
  else if constexpr (Op::what == kind::argument) l.tag = tag_of<Ops, typename Op::tag>;
  return l;
}
template <class Ops, class List> struct op_links;
template <class Ops, class... Op> struct op_links<Ops, mp::mp_list<Op...>> {
  static constexpr op_link value[sizeof...(Op)] = {make_op_link<Ops, Op>()...};
  static constexpr bool differentiates = ((Op::what == kind::gradient) || ...);
  template <class O> static constexpr bool draws() {
    if constexpr (O::what == kind::call) return op_links<Ops, typename O::body::graph::ops>::random;
    else return requires { O::random; };
  }
  static constexpr bool random = (draws<Op>() || ...);
};

template <class... B> constexpr auto number_values(std::tuple<B...> const& t) {
  return std::apply([](auto const&... b) { return std::array<double, sizeof...(B) + 1>{b.value..., 0.0}; }, t);
}
template <class Call> struct folded_numbers {
  static constexpr auto value = number_values(Call::folded().bound);
};
template <class Call> inline constexpr bool has_numbers =
    Call::style != call_style::closure && std::tuple_size_v<decltype(Call::body::bound)> != 0;
template <> inline constexpr bool has_numbers<void> = false;
template <class Call> constexpr double const* numbers_of() {
  if constexpr (has_numbers<Call>) return folded_numbers<Call>::value.data();
  else return nullptr;
}

// The functors whose arguments the ops of a body read, itself or through what it calls: of a layer only itself. The number of
// the step counts as one that is called step_tag.
template <class List> struct functors_read;
template <class Op> struct functors_read_by {
  static constexpr auto pick() {
    if constexpr (Op::what == kind::argument) return mp::mp_list<mp::mp_identity<typename Op::tag>>{};
    else if constexpr (Op::what == kind::call)
      return mp::mp_remove<typename functors_read<typename Op::body::graph::ops>::type, mp::mp_identity<typename Op::tag>>{};
    else return mp::mp_list<>{};
  }
  using type = decltype(pick());
};
template <class... Op> struct functors_read<mp::mp_list<Op...>> {
  using type = mp::mp_unique<mp::mp_append<mp::mp_list<>, typename functors_read_by<Op>::type...>>;
};
template <class Ops, class Tag> inline constexpr bool captures = !mp::mp_empty<
    mp::mp_remove<mp::mp_remove<typename functors_read<Ops>::type, mp::mp_identity<Tag>>, mp::mp_identity<step_tag>>>::value;
/// Whether an expression of these ops depends on the number of the step.
template <class Ops> inline constexpr bool counts_steps =
    mp::mp_contains<typename functors_read<Ops>::type, mp::mp_identity<step_tag>>::value;

template <class Ops, class Dag, class Tag, int Arguments, class Call> struct body_of {
  static constexpr body_link value{Dag::size,
                                   Dag::at,
                                   op_links<Ops, typename Dag::ops>::value,
                                   int(mp::mp_find<Ops, Call>::value),
                                   tag_of<Ops, Tag>,
                                   Arguments,
                                   has_numbers<Call>,
                                   numbers_of<Call>(),
                                   op_links<Ops, typename Dag::ops>::differentiates,
                                   op_links<Ops, typename Dag::ops>::random,
                                   captures<typename Dag::ops, Tag>};
};

}  // namespace detail

namespace detail {
/// The key of step `n` on a path of calls; that of the root is 0.
constexpr std::uint64_t path_key(std::uint64_t path, int n) {
  std::uint64_t x = path * 0x9e3779b97f4a7c15ull + std::uint64_t(n) + 1;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ x >> 27) * 0x94d049bb133111ebull;
  return x ^ x >> 31;
}
}  // namespace detail

/// Links bodies into a graph. Paths need no names here: a parameter is its number, a layer an offset.
template <class G> struct linker {
  static constexpr int most_arguments = detail::most_arguments, most_calls = G::capacity / 8, most_random = G::capacity / 16;

  struct frame {
    int tag;
    int const* arguments;
    int parameters;  ///< leaf number of the first parameter of this layer
    int bound;       ///< leaf number of the first binding of this body
    std::uint64_t path;  ///< key of the places of the calls that lead here: it tells the random nodes of equal layers apart
    int depth;
    int number;      ///< of the call that it belongs to, from 1; 0 at the root
    frame const* up;
  };
  struct linked_call {
    body_link const* body;
    int argument[most_arguments], parameters, bound, result;
    std::uint64_t path;
    int around;  ///< number of the frame whose arguments a body that captures can see; 0 for all others
  };

  G& g;
  rules const* rule_of;
  leaf_info const* leaves;
  element number;      ///< what the program computes in
  int step_leaf;       ///< the leaf that holds it; -1: it is 0
  linked_call calls[most_calls]{};
  int call_count = 0;
  int fresh_count = 0;
  std::uint64_t random_path[most_random]{};
  int random_number[most_random]{};
  int random_count = 0;
  int swept = -1;      ///< the value that `adjoint` belongs to
  int adjoint[sizeof(G::extents) / sizeof(shape)]{};

  constexpr linker(G& graph, rules const* r, leaf_info const* l, element computes_in, int leaf_of_step)
      : g(graph), rule_of(r), leaves(l), number(computes_in), step_leaf(leaf_of_step) {}

  /// Leaf k as a value: what holds other numbers than the program computes in is converted as it is loaded.
  constexpr int leaf(int k) {
    const leaf_info f = leaves[k];
    const int raw = g.leaf(k, f.extents);
    if (f.holds == number) return raw;
    const int loaded = g.make(g.known.load, raw);
    return f.holds == element::u8norm ? g.make(g.known.mul, loaded, g.constant(1.0 / 255)) : loaded;
  }

  constexpr int run(body_link const& b, frame const& f) {
    int* const ids = new int[std::size_t(b.size)]{};
    int randoms = 0;
    for (int i = 0; i < b.size && !g.full(); ++i) {
      const node n = b.at[i];
      op_link const& o = b.ops[op_of(n)];
      int x[3] = {none, none, none};
      for (int k = 0; k < o.arity; ++k) x[k] = ids[field(n, k)];
      switch (o.what) {
        case kind::constant: ids[i] = g.constant(o.value); break;
        case kind::parameter: ids[i] = leaf(f.parameters + field(n, 0)); break;
        case kind::bound: ids[i] = b.folds ? g.constant(b.numbers[field(n, 0)]) : leaf(f.bound + field(n, 0)); break;
        case kind::argument:
          if (o.tag != detail::tag_of_step) ids[i] = lookup(f, o.tag)->arguments[field(n, 0)];
          else ids[i] = step_leaf < 0 ? g.constant(0) : leaf(step_leaf);
          break;
        case kind::pair: ids[i] = none; break;  // read by the call itself
        case kind::call: ids[i] = call(b, ids, i, o, f); break;
        case kind::gradient: ids[i] = gradient(x[0], x[1]); break;
        default: ids[i] = g.make(o.number, x[0], x[1], x[2], o.random ? stream(detail::path_key(f.path, randoms++)) : int(none));
      }
    }
    const int result = ids[b.size - 1];
    delete[] ids;
    return result;
  }

 private:
  static constexpr frame const* lookup(frame const& f, int tag) {
    frame const* p = &f;
    for (int depth = f.depth; depth >= 0; --depth, p = p->up)
      if (p->tag == tag) return p;
    throw "knit: an argument is used outside the functor that it belongs to";
  }

  constexpr int gradient(int of, int with_regard_to) {
    if (swept != of) {
      differentiate(g, rule_of, of, adjoint);
      swept = of;
    }
    const int a = with_regard_to <= of ? adjoint[with_regard_to] : int(none);
    return a == none ? g.filled(0, g.extents[with_regard_to]) : a;
  }

  /// The number of a random node: a function of its path, in 16 bits, and never that of another path.
  constexpr int stream(std::uint64_t path) {
    int drawn = int(path >> 49);
    for (int k = 0; k < random_count; ++k) {
      if (random_path[k] == path) return random_number[k];
      if (random_number[k] == drawn) drawn = (drawn + 1) & 0x7fff, k = -1;
    }
    if (random_count == most_random) {
      g.nodes.full = true;
      return 0;
    }
    random_path[random_count] = path;
    random_number[random_count++] = drawn;
    return drawn;
  }

  constexpr int call(body_link const& b, int const* ids, int i, op_link const& o, frame const& f) {
    const node n = b.at[i];
    body_link const& body = *o.callee;
    // The same callee at the same place of its layer, on other arguments, is told apart by how many came before; on
    // other extents it is another op, but a layer's place says that it is the same.
    int nth = 0;
    for (int k = 0; k < i; ++k)
      if (b.ops[op_of(b.at[k])].what == kind::call && field(b.at[k], 2) == field(n, 2))
        nth += op_of(b.at[k]) == op_of(n) || field(n, 2) != none;
    linked_call c{&body,
                  {},
                  f.parameters,
                  f.bound,
                  0,
                  detail::path_key(detail::path_key(f.path, field(n, 2)), nth),
                  body.captures ? f.number : 0};
    int at = field(n, 0);
    for (int k = 0; k < body.arguments; ++k) {  // unfold the pairs
      const bool last = k + 1 == body.arguments;
      c.argument[k] = last ? ids[at] : ids[field(b.at[at], 0)];
      if (!last) at = field(b.at[at], 1);
    }
    const int offset = field(n, 1);
    if (o.style == call_style::layer) c.parameters += offset;
    else if (o.style == call_style::closure) c.bound += offset;
    else c.parameters = f.bound + offset;
    for (int k = 0; k < call_count; ++k) {  // the same layer on the same values is the same value
      linked_call const& p = calls[k];
      if (p.parameters != c.parameters || p.body->number != c.body->number || p.bound != c.bound || p.around != c.around) continue;
      bool same = !body.random || p.path == c.path;
      for (int q = 0; q < body.arguments && same; ++q) same = p.argument[q] == c.argument[q];
      if (same) return p.result;
    }
    if (call_count == most_calls) {
      g.nodes.full = true;
      return 0;
    }
    const int slot = call_count++;
    calls[slot] = c;
    // A body that differentiates must not see through its arguments: x -> grad(y -> x + y)(x) is 1, so the
    // arguments are opaque while it is linked and put in place afterwards.
    int opaque[most_arguments];
    const int first = fresh_count;
    if (body.differentiates)
      for (int k = 0; k < body.arguments; ++k) opaque[k] = g.fresh(fresh_count++, g.extents[c.argument[k]]);
    const frame inner{body.tag, body.differentiates ? opaque : c.argument, c.parameters, c.bound, c.path, f.depth + 1, slot + 1,
                      &f};
    int result = run(body, inner);
    if (body.differentiates) result = substituted(result, first, c.argument, body.arguments);
    calls[slot].result = result;
    calls[slot].body = c.body;
    return result;
  }

  /// `top` with the fresh leaves from `first` on replaced by values.
  constexpr int substituted(int top, int first, int const* values, int count) {
    int* const to = new int[std::size_t(top) + 1];
    for (int i = 0; i <= top; ++i) {
      to[i] = i;
      const node n = g.at(i);
      if (op_of(n) == fresh_code && field(n, 0) >= first && field(n, 0) < first + count) to[i] = values[field(n, 0) - first];
      if (!g.is_op(i)) continue;
      op_info const& f = g.info(i);
      int x[3] = {field(n, 0), field(n, 1), field(n, 2)};
      bool moved = false;
      for (int k = 0; k < f.arity; ++k) {
        moved = moved || to[x[k]] != x[k];
        x[k] = to[x[k]];
      }
      if (!moved) continue;
      to[i] = f.like ? g.like(op_of(n), x[0], g.extents[i], f.arity + 1 < 3 ? x[f.arity + 1] : int(none),
                              f.arity == 2 ? x[1] : int(none))
                     : g.make(op_of(n), x[0], x[1], x[2]);
    }
    const int result = to[top];
    delete[] to;
    return result;
  }
};

}  // namespace knit
