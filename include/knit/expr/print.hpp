// SPDX-License-Identifier: BSL-1.0
// print.hpp -- in: an expression. out: its formula as text; what is used twice is named once.
#pragma once
#include <cstdio>
#include <knit/expr/call.hpp>
#include <string>

namespace knit {

namespace detail {

template <class E> struct printer;
template <class Extents, class Ops, node... N, class... B> struct printer<expr<Extents, dag<Ops, N...>, B...>> {
  using D = dag<Ops, N...>;
  struct entry {
    kind what;
    char const* name;
    int operands;
    bool infix;
    double value;
  };
  template <class Op> static constexpr entry entry_of() {
    bool infix = false;
    double value = 0;
    if constexpr (requires { Op::infix; }) infix = Op::infix;
    if constexpr (Op::what == kind::constant) value = Op::value;
    return {Op::what, Op::name, Op::arity + (requires { Op::like; } ? 1 : 0), infix, value};
  }
  template <class... Op> static constexpr auto entries(mp::mp_list<Op...>) { return std::array{entry_of<Op>()...}; }
  static constexpr auto ops = entries(Ops{});
  static constexpr auto uses = [] {
    std::array<int, std::size_t(D::size)> u{};
    for (node n : D::at)
      for (int k = 0; k < ops[std::size_t(op_of(n))].operands; ++k) ++u[std::size_t(field(n, k))];
    return u;
  }();
  static bool is_leaf(int i) { return ops[std::size_t(op_of(D::at[i]))].operands == 0; }

  static std::string reference(int i) {
    return uses[std::size_t(i)] > 1 && !is_leaf(i) ? "v" + std::to_string(i) : formula(i, true);
  }
  static std::string formula(int i, bool nested) {
    const node n = D::at[i];
    entry const& e = ops[std::size_t(op_of(n))];
    if (e.what == kind::parameter) return "w" + std::to_string(field(n, 0));
    if (e.what == kind::argument) return "x" + std::to_string(field(n, 0));
    if (e.what == kind::constant) {
      char text[32];
      std::snprintf(text, sizeof text, "%g", e.value);
      return text;
    }
    if (e.what == kind::bound) return "a" + std::to_string(field(n, 0));
    if (e.what == kind::pair) return reference(field(n, 0)) + ", " + reference(field(n, 1));
    if (e.infix && e.operands == 2) {
      const std::string s = reference(field(n, 0)) + " " + e.name + " " + reference(field(n, 1));
      return nested ? "(" + s + ")" : s;
    }
    std::string s = std::string(e.name) + "(";
    for (int k = 0; k < e.operands; ++k) s += (k ? ", " : "") + reference(field(n, k));
    return s + ")";
  }
  static std::string text() {
    std::string s;
    for (int i = 0; i + 1 < D::size; ++i)
      if (uses[std::size_t(i)] > 1 && !is_leaf(i)) s += "v" + std::to_string(i) + " = " + formula(i, false) + "; ";
    return s + formula(D::size - 1, false);
  }
};

}  // namespace detail

/// The formula of an expression: a0, a1, ... are the arrays and numbers it is bound to, x0, ... arguments of a
/// traced functor, w0, ... parameters of a layer.
template <expression E> std::string to_string(E const&) { return detail::printer<std::remove_cvref_t<E>>::text(); }

}  // namespace knit
