// SPDX-License-Identifier: BSL-1.0
// rules.hpp -- in: the expressions of a program. out: the list of ops that it can need, and their rules as data.
#pragma once
#include <knit/graph/differentiate.hpp>
#include <knit/op/contract.hpp>

namespace knit {

/// Memory as it is read: bytes and integers become numbers here.
struct load_op : elementwise<1> {
  static constexpr char const* name = "load";
  template <class V> static constexpr V eval(V a) { return a; }
};

namespace detail {

struct hole_tag {};
template <int Index> using hole = argument<hole_tag, Index, unknown_extents>;

template <class Op> inline constexpr int rule_operands = Op::arity + (requires { Op::like; } ? 1 : 0);
template <class Op> constexpr auto rule_of() {
  constexpr int n = rule_operands<Op>;
  if constexpr (n == 1 && requires { Op::pullback(hole<0>{}, hole<1>{}, hole<2>{}); })
    return Op::pullback(hole<0>{}, hole<1>{}, hole<2>{});
  else if constexpr (n == 2 && requires { Op::pullback(hole<0>{}, hole<1>{}, hole<2>{}, hole<3>{}); })
    return Op::pullback(hole<0>{}, hole<1>{}, hole<2>{}, hole<3>{});
  else if constexpr (n == 3 && requires { Op::pullback(hole<0>{}, hole<1>{}, hole<2>{}, hole<3>{}, hole<4>{}); })
    return Op::pullback(hole<0>{}, hole<1>{}, hole<2>{}, hole<3>{}, hole<4>{});
  else return gradients<>{};
}

// ---- which ops can occur: those written, those in called bodies, those that their rules bring in ----------

template <class Op> inline constexpr bool is_computation = Op::what == kind::map || Op::what == kind::reduce ||
                                                           Op::what == kind::contract || Op::what == kind::scan ||
                                                           Op::what == kind::view;

/// Is a derivative asked for among these ops, or in a body that they call? Else no op's rule is needed, and none is made.
/// (What op_links::differentiates says of one body alone.)
template <class Ops> struct asks_for_gradient;
template <class... Op> struct asks_for_gradient<mp::mp_list<Op...>> {
  template <class O> static constexpr bool one() {
    if constexpr (O::what == kind::call) return asks_for_gradient<typename O::body::graph::ops>::value;
    else return O::what == kind::gradient;
  }
  static constexpr bool value = (one<Op>() || ...);
};

template <class G> struct ops_of_gradient {
  using type = typename G::graph::ops;
};
template <> struct ops_of_gradient<no_gradient> {
  using type = mp::mp_list<>;
};
template <class R> struct ops_of_rule;
template <class... G> struct ops_of_rule<gradients<G...>> {
  using type = mp::mp_append<mp::mp_list<>, typename ops_of_gradient<G>::type...>;
};
template <bool Rules, class Op> struct ops_behind {
  static constexpr auto pick() {
    if constexpr (Op::what == kind::call) return mp::mp_identity<typename Op::body::graph::ops>{};
    else if constexpr (Rules && is_computation<Op>) return ops_of_rule<decltype(rule_of<Op>())>{};
    else return mp::mp_identity<mp::mp_list<>>{};
  }
  using type = typename decltype(pick())::type;
};
// Done: ops that are known, a set. Each that is added brings in those behind it, so what is nested is as deep as that goes, not as
// long as a program; and what is known already makes no list of its own.
template <bool Rules, class Done> struct closing {
  using type = Done;
};
template <bool Rules, class Done, class... Op> constexpr auto close(closing<Rules, Done>, mp::mp_list<Op...>);
template <bool Rules, class Done, class Op> constexpr auto operator+(closing<Rules, Done> c, mp::mp_identity<Op>) {
  if constexpr (mp::mp_set_contains<Done, Op>::value) return c;
  else return close(closing<Rules, mp::mp_push_back<Done, Op>>{}, typename ops_behind<Rules, Op>::type{});
}
template <bool Rules, class Done, class... Op> constexpr auto close(closing<Rules, Done> c, mp::mp_list<Op...>) {
  return (c + ... + mp::mp_identity<Op>{});
}
template <bool Rules, class Done, class... Op> constexpr auto operator+(closing<Rules, Done> c, mp::mp_list<Op...> ops) {
  return close(c, ops);
}
template <bool Rules, class... Written> constexpr auto close_all() { return (closing<Rules, mp::mp_list<>>{} + ... + Written{}); }

// Calls stay in the list, because their position is what tells bodies apart.
template <class Op> using stays = mp::mp_bool<is_computation<Op> || Op::what == kind::call>;

// ---- rules as data ---------------------------------------------------------------------------------------

template <class Op> inline constexpr bool is_hole = false;
template <> inline constexpr bool is_hole<argument_op<hole_tag, unknown_extents>> = true;
template <class Ops, class... Op> constexpr auto rule_positions(mp::mp_list<Op...>) {
  auto one = []<class O>(mp::mp_identity<O>) {
    if (is_hole<O>) return rule::hole;
    if (O::what == kind::bound) return constant_code;
    return int(mp::mp_find<Ops, O>::value);
  };
  return std::array<int, sizeof...(Op) + 1>{one(mp::mp_identity<Op>{})..., 0};
}

/// Values of typed constants among the ops of a rule, at their positions.
template <class... Op> constexpr auto constant_values(mp::mp_list<Op...>) {
  auto one = []<class O>(mp::mp_identity<O>) {
    if constexpr (O::what == kind::constant) return O::value;
    else return 0.0;
  };
  return std::array<double, sizeof...(Op) + 1>{one(mp::mp_identity<Op>{})..., 0.0};
}
template <class... Op> constexpr auto are_constants(mp::mp_list<Op...>) {
  return std::array<bool, sizeof...(Op) + 1>{(Op::what == kind::constant)..., false};
}

template <class G> constexpr sentence long_rule(int nodes) {
  return sentence() << "the pullback of an op has " << nodes << " nodes for an operand, and " << rule::capacity
                    << " are the most; make an op of a part of it, or write the function as a composition, which needs none";
}
template <class Ops> constexpr rule flatten(no_gradient) { return {}; }
template <class Ops, class G> constexpr rule flatten(G const& g) {
  using D = typename G::graph;
  constexpr auto number = rule_positions<Ops>(typename D::ops{});
  rule r;
  if constexpr (D::size > rule::capacity) return complain<long_rule<G>(D::size)>(), r;
  for (int i = 0; i < D::size; ++i)
    r.at[r.size++] = (D::at[i] & 0xffffffffffffull) | node(number[std::size_t(op_of(D::at[i]))]) << 48;
  std::apply(
      [&](auto const&... b) {
        int k = 0;
        ((r.numbers[k++] = b.value), ...);
      },
      g.bound);
  constexpr auto typed = are_constants(typename D::ops{});
  constexpr auto values = constant_values(typename D::ops{});
  int k = int(std::tuple_size_v<decltype(G::bound)>);
  for (int i = 0; i < D::size; ++i)
    if (const std::size_t op = std::size_t(op_of(D::at[i])); typed[op]) {
      r.numbers[k] = values[op];
      r.at[i] = pack(constant_code, k++);
    }
  return r;
}
template <class Ops, class Op> constexpr rules flat_rules() {
  rules r;
  constexpr auto all = rule_of<Op>();
  std::apply(
      [&](auto const&... g) {
        int k = 0;
        ((r.operand[k++] = flatten<Ops>(g)), ...);
      },
      all.at);
  return r;
}
template <bool Rules, class Ops> struct rule_table {
  static constexpr rules const* value = nullptr;
};
template <class... Op> struct rule_table<true, mp::mp_list<Op...>> {
  static constexpr rules value[sizeof...(Op)] = {flat_rules<mp::mp_list<Op...>, Op>()...};
};

}  // namespace detail

/// Every op that a program over `Written` (lists of ops as written) can need, in a fixed order; with Rules those too that their
/// derivatives bring in.
template <bool Rules, class... Written> using program_ops = mp::mp_copy_if<
    typename decltype(detail::close_all<Rules, mp::mp_list<add_op, mul_op, load_op, broadcast_like_op, sum_to_like_op>,
                                        Written...>())::type,
    detail::stays>;

/// The ops of a program as data. Without Rules nothing has a derivative.
template <bool Rules, class Ops> struct op_table;
template <bool Rules, class... Op> struct op_table<Rules, mp::mp_list<Op...>> {
  static constexpr op_info const* info[sizeof...(Op)] = {&info_of<Op>...};
  static constexpr rules const* rule_of = detail::rule_table<Rules, mp::mp_list<Op...>>::value;
  template <class O> static constexpr int number = int(mp::mp_find<mp::mp_list<Op...>, O>::value);
  static constexpr known_ops known{number<add_op>, number<mul_op>, number<load_op>, number<broadcast_like_op>,
                                   number<sum_to_like_op>};
};

}  // namespace knit
