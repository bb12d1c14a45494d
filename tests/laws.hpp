// SPDX-License-Identifier: BSL-1.0
// laws.hpp -- in: an op and shapes of operands. out: complaints: where its derivative, shape or a backend is wrong.
//
// A law is a function that returns sentences, none where the op keeps it, so that the laws are tested too. An op
// may restrict the operands that derivatives are taken at: `static constexpr double low` and `high`, x must lie
// between; `static constexpr int divisor`, the number of the operand that must not be 0. Everything is measured against scalar_backend<double>, and that against differences of values.
#pragma once
#include <knit/op/catalogue.hpp>
#include <knit/program.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace laws {

namespace mp = knit::mp;
using complaints = std::vector<std::string>;
using array = std::vector<double>;  ///< elements, first index fastest
using arrays = std::vector<array>;

inline std::string text(knit::shape s) { return (knit::sentence{} << s).text; }

// ---- one program for all laws --------------------------------------------------------------------------

template <class T, class Extents> struct tensor_of;
template <class T, long... N> struct tensor_of<T, knit::extents<N...>> {
  using type = knit::tensor<T, N...>;
};

/// Results: y = Op(x...); the derivative g_k of sum(w % y) for each operand x_k; with Order 2 also, for each k and
/// j, that of sum(v_k % g_k) with regard to x_j. Leaves: x..., w, v...
template <class Op, class T, int Order, class... E> struct program_of {
  using argument_tag = program_of;
  static constexpr int capacity = 1024;
  static constexpr knit::element number = knit::element_of<T>();  // also where no operand has an axis
  static constexpr int operands = sizeof...(E);
  static constexpr int first_argument = 0;

  template <int K> using x = knit::argument<program_of, K, mp::mp_at_c<mp::mp_list<E...>, K>>;
  template <int... K> static constexpr auto call(std::integer_sequence<int, K...>) { return knit::make<Op>(x<K>{}...); }
  using indices = std::make_integer_sequence<int, operands>;
  using y = decltype(call(indices{}));
  using w = knit::argument<program_of, operands, typename y::extents_type>;
  template <int K> using v = knit::argument<program_of, operands + 1 + K, mp::mp_at_c<mp::mp_list<E...>, K>>;
  template <int K> using g = decltype(knit::make<knit::gradient_op>(knit::sum(w{} % y{}), x<K>{}));
  template <int K, int J> using h = decltype(knit::make<knit::gradient_op>(knit::sum(v<K>{} % g<K>{}), x<J>{}));

  template <class E1> using of = typename tensor_of<T, E1>::type;
  using leaf_arrays = mp::mp_append<mp::mp_list<of<E>..., of<typename y::extents_type>>,
                                    std::conditional_t<Order == 2, mp::mp_list<of<E>...>, mp::mp_list<>>>;
  template <class... A> static constexpr auto list(mp::mp_list<A...>) {
    return std::array<knit::leaf_info, sizeof...(A)>{knit::detail::leaf_of_array<A>...};
  }
  static constexpr auto leaves = list(leaf_arrays{});
  static constexpr int argument_count = int(leaves.size());

  template <int... K> static auto first_order(std::integer_sequence<int, K...>)
      -> mp::mp_list<knit::result<typename y::graph>, knit::result<typename g<K>::graph>...>;
  template <int... I> static auto second_order(std::integer_sequence<int, I...>)
      -> mp::mp_list<knit::result<typename h<I / operands, I % operands>::graph>...>;
  using results =
      mp::mp_append<decltype(first_order(indices{})),
                    decltype(second_order(std::make_integer_sequence < int, Order == 2 ? operands * operands : 0 > {}))>;
};

/// Runs a program on logical arrays of double.
using function = std::function<arrays(arrays const&)>;

template <class Program, class Spec, class T> function runner() {
  struct memory {
    Program program;
    typename mp::mp_rename<typename Spec::leaf_arrays, std::tuple> leaves;
  };
  auto m = std::make_shared<memory>();
  return [m](arrays const& in) {
    void const* leaves[Spec::leaves.size()];
    std::size_t k = 0;
    std::apply([&](auto&... t) { ((t.fill([&](long i) { return T(in[k][std::size_t(i)]); }), leaves[k++] = t.data()), ...); },
               m->leaves);
    using graph = knit::compiled_graph<Spec>;
    std::vector<std::vector<T>> out;
    for (int r = 0; r < graph::roots; ++r)  // room for whole vectors, and a guard behind the last element
      out.emplace_back(std::size_t(graph::graph.extents[graph::graph.roots[r].node].size()) + 1, T(-77));
    std::vector<void*> outputs;
    for (auto& o : out) outputs.push_back(o.data());
    m->program.run(leaves, outputs.data());
    arrays result;
    for (auto& o : out) {
      if (o.back() != T(-77)) ADD_FAILURE() << "a program writes behind its output";
      o.pop_back();
      result.emplace_back(o.begin(), o.end());
    }
    return result;
  };
}

// ---- an op on operands of given shapes, its type gone ----------------------------------------------------

struct subject {
  std::string name;
  knit::kind what;
  std::vector<knit::shape> operands;
  knit::shape expected, inferred;  ///< the result's shape: by independent rules, by the expression
  std::vector<knit::shape> flat;  ///< of each result, in the flat graph
  double low, high;
  int divisor;
  bool adds;  ///< the result sums many elements
  complaints units;  ///< what the op says of constants and equal operands, and is not so
  function in_double, unsimplified;  ///< order 2
  function in_float, on_lanes, on_lanes_of_double;  ///< order 1

  /// A domain as a whole.
  double inside(double x) const {
    if (low > -1e300) x = low + 0.25 + std::abs(x - low);
    return x < high ? x : high - 0.25;
  }
};

/// NumPy's rule, for extents counted from the first axis.
inline knit::shape broadcast_all(std::vector<knit::shape> const& s) {
  knit::shape r;
  for (knit::shape const& x : s) {
    r.rank = std::max(r.rank, x.rank);
    for (int k = 0; k < knit::max_rank; ++k)
      if (x.extent[k] != 1) r.extent[k] = x.extent[k];
  }
  return r;
}

/// What shape an op's result has, from what it is called and not from what it says.
template <class Op> struct really {
  static knit::shape shape(std::vector<knit::shape> const& s) {
    if constexpr (requires { Op::counts; }) return {};
    else if constexpr (requires { Op::like; }) return s.back();
    else if constexpr (requires { Op::slide; }) {  // a convolution: so many windows fit
      auto windows = [&](std::size_t q) {
        int n = 0;
        for (int at = Op::slide[q].offset; at + s[0].extent[q] <= s[1].extent[q] - Op::slide[q].offset; at += Op::slide[q].by) ++n;
        return n;
      };
      return knit::make_shape(long(windows(0)), long(windows(1)), long(s[0].extent[3]), long(s[1].extent[3]));
    } else if constexpr (Op::what == knit::kind::contract) {
      knit::shape r;
      char const* c = Op::labels[2];
      for (r.rank = 0; c[r.rank]; ++r.rank)
        for (int k = 0; k < 2; ++k)
          for (int i = 0; Op::labels[k][i]; ++i)
            if (Op::labels[k][i] == c[r.rank]) r.extent[r.rank] = s[std::size_t(k)].extent[i];
      return r;
    } else return broadcast_all(s);
  }
};
template <template <int...> class Op, int... I> struct really<Op<I...>> {
  static knit::shape shape(std::vector<knit::shape> const& s) {
    const std::vector<int> numbers{I...};
    if constexpr (Op<I...>::what == knit::kind::reduce) {
      if (numbers.empty()) return {};
      knit::shape r = s[0];
      for (int axis : numbers) r.extent[axis] = 1;
      return r;
    } else if constexpr (requires { Op<I...>::like; }) return s.back();
    else if constexpr (requires { Op<I...>::slide; }) {  // of windows of numbers[0] elements, numbers[1] apart
      knit::shape r = s[0];
      for (int q = 0; q < 2; ++q) {
        r.extent[q] = 0;
        for (int at = 0; at + numbers[0] <= s[0].extent[q]; at += numbers[1]) ++r.extent[q];
      }
      return r;
    } else {
      knit::shape r = s[0];
      if (r.rank > 0) r.rank = std::max(r.rank, int(numbers.size()));  // a scalar stays one
      for (std::size_t k = 0; k < numbers.size(); ++k) r.extent[k] = s[0].extent[numbers[k]];
      return r;
    }
  }
};

template <template <long...> class Op, long... N> struct really<Op<N...>> {  // a reshape: the numbers are extents
  static_assert(Op<N...>::see == knit::view_kind::reshape);
  static knit::shape shape(std::vector<knit::shape> const&) { return knit::make_shape(N...); }
};

/// What an op states of constants against its eval: units leave the other operand, absorbing elements absorb it.
template <class Op> complaints wrong_units(std::string const& name) {
  complaints c;
  for (double x : {-3.0, -0.5, 0.25, 1.0, 2.0, 40.0}) {
    auto check = [&](char const* what, double got, double right) {
      if (got != right) c.push_back(name + ": its " + what + " gives " + std::to_string(got) + " with " + std::to_string(x));
    };
    if constexpr (requires { Op::left_unit; }) check("left unit", Op::eval(double(Op::left_unit), x), x);
    if constexpr (requires { Op::right_unit; }) check("right unit", Op::eval(x, double(Op::right_unit)), x);
    if constexpr (requires { Op::absorbing; }) {
      check("absorbing element, left,", Op::eval(double(Op::absorbing), x), double(Op::absorbing));
      check("absorbing element, right,", Op::eval(x, double(Op::absorbing)), double(Op::absorbing));
    }
  }
  return c;
}

/// Operands that are one value: where a graph makes no node of Op on them but gives the value of another node, that is
/// the value that eval gives. Every way to put two leaves in the places of the operands is tried.
template <class Op> complaints wrong_repeats(std::string const& name) {
  complaints c;
  if constexpr (Op::what == knit::kind::map && Op::arity > 1 && !requires { Op::like; }) {
    using table = knit::op_table<true, knit::program_ops<true, mp::mp_list<Op>>>;
    knit::graph<64> g(table::info, table::known);
    const int leaf[] = {g.leaf(0, {}), g.leaf(1, {})};
    for (int way = 0; way < 1 << Op::arity; ++way) {
      auto which = [&](int k) { return way >> k & 1; };
      const int y =
          g.make(table::template number<Op>, leaf[which(0)], leaf[which(1)], Op::arity == 3 ? leaf[which(2)] : int(knit::none));
      if (g.is_op(y)) continue;
      for (double a : {-3.0, 0.0, 0.25, 1.0, 2.0}) {
        const double x[] = {a, 7.0};
        const double got = y == leaf[0] ? x[0] : y == leaf[1] ? x[1] : g.value(y);
        const double right = [&] {
          if constexpr (Op::arity == 3) return Op::eval(x[which(0)], x[which(1)], x[which(2)]);
          else return Op::eval(x[which(0)], x[which(1)]);
        }();
        if (got != right)
          c.push_back(name + ": on equal operands it is replaced by " + std::to_string(got) + ", but is " + std::to_string(right));
      }
    }
  }
  return c;
}

/// Op and shapes, without any program.
template <class Op, class... E> subject describe() {
  subject s{};
  s.name = std::string(Op::name);
  s.what = Op::what;
  s.operands = {E::value...};
  for (auto const& e : s.operands) s.name += " " + text(e);
  s.expected = really<Op>::shape(s.operands);
  s.inferred = program_of<Op, double, 1, E...>::y::shape;
  s.low = [] {
    if constexpr (requires { Op::low; }) return double(Op::low);
    else return -1e301;
  }();
  s.high = [] {
    if constexpr (requires { Op::high; }) return double(Op::high);
    else return 1e301;
  }();
  s.divisor = [] {
    if constexpr (requires { Op::divisor; }) return int(Op::divisor);
    else return -1;
  }();
  s.adds = Op::what == knit::kind::contract || (Op::what == knit::kind::reduce && knit::info_of<Op>.how == knit::combine::sum);
  return s;
}
/// The same, with the programs that the laws need; those on lanes of double are left out if nothing is to be said of them.
template <bool Doubles, class Op, class... E> subject make_subject_of() {
  using order2 = program_of<Op, double, 2, E...>;
  using order1 = program_of<Op, float, 1, E...>;
  subject s = describe<Op, E...>();
  s.inferred = order2::y::shape;
  auto flat = [&]<class G>(mp::mp_identity<G>) {
    for (int r = 0; r < G::roots; ++r) s.flat.push_back(G::graph.extents[G::graph.roots[r].node]);
  };
  flat(mp::mp_identity<knit::compiled_graph<order2>>{});
  s.units = wrong_units<Op>(s.name);
  for (auto const& said : wrong_repeats<Op>(s.name)) s.units.push_back(said);
  s.in_double = runner<typename knit::scalar_backend<double>::program<order2>, order2, double>();
  s.unsimplified = runner<typename knit::scalar_backend<double>::program<order2, false>, order2, double>();
  s.in_float = runner<typename knit::scalar_backend<float>::program<order1>, order1, float>();
  s.on_lanes = runner<typename knit::simd_backend::program<order1>, order1, float>();
  if constexpr (Doubles) {
    using order1_of_double = program_of<Op, double, 1, E...>;
    s.on_lanes_of_double = runner<typename knit::simd_backend::program<order1_of_double>, order1_of_double, double>();
  }
  return s;
}
template <class Op, class... E> subject make_subject() { return make_subject_of<true, Op, E...>(); }

// ---- samples ---------------------------------------------------------------------------------------------

struct random_numbers {
  std::uint64_t state = 1;
  double uniform(double a, double b) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return a + (b - a) * double(state >> 11) * 0x1p-53;
  }
};

/// Zeros, ties, negatives and large numbers among uniform ones, none but 0 nearer to 0 than a quarter.
inline array sample(subject const& s, long n, random_numbers& r, bool domain = true) {
  static constexpr double special[] = {0, 0, 1, 1, -1, 0.5, 0.5, -3, 2, 30, -30};
  array x;
  for (long i = 0; i < n; ++i) {
    double v = r.uniform(-2, 2);
    if (std::abs(v) < 0.25) v += v < 0 ? -0.5 : 0.5;
    if (r.uniform(0, 1) < 0.5) v = special[int(r.uniform(0, 11))];
    x.push_back(domain ? s.inside(v) : v);
  }
  return x;
}
inline array weights(long n, random_numbers& r) {
  array x;
  for (long i = 0; i < n; ++i) x.push_back(r.uniform(0.5, 1.5) * (r.uniform(-1, 1) < 0 ? -1 : 1));
  return x;
}
/// Leaves of a program of order 1 or 2.
inline arrays inputs(subject const& s, int order, random_numbers& r, bool domain = true) {
  arrays in;
  for (auto const& e : s.operands) {
    in.push_back(sample(s, e.size(), r, domain));
    if (domain && int(in.size()) - 1 == s.divisor)
      for (double& x : in.back()) x = x == 0 ? -0.5 : x;
  }
  in.push_back(weights(s.inferred.size(), r));
  if (order == 2)
    for (auto const& e : s.operands) in.push_back(weights(e.size(), r));
  return in;
}

// ---- laws ------------------------------------------------------------------------------------------------

/// The inferred shape is the real one, in the expression and in the flat graph; derivatives have the shapes of
/// what they are taken for.
inline complaints shape_is_real(subject const& s) {
  complaints c;
  auto check = [&](std::string const& what, knit::shape got, knit::shape right, bool rank) {
    if (!knit::same_extents(got, right) || (rank && got.rank != right.rank))
      c.push_back(s.name + ": " + what + " has shape " + text(got) + ", not " + text(right));
  };
  const std::size_t n = s.operands.size();
  check("the expression", s.inferred, s.expected, true);
  check("the flat graph's result", s.flat[0], s.expected, false);
  for (std::size_t k = 0; k < n; ++k) check("gradient " + std::to_string(k), s.flat[1 + k], s.operands[k], false);
  for (std::size_t k = 0; k < n * n && 1 + n + k < s.flat.size(); ++k)
    check("second derivative " + std::to_string(k), s.flat[1 + n + k], s.operands[k % n], false);
  return c;
}

namespace detail {

struct difference {
  bool usable = false;
  double forward = 0, backward = 0, noise = 0;
  bool jumps = false;
};
/// One-sided differences of sum(w % y) from y at x - h, x, x + h; only elements that changed take part.
inline difference between(array const& before, array const& at, array const& after, array const& w, double h) {
  difference d;
  d.usable = true;
  double scale = 0;
  for (std::size_t j = 0; j < at.size(); ++j) {
    auto same = [](double a, double b) { return a == b || (a != a && b != b); };
    if (same(before[j], at[j]) && same(at[j], after[j])) continue;
    if (!std::isfinite(before[j]) || !std::isfinite(at[j]) || !std::isfinite(after[j])) return {};
    const double up = after[j] - at[j], down = at[j] - before[j];
    d.jumps = d.jumps || std::max(std::abs(up), std::abs(down)) > 1e-3 * (1 + std::abs(at[j]));
    d.forward += w[j] * up / h;
    d.backward += w[j] * down / h;
    scale += std::abs(w[j] * at[j]);
  }
  d.noise = 1e-14 * scale / h;
  return d;
}

/// `got` (at in + steps of operand `of`) against differences of sum(w % result number `result`).
inline void compare(subject const& s, arrays in, std::size_t of, std::size_t result, std::size_t w, std::size_t got, bool kinks,
                    int& checked, int& tried, complaints& c) {
  const arrays at = s.in_double(in);
  const std::size_t n = in[of].size(), stride = n > 40 ? n / 31 : 1;
  for (std::size_t i = 0; i < n; i += stride) {
    const double x = in[of][i], h = 1e-6 * std::max(1.0, std::abs(x));
    ++tried;
    in[of][i] = x + h;
    const arrays after = s.in_double(in);
    in[of][i] = x - h;
    const arrays before = s.in_double(in);
    in[of][i] = x;
    const difference d = between(before[result], at[result], after[result], in[w], h);
    if (!d.usable) continue;
    const double g = at[got][i], size = 1 + std::abs(d.forward) + std::abs(d.backward);
    const double slack = 2e-6 * size + d.noise;
    bool fine;
    if (d.jumps) continue;
    if (std::abs(d.forward - d.backward) <= 1e-4 * size + 2 * d.noise) fine = std::abs(g - (d.forward + d.backward) / 2) <= slack;
    else if (!kinks) continue;
    else fine = g >= std::min(d.forward, d.backward) - slack && g <= std::max(d.forward, d.backward) + slack;
    ++checked;
    if (!fine) {
      std::ostringstream o;
      o << s.name << ": result " << got << ", element " << i << ", operand " << of << " = " << x << ": derivative " << g
        << ", differences " << d.backward << " and " << d.forward;
      c.push_back(o.str());
    }
  }
}
inline void enough(subject const& s, int checked, int tried, complaints& c) {
  if (3 * checked < tried)
    c.push_back(s.name + ": only " + std::to_string(checked) + " of " + std::to_string(tried) + " samples could be checked");
}

}  // namespace detail

/// Gradients are central differences of values, in double; at a kink they lie between the one-sided ones.
inline complaints gradient_is_difference(subject const& s) {
  complaints c;
  random_numbers r{11};
  const arrays in = inputs(s, 2, r);
  int checked = 0, tried = 0;
  for (std::size_t k = 0; k < s.operands.size(); ++k)
    detail::compare(s, in, k, 0, s.operands.size(), 1 + k, true, checked, tried, c);
  detail::enough(s, checked, tried, c);
  return c;
}

/// Second derivatives are central differences of gradients, in double, where those are smooth.
inline complaints second_derivative_is_difference(subject const& s) {
  complaints c;
  random_numbers r{12};
  const arrays in = inputs(s, 2, r);
  const std::size_t n = s.operands.size();
  int checked = 0, tried = 0;
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t j = 0; j < n; ++j) detail::compare(s, in, j, 1 + k, n + 1 + k, 1 + n + k * n + j, false, checked, tried, c);
  detail::enough(s, checked, tried, c);
  return c;
}

/// Both arrays hold the same numbers within tolerances; NaN equals NaN, infinities equal themselves.
inline void same(subject const& s, std::string const& what, arrays const& in, arrays const& right, arrays const& got,
                 double relative, double absolute, bool finite_only, complaints& c) {
  double terms = 0;  // where many are added, what they add up to without their signs, a tenth of it
  if (s.adds)
    for (double x : in[0])
      if (std::isfinite(x)) terms += std::abs(x) / 10;
  for (std::size_t k = 0; k < right.size() && k < got.size(); ++k) {
    double largest = terms;
    if (s.adds)
      for (double v : right[k])
        if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
    for (std::size_t i = 0; i < right[k].size(); ++i) {
      const double a = right[k][i], b = got[k][i];
      if (finite_only && !std::isfinite(a)) continue;
      bool fine = a == b || (a != a && b != b);
      if (!fine && std::isfinite(a) && std::isfinite(b))
        fine = std::abs(a - b) <= absolute + relative * std::max(std::abs(a), largest);
      if (fine) continue;
      std::ostringstream o;
      o.precision(9);
      o << s.name << ": " << what << ": result " << k << ", element " << i << " is " << b << ", not " << a;
      c.push_back(o.str());
      if (c.size() > 8) return;
    }
  }
}

/// Simplification changes no number, but for the order of rounding; what the op states of constants is so.
inline complaints simplified_is_same(subject const& s) {
  complaints c = s.units;
  random_numbers r{13};
  for (int round = 0; round < 3; ++round) {
    const arrays in = inputs(s, 2, r);
    same(s, "simplified", in, s.unsimplified(in), s.in_double(in), 1e-12, 1e-13, true, c);
  }
  return c;
}

/// Lanes of a number type against plain numbers of that type: within `relative` of the value (where many are added: of
/// the largest) and `absolute`, with infinities and NaN in the same places. Large, small: numbers whose square leaves the
/// type's range; exponent: the largest that exp of is finite.
inline complaints lanes_are(subject const& s, function const& plain, function const& lanes, double relative, double absolute,
                            double large, double small, double exponent) {
  complaints c;
  random_numbers r{14};
  auto check = [&](std::string const& what, arrays const& in) {
    same(s, what, in, plain(in), lanes(in), relative, absolute, false, c);
  };
  for (int round = 0; round < 3; ++round) check("samples", inputs(s, 1, r, round != 2));
  constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const double extremes[] = {large, -large, 0, -0.0, inf, -inf, nan, exponent, -exponent, small, -small, 1};
  if (s.adds) {  // one kind of extreme at a time, since sums depend on their order
    for (double e : extremes) {
      arrays in = inputs(s, 1, r);
      auto& x = in[0];
      x[x.size() / 2] = e;
      check("with " + std::to_string(e), in);
    }
  } else {
    for (int round = 0; round < 12; ++round) {
      arrays in = inputs(s, 1, r);
      for (std::size_t k = 0; k < s.operands.size(); ++k)
        for (std::size_t i = 0; i < in[k].size(); ++i)
          if (in[k].size() == 1 || r.uniform(0, 1) < 0.7) in[k][i] = extremes[std::size_t(r.uniform(0, 12))];
      check("extremes", in);
    }
  }
  return c;
}

/// Lanes give what plain numbers give, those of float what floats give and those of double what doubles give.
inline complaints lanes_are_scalar(subject const& s) {
  complaints c = lanes_are(s, s.in_float, s.on_lanes, 1e-5, 2e-6, 1e30, 1e-30, 88.5);
  const function first_order = [&s](arrays in) {  // the program in double has second derivatives too, and asks for weights of them
    for (auto const& e : s.operands) in.emplace_back(std::size_t(e.size()), 1.0);
    return s.in_double(in);
  };
  if (!s.on_lanes_of_double) return c;
  for (auto const& said : lanes_are(s, first_order, s.on_lanes_of_double, 1e-13, 1e-14, 1e200, 1e-200, 709.5))
    c.push_back("in double, " + said);
  return c;
}

inline complaints all(subject const& s) {
  complaints c = shape_is_real(s);
  auto add = [&](complaints const& more) { c.insert(c.end(), more.begin(), more.end()); };
  add(gradient_is_difference(s));
  add(second_derivative_is_difference(s));
  add(simplified_is_same(s));
  add(lanes_are_scalar(s));
  return c;
}

// ---- the catalogue -----------------------------------------------------------------------------------------

template <long... N> using e = knit::extents<N...>;
/// Shapes of the operands of one use.
template <class... E> using use = mp::mp_list<E...>;

/// May Op be used on these shapes?
template <class Op, class... E> constexpr bool suits() {
  constexpr knit::shape s[] = {E::value...};
  if constexpr (requires { Op::complain(s); }) return Op::complain(s).empty();
  else if constexpr (requires { Op::like; }) {
    constexpr knit::op_info f = knit::info_of<Op>;
    return f.what != knit::kind::view || f.slides || s[0].size() == s[sizeof...(E) - 1].size();
  } else return true;
}

/// All the laws that this file has.
struct every_law {
  template <class Op, class... E> static complaints check() { return all(make_subject<Op, E...>()); }
};
struct laws_without_double {
  template <class Op, class... E> static complaints check() { return all(make_subject_of<false, Op, E...>()); }
};
template <class Op, class Laws = every_law, class... E> void check_use(use<E...>, int& uses) {
  if constexpr (suits<Op, E...>()) {
    ++uses;
    const complaints c = Laws::template check<Op, E...>();
    for (std::size_t i = 0; i < c.size() && i < 6; ++i) ADD_FAILURE() << c[i];
  }
}
/// Every op of a list on every one of the uses that suit it.
template <class Laws, class Ops, class... Uses> void check_all_by() {
  mp::mp_for_each<mp::mp_transform<mp::mp_identity, Ops>>([]<class Op>(mp::mp_identity<Op>) {
    int uses = 0;
    (check_use<Op, Laws>(Uses{}, uses), ...);
    EXPECT_GT(uses, 0) << "no shapes for " << Op::name;
  });
}
/// Elements of all operands, none if the op does not take them.
template <class Op, class... E> constexpr long size_of_use(use<E...>) {
  return suits<Op, E...>() ? (E::value.size() + ... + 0) : 0;
}
/// By all laws; lanes of double on the largest of its uses only, for they cost the compiler as much as those of float again, and
/// are made of the same templates.
template <class Ops, class... Uses> void check_all() {
  mp::mp_for_each<mp::mp_transform<mp::mp_identity, Ops>>([]<class Op>(mp::mp_identity<Op>) {
    constexpr int largest = [] {
      constexpr long sizes[] = {size_of_use<Op>(Uses{})...};
      return int(std::max_element(sizes, sizes + sizeof...(Uses)) - sizes);
    }();
    int uses = 0;
    [&]<int... I>(std::integer_sequence<int, I...>) {
      (check_use<Op, std::conditional_t<I == largest, every_law, laws_without_double>>(Uses{}, uses), ...);
    }(std::make_integer_sequence<int, int(sizeof...(Uses))>{});
    EXPECT_GT(uses, 0) << "no shapes for " << Op::name;
  });
}

}  // namespace laws
