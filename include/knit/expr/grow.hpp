// SPDX-License-Identifier: BSL-1.0
// grow.hpp -- in: the graphs of an op's operands, as types. out: that of the op on them.
#pragma once
#include <boost/mp11.hpp>
#include <cstddef>
#include <knit/expr/node.hpp>
#include <knit/expr/op.hpp>
#include <tuple>
#include <utility>

namespace knit {

namespace mp = boost::mp11;

/// A graph as a type: the list of ops that it uses, then its nodes, operands before their users; the last
/// node is the result. Equal subexpressions are one node.
template <class Ops, node... N> struct dag {
  using ops = Ops;
  static constexpr int size = sizeof...(N);
  static constexpr node at[size] = {N...};
};

namespace detail {

template <class From, class To> struct positions;
template <class... Op, class To> struct positions<mp::mp_list<Op...>, To> {
  static constexpr int value[sizeof...(Op) + 1] = {int(mp::mp_find<To, Op>::value)..., 0};
  static constexpr bool same = [] {  // an op has one number in both
    for (int k = 0; k < int(sizeof...(Op)); ++k)
      if (value[k] != k) return false;
    return true;
  }();
};
/// Which field of a node counts from the start of its expression's bindings; -1: none.
template <class Op> constexpr int binding_field() {
  if constexpr (Op::what == kind::bound) return 0;
  else if constexpr (requires { Op::offset_in_bindings; }) return Op::offset_in_bindings ? Op::arity : -1;
  else return -1;
}
template <class Ops> struct binding_fields;
template <class... Op> struct binding_fields<mp::mp_list<Op...>> {
  static constexpr int value[sizeof...(Op) + 1] = {binding_field<Op>()..., 0};
  static constexpr int arity[sizeof...(Op) + 1] = {(Op::arity + (requires { Op::like; } ? 1 : 0))..., 0};
};

/// Nodes behind those of a graph, equal ones once. Each op of a formula merges whole graphs, so what costs the compiler is one
/// node: the first operand's are not touched, and a table of hashes, as `builder` has for a program, would be made anew each time.
template <int Capacity> struct merger {
  node const* first;
  int first_size;
  node more[Capacity]{};
  int count = 0;

  constexpr int size() const { return first_size + count; }
  constexpr node at(int i) const { return i < first_size ? first[i] : more[i - first_size]; }
  constexpr int add(node n) {
    more[count] = n;
    return first_size + count++;
  }
  /// `guess` is where it is looked for first.
  constexpr int find_or_add(node n, int guess) {
    if (guess < size() && at(guess) == n) return guess;
    for (int i = 0; i < first_size; ++i)
      if (first[i] == n) return i;
    for (int i = 0; i < count; ++i)
      if (more[i] == n) return first_size + i;
    return add(n);
  }
};

/// Appends graph D to a merger over the op list Ops; its bindings start at `shift`.
template <class D, class Ops, class M> constexpr int append(M& m, int shift) {
  using P = positions<typename D::ops, Ops>;
  using F = binding_fields<typename D::ops>;
  int ids[D::size]{}, i = 0;
  if (shift == 0 && P::same)  // what both graphs begin with
    for (; i < D::size && i < m.first_size && D::at[i] == m.first[i]; ++i) ids[i] = i;
  for (int guess = i; i < D::size; ++i) {
    const node n = D::at[i];
    const int op = op_of(n);
    int x[3] = {field(n, 0), field(n, 1), field(n, 2)};
    bool added = false;  // what reads the last node is not there yet
    for (int k = 0; k < F::arity[op]; ++k) {
      x[k] = ids[x[k]];
      added = added || x[k] == m.size() - 1;
    }
    if (F::value[op] >= 0) x[F::value[op]] += shift;
    const node moved = pack(P::value[op], x[0], x[1], x[2]);
    ids[i] = added ? m.add(moved) : m.find_or_add(moved, guess);
    guess = ids[i] + 1;
  }
  return ids[D::size - 1];
}

template <class Op, int Immediate, class First, class... X> struct grow {
  using first = typename First::graph;
  // The ops of the first graph keep their numbers.
  using ops = mp::mp_unique<mp::mp_append<typename first::ops, typename X::graph::ops..., mp::mp_list<Op>>>;
  static constexpr auto merged = [] {
    merger<(X::graph::size + ... + 1)> m{first::at, first::size};
    int x[4] = {first::size - 1, none, none, none};
    int k = 1, shift = int(std::tuple_size_v<decltype(First::bound)>);
    ((x[k++] = append<typename X::graph, ops>(m, shift), shift += int(std::tuple_size_v<decltype(X::bound)>)), ...);
    if (Immediate >= 0) x[k] = Immediate & 0xffff;
    if (Immediate >> 16 > 0) x[k + 1] = Immediate >> 16;
    m.add(pack(int(mp::mp_find<ops, Op>::value), x[0], x[1], x[2]));  // it reads the last node, too
    return m;
  }();
  template <class Ops, class Dag, class Index> struct longer;
  template <class... O, class Ops, node... N, std::size_t... Index>
  struct longer<mp::mp_list<O...>, dag<Ops, N...>, std::index_sequence<Index...>> {
    using type = dag<mp::mp_list<O...>, N..., merged.more[Index]...>;
  };
  // No decltype of a call: nvcc writes that out in full wherever the type is named (see bind).
  using type = typename longer<ops, first, std::make_index_sequence<std::size_t(merged.count)>>::type;
};

}  // namespace detail
}  // namespace knit
