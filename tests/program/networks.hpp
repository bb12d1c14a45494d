// SPDX-License-Identifier: BSL-1.0
// networks.hpp -- in: seeds. out: a test for each: a network drawn by the seed, trained and checked on both backends.
//
// A shape is part of a type, so a network is drawn by the compiler: drawn<Seed> is a constant, and all else follows
// from it. Beside simd_backend runs scalar_backend with numbers that know what rounding does to them (rounding.hpp),
// each step from the very parameters that simd_backend has, so that errors do not add up and tolerances stay narrow.
//
// To try other seeds build one of the files with -DKNIT_SEEDS=17 or -DKNIT_SEEDS=17,18,19; each test prints what its
// seed has drawn. To keep one add it to a file's list: a slow file has two to four and another six or seven, since a
// compiler takes 300 MB or more for each. What a seed draws changes with draw(); change that only with a reason, since
// a seed that has been added may be the only one that meets some case.
#pragma once
#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "../rounding.hpp"
#include "softsign.hpp"

namespace networks {

using namespace knit;

// ---- what a user writes --------------------------------------------------------------------------------

using own::softsign;

struct swish_function {
  constexpr auto operator()(auto x) const { return x % sigm(x); }
};
inline constexpr swish_function swish{};

/// x + f(x)
template <class F> struct residual {
  BOOST_HANA_DEFINE_STRUCT(residual, (F, inner));
  constexpr auto operator()(auto x) const { return x + inner(x); }
};
template <class F> residual(F) -> residual<F>;

/// a(x), let through by b(x).
template <class A, class B> struct gated {
  BOOST_HANA_DEFINE_STRUCT(gated, (A, a), (B, b));
  constexpr auto operator()(auto x) const { return a(x) % sigm(b(x)); }
};
template <class A, class B> gated(A, B) -> gated<A, B>;

template <class G> struct gain {
  BOOST_HANA_DEFINE_STRUCT(gain, (G, g));
  constexpr auto operator()(auto x) const { return g % x; }
};

/// Each instance divided by its size.
template <class G, class S> struct column_norm {
  BOOST_HANA_DEFINE_STRUCT(column_norm, (G, g), (S, s));
  constexpr auto operator()(auto x) const { return g % (x / sqrt(mean<0>(square(x)) + 0.1)) + s; }
};

/// Each feature brought to mean 0 and variance 1 over the batch.
template <class G, class S> struct row_norm {
  BOOST_HANA_DEFINE_STRUCT(row_norm, (G, g), (S, s));
  constexpr auto operator()(auto x) const {
    auto z = x - mean<1>(x);
    return g % (z / sqrt(mean<1>(square(z)) + 0.1)) + s;
  }
};

/// Features weighed by a softmax over them.
template <class W> struct attention {
  BOOST_HANA_DEFINE_STRUCT(attention, (W, w));
  constexpr auto operator()(auto x) const { return x + 4 * softmax<0>(w * x) % x; }
};

/// A weight of its own and a bias that it is given.
template <class W, class F> struct with_bias {
  BOOST_HANA_DEFINE_STRUCT(with_bias, (W, w), (F, f));
  constexpr auto operator()(auto x, auto b) const { return f(w * x + b); }
};

/// w <- w - lr (g + decay w)
struct decayed_sgd {
  double lr = 0.1, decay = 0.02;
  std::array<double, 2> hyper(long) const { return {lr, decay}; }
  struct next {
    constexpr auto operator()(auto w, auto g, auto rate, auto decay) const { return w - rate % (g + decay % w); }
  };
};
/// w <- w - lr g / sqrt(mean(g^2)): needs all of a gradient before any of it is used.
struct scaled_sgd {
  double lr = 0.1;
  std::array<double, 1> hyper(long) const { return {lr}; }
  struct next {
    constexpr auto operator()(auto w, auto g, auto rate) const { return w - rate % g / (sqrt(mean(square(g))) + 1e-12); }
  };
};

// ---- drawing -------------------------------------------------------------------------------------------

struct random_numbers {
  std::uint64_t state;
  constexpr std::uint64_t next() {
    state += 0x9e3779b97f4a7c15ull;
    std::uint64_t z = state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
  }
  constexpr int below(int n) { return int(next() >> 33) % n; }
  constexpr bool one_in(int n) { return below(n) == 0; }
  /// From lo to lo * 2^octaves, each octave as likely as the next; powers of two too.
  constexpr int size(int lo, int octaves) {
    const int from = lo << below(octaves);
    const int in = below(from) + 1;
    return one_in(4) ? 2 * from : from + in;
  }
};

enum class sort {
  plain,       ///< f(W x + b)
  wide,        ///< x + f(W x + b)
  narrow,      ///< x + W f(V x + a) + b, narrow in between
  gate,        ///< gated<dense, dense>
  own,         ///< f(w x + b) with the network's own w and b
  transposed,  ///< f(transpose(w) x + c), after `own`
  shared,      ///< f(W x + b) with the network's own b
  gain,
  columns,
  rows,
  attention
};
enum class function { identity, relu, tanh, sigm, softsign, swish };
struct part {
  sort what;
  int in, out, inner;
  function f;
};
enum class input { floats, tensor_of_floats, bytes, tensor_of_bytes };
enum class target { labels, wide_labels, numbers, view_of_numbers };
enum class penalty { none, weight, weight_and_bias, scores };
enum class rule { sgd, decayed, scaled, momentum, adam };

struct network_plan {
  std::uint64_t seed;
  part parts[20];
  int count, inputs, outputs, batch;
  bool has_own, has_c;
  int own_in, own_out;  ///< of w
  input x;
  target y;
  penalty add;
  rule by;
  double flops;

  constexpr bool classifies() const { return y == target::labels || y == target::wide_labels; }
};

/// Elements of a batch in the widest layer, and operations of a step: what a test can afford.
inline constexpr int most_elements = 1 << 18;
inline constexpr double most_flops = 1.5e9;

constexpr network_plan draw(std::uint64_t seed) {
  random_numbers r{seed * 0x2545f4914f6cdd1dull + 1};
  network_plan n{};
  n.seed = seed;
  n.own_in = n.own_out = 1;
  auto width = [&] { return r.one_in(25) ? 1 : r.size(8, 7); };
  n.x = input(r.below(4));
  n.y = target(r.below(4));
  n.add = r.one_in(2) ? penalty::none : penalty(1 + r.below(3));
  n.by = rule(r.below(5));
  n.batch = r.one_in(20) ? 1 : r.size(1, 9);
  const int depth = r.one_in(8) ? 1 : r.one_in(3) ? 1 + r.below(8) : 2 + r.below(3);
  int now = n.inputs = width(), widest = now;
  double weights = 0;
  function f = function(r.below(6));
  auto add = [&](sort what, int out, int inner = 0) {
    if (r.one_in(2)) f = function(r.below(6));
    const bool thin = out < 4 && (f == function::relu || f == function::swish);  // so that it is not dead
    n.parts[n.count++] = {what, now, out, inner, thin ? function::tanh : f};
    now = out;
    if (out > widest) widest = out;
    if (inner > widest) widest = inner;
  };
  for (int layer = 0; layer < depth; ++layer) {
    const bool last = layer + 1 == depth;
    int out = r.one_in(3) && layer > 0 ? now : width();
    if (last && n.classifies()) out = r.one_in(2) ? 2 + r.below(15) : out < 2 ? 2 : out > 250 ? 10 : out;
    const int before = now;
    int k = r.below(10);
    if (!n.has_own && (n.add == penalty::weight || n.add == penalty::weight_and_bias) && (last || r.one_in(2))) k = 3;
    if (k < 2 && n.has_own && n.own_in == n.own_out && now == n.own_in && !(last && n.classifies())) add(sort::own, now);
    else if (k == 2 && n.has_own && now == n.own_out && !(last && n.classifies())) {
      add(sort::transposed, n.own_in);
      n.has_c = true;
    } else if (k < 5 && n.has_own && !(last && n.classifies())) {
      add(sort::shared, n.own_out);
    } else if (k > 2 && k < 6 && !n.has_own) {
      n.has_own = true;
      n.own_in = now;
      n.own_out = out;
      add(sort::own, out);
    } else if (k == 6 && !last) add(sort::wide, now);
    else if (k == 7 && !last) {
      const int inner = width();
      add(sort::narrow, now, inner);
      weights += double(inner) * now;
    } else if (k == 8) {
      add(sort::gate, out);
      weights += double(before) * now;
    } else add(sort::plain, out);
    weights += double(before) * now;
    if (n.has_own && !n.has_c && !last && now == n.own_out && n.parts[n.count - 1].what == sort::own && r.one_in(3)) {
      add(n.own_in == n.own_out && r.one_in(2) ? sort::own : sort::transposed, n.own_in);
      n.has_c = n.parts[n.count - 1].what == sort::transposed;
      weights += double(n.own_in) * n.own_out;
    }
    if (!last && r.one_in(3)) {
      const int d = r.below(5);
      if (d == 0) add(sort::gain, now);
      else if (d < 3 || (d == 3 && n.batch == 1)) add(sort::columns, now);
      else if (d == 3) add(sort::rows, now);
      else {
        add(sort::attention, now);
        weights += double(now) * now;
      }
    }
  }
  if (n.parts[n.count - 1].f == function::sigm || n.classifies()) n.parts[n.count - 1].f = function::identity;
  n.outputs = now;
  while (n.batch > 1 && (long(n.batch) * widest > most_elements || 6 * weights * n.batch > most_flops))
    n.batch -= (n.batch + 2) / 3;
  if (n.batch == 1)
    for (part& p : n.parts)
      if (p.what == sort::rows) p.what = sort::columns;
  n.flops = 6 * weights * n.batch;
  return n;
}
template <std::uint64_t Seed> inline constexpr network_plan drawn = draw(Seed);

inline std::string describe(network_plan const& n) {
  static constexpr char const* sorts[] = {"",          "x + ",  "x + narrow ",    "gated ",      "own ",      "transposed own ",
                                          "own bias ", "gain ", "columns' norm ", "rows' norm ", "attention "};
  static constexpr char const* functions[] = {"identity", "relu", "tanh", "sigm", "softsign", "swish"};
  static constexpr char const* inputs[] = {"view of floats", "tensor of floats", "view of bytes", "tensor of bytes"};
  static constexpr char const* targets[] = {"nll of byte labels", "nll of int labels", "mse to a tensor", "mse to a view"};
  static constexpr char const* penalties[] = {"", " + w^2", " + w^2 + b^2", " + scores^2"};
  static constexpr char const* rules[] = {"sgd", "decayed", "scaled", "momentum", "adam"};
  std::string s = "seed " + std::to_string(n.seed) + ": " + std::to_string(n.inputs);
  for (int i = 0; i < n.count; ++i) {
    part const& p = n.parts[i];
    s += std::string(" - ") + sorts[int(p.what)] + std::to_string(p.out);
    if (p.inner) s += " by " + std::to_string(p.inner);
    if (p.what < sort::gain && p.what != sort::gate) s += std::string(" ") + functions[int(p.f)];
  }
  return s + ", batch " + std::to_string(n.batch) + ", " + inputs[int(n.x)] + ", " + targets[int(n.y)] + penalties[int(n.add)] +
         ", " + rules[int(n.by)];
}

// ---- the network as a type -----------------------------------------------------------------------------

struct nothing {};

template <function F> constexpr auto function_of() {
  if constexpr (F == function::relu) return relu;
  else if constexpr (F == function::tanh) return tanh_;
  else if constexpr (F == function::sigm) return sigm;
  else if constexpr (F == function::softsign) return softsign;
  else if constexpr (F == function::swish) return swish;
  else return identity;
}
/// Keeps signals and gradients of one size through many layers.
constexpr float gain_of(function f) {
  return f == function::sigm ? 3.5f : f == function::identity ? 1 : f == function::softsign || f == function::swish ? 1.7f : 1.4f;
}

/// The layers of drawn<Seed>; a weight, its bias and that of its transpose, which several layers use.
template <std::uint64_t Seed, class Layers, class W, class B, class C> struct network {
  BOOST_HANA_DEFINE_STRUCT(network, (Layers, layers), (W, w), (B, b), (C, c));
  template <class... New> using with_fields = network<Seed, New...>;
  static constexpr network_plan const& plan = drawn<Seed>;

  template <int I, class H> constexpr auto from(H h) const {
    if constexpr (I == plan.count) return h;
    else {
      constexpr auto f = function_of<plan.parts[I].f>();
      auto const& layer = hana::at_c<std::size_t(I)>(layers);
      if constexpr (plan.parts[I].what == sort::own) return from<I + 1>(f(w * h + b));
      else if constexpr (plan.parts[I].what == sort::transposed) return from<I + 1>(f(transpose(w) * h + c));
      else if constexpr (plan.parts[I].what == sort::shared) return from<I + 1>(layer(h, b));
      else return from<I + 1>(layer(h));
    }
  }
  template <class X> constexpr auto operator()(X&& x) const { return from<0>(lift(std::forward<X>(x))); }
  template <class X, class Y> constexpr auto operator()(X&& x, Y&& y) const {
    auto scores = (*this)(std::forward<X>(x));
    auto loss = [&] {
      if constexpr (plan.classifies()) return nll(scores, std::forward<Y>(y));
      else return mse(scores, std::forward<Y>(y));
    }();
    if constexpr (plan.add == penalty::scores) return loss + 0.01 * mean(square(scores));
    else if constexpr (plan.add == penalty::none) return loss;
    else if constexpr (plan.add == penalty::weight) return loss + 0.01 * sum(square(w));
    else return loss + 0.01 * (sum(square(w)) + sum(square(b)));
  }
};

template <std::uint64_t Seed, int I> auto make_layer() {
  constexpr part p = drawn<Seed>.parts[I];
  constexpr auto f = function_of<p.f>();
  auto weight = []<long Out, long In>(extents<Out, In>, int stream, function by) {
    const float deviation = gain_of(by) / std::sqrt(float(In));
    return init<Out, In>(gaussian{Seed, 0, deviation}, std::uint64_t(16 * I + stream));
  };
  auto vector = []<long Out>(extents<Out>, int stream, float mean = 0) {
    return init<Out>(gaussian{Seed, mean, 0.1f}, std::uint64_t(16 * I + stream));
  };
  [[maybe_unused]] auto full = [&]<long Out, long In>(extents<Out, In> e, int stream, auto g, function by) {
    return dense{weight(e, stream, by), vector(extents<Out>{}, stream + 1), g};
  };
  constexpr extents<p.out, p.in> size;
  constexpr extents<p.out> rows;
  if constexpr (p.what == sort::plain) return full(size, 0, f, p.f);
  else if constexpr (p.what == sort::wide) return residual{full(size, 0, f, p.f)};
  else if constexpr (p.what == sort::narrow)
    return residual{
        make_chain(full(extents<p.inner, p.in>{}, 0, f, p.f), full(extents<p.out, p.inner>{}, 2, identity, function::identity))};
  else if constexpr (p.what == sort::gate)
    return gated{full(size, 0, identity, function::tanh), full(size, 2, identity, function::tanh)};
  else if constexpr (p.what == sort::shared) {
    auto w = weight(size, 0, p.f);
    return with_bias<decltype(w), std::remove_const_t<decltype(f)>>{std::move(w), f};
  } else if constexpr (p.what == sort::gain) return gain<tensor<float, p.out>>{vector(rows, 0, 1)};
  else if constexpr (p.what == sort::columns)
    return column_norm<tensor<float, p.out>, tensor<float, p.out>>{vector(rows, 0, 1), vector(rows, 1)};
  else if constexpr (p.what == sort::rows)
    return row_norm<tensor<float, p.out>, tensor<float, p.out>>{vector(rows, 0, 1), vector(rows, 1)};
  else if constexpr (p.what == sort::attention) return attention<tensor<float, p.out, p.in>>{weight(size, 0, function::identity)};
  else return nothing{};
}

template <std::uint64_t Seed> auto make_network() {
  constexpr network_plan n = drawn<Seed>;
  auto layers = []<int... I>(std::integer_sequence<int, I...>) {
    return hana::make_tuple(make_layer<Seed, I>()...);
  }(std::make_integer_sequence<int, n.count>{});
  auto fill = [](auto t, std::uint64_t stream, float deviation) {
    t.fill([&](long i) { return gaussian{Seed, 0, deviation}(1000 + stream, i, 1, 1); });
    return t;
  };
  auto optional = [&]<bool There, long... N>(std::bool_constant<There>, extents<N...>, std::uint64_t stream, float deviation) {
    if constexpr (There) return fill(tensor<float, N...>(), stream, deviation);
    else return nothing{};
  };
  const float deviation = 1.7f * std::sqrt(2 / float(n.own_in + n.own_out));
  auto w = optional(std::bool_constant<n.has_own>{}, extents<n.own_out, n.own_in>{}, 0, deviation);
  auto b = optional(std::bool_constant<n.has_own>{}, extents<n.own_out>{}, 1, 0.1f);
  auto c = optional(std::bool_constant<n.has_c>{}, extents<n.own_in>{}, 2, 0.1f);
  return network<Seed, decltype(layers), decltype(w), decltype(b), decltype(c)>{std::move(layers), std::move(w), std::move(b),
                                                                                std::move(c)};
}

// ---- batches -------------------------------------------------------------------------------------------

/// An array of one of the kinds that a program takes, filled.
template <class A> struct filled {
  std::vector<typename A::value_type> memory;
  A array;

  template <class F> explicit filled(F const& f) {
    if constexpr (A::owns) array.fill(f);
    else {
      for (long i = 0; i < A::shape.size(); ++i) memory.push_back(f(i));
      array = A(memory.data());
    }
  }
};
template <std::uint64_t Seed> constexpr auto input_type() {
  constexpr network_plan n = drawn<Seed>;
  if constexpr (n.x == input::floats) return mp::mp_identity<view<float, n.inputs, n.batch>>{};
  else if constexpr (n.x == input::tensor_of_floats) return mp::mp_identity<tensor<float, n.inputs, n.batch>>{};
  else if constexpr (n.x == input::bytes) return mp::mp_identity<view<unorm8, n.inputs, n.batch>>{};
  else return mp::mp_identity<tensor<unorm8, n.inputs, n.batch>>{};
}
template <std::uint64_t Seed> constexpr auto target_type() {
  constexpr network_plan n = drawn<Seed>;
  if constexpr (n.y == target::labels) return mp::mp_identity<view<std::uint8_t, n.batch>>{};
  else if constexpr (n.y == target::wide_labels) return mp::mp_identity<tensor<std::int32_t, n.batch>>{};
  else if constexpr (n.y == target::numbers) return mp::mp_identity<tensor<float, n.outputs, n.batch>>{};
  else return mp::mp_identity<view<float, n.outputs, n.batch>>{};
}
template <class T> T value_for(std::uint64_t seed, std::uint64_t stream, long i, int classes) {
  if constexpr (std::is_same_v<T, float>) return gaussian{seed, 0, 1}(stream, i, 1, 1);
  else {
    const float u = uniform01(detail::init_bits(seed, stream, i)[0]);
    return T(std::uint8_t(u * float(std::is_same_v<T, unorm8> ? 256 : classes)));
  }
}

// ---- the check -----------------------------------------------------------------------------------------

/// The first difference that rounding does not explain, and the largest, in standard deviations of what it does.
struct difference {
  double largest = 0;
  std::string first;

  void look(std::string const& what, long i, float got, rounding::number expected) {
    const double off = std::abs(double(got) - expected.value);
    if (off <= 1e-35) return;  // what is left of numbers too small for a float
    const double by = off / std::sqrt(expected.variance + rounding::rounded(expected.value));
    if (by > largest) largest = by;
    if (by <= rounding::slack || !first.empty()) return;
    char text[160];
    std::snprintf(text, sizeof text, ", element %ld: got %.9g, expected %.9g, standard deviation %.2g", i, double(got),
                  expected.value, expected.deviation());
    first = what + text;
  }
};

/// What a network is checked on: a backend, and the ways of running it that must not matter.
template <class Backend> struct on_threads {
  using backend = Backend;
  static constexpr char const* way = "threads";
  static void choose(int way) { thread_count() = way + 1; }
  static void leave() { thread_count() = 0; }
};

template <std::uint64_t Seed, class Where = on_threads<simd_backend>> struct check {
  static constexpr network_plan const& plan = drawn<Seed>;
  using model = decltype(make_network<Seed>());
  using X = typename decltype(input_type<Seed>())::type;
  using Y = typename decltype(target_type<Seed>())::type;
  using rule_type = mp::mp_at_c<mp::mp_list<sgd_rule, decayed_sgd, scaled_sgd, momentum_rule, adam_rule>, std::size_t(plan.by)>;
  using step_type = training_step<typename Where::backend, model, rule_type, X, Y>;
  using spec = typename step_type::spec;
  using scores_type = inference<typename Where::backend, model, X>;
  using numbers = std::vector<rounding::number>;
  template <class Spec> using oracle = typename scalar_backend<rounding::number>::template program<Spec>;
  static constexpr int steps = 3, ways = 3, parameters = parameter_count<model>;

  struct batch {
    filled<X> x;
    filled<Y> y;
    explicit batch(std::uint64_t n)
        : x([=](long i) { return value_for<typename X::value_type>(Seed, 2000 + n, i, plan.outputs); }),
          y([=](long i) { return value_for<typename Y::value_type>(Seed, 3000 + n, i, plan.outputs); }) {}
  };

  /// What a step reads and writes: the model and what the rule remembers of it, so that the oracle can begin each
  /// step where the other is. A training_step keeps the latter to itself.
  struct memory {
    model m;
    typename detail::state_arrays<decltype(parameters_of(std::declval<model&>())), spec::states>::type states;

    /// f(name, array) for all arrays, in the order of leaves.
    template <class F> void each(F const& f) {
      std::vector<std::string> paths;
      for_each_parameter(m, [&](std::string const& path, auto& a) { paths.push_back(path), f(path, a); });
      std::size_t p = 0;
      auto of_parameter = [&](auto& arrays) {
        for (auto& a : arrays) f("state of " + paths[p], a);
        ++p;
      };
      std::apply([&](auto&... s) { (of_parameter(s), ...); }, states);
    }
    std::vector<void const*> leaves() {
      std::vector<void const*> l;
      each([&](std::string const&, auto& a) { l.push_back(a.data()); });
      return l;
    }
    std::string storage() {
      std::string s;
      each([&](std::string const&, auto& a) { s.append(reinterpret_cast<char const*>(a.data()), a.storage * sizeof(float)); });
      return s;
    }
  };
  /// The leaves of step number `step`, from 1.
  static std::vector<void const*> leaves_of(memory& m, batch const& b, decltype(rule_type{}.hyper(1)) const& h) {
    auto leaves = m.leaves();
    leaves.push_back(b.x.array.data());
    leaves.push_back(b.y.array.data());
    for (double const& n : h) leaves.push_back(&n);
    return leaves;
  }

  /// What a step from m should give: the loss and each array's next value, first index fastest.
  oracle<spec> training;
  struct outcome {
    rounding::number loss;
    std::vector<rounding::number const*> next;  ///< until the oracle runs again
  };
  outcome expect(memory m, rule_type const& by, batch const& b, long step) {
    const auto hyper = by.hyper(step);
    const auto leaves = leaves_of(m, b, hyper);
    outcome o;
    o.next.resize(leaves.size());
    void* outputs[] = {&o.loss};
    training.run(leaves.data(), outputs);
    using P = compiled_graph<spec>;
    for (int r = 0; r < P::roots; ++r)
      if (root const& to = P::graph.roots[r]; to.state >= 0) o.next[std::size_t(to.state)] = training.value(to.node);
    return o;
  }
  numbers expect_scores(memory& m, batch const& b) {
    oracle<typename scores_type::spec> program;
    numbers z(std::size_t(scores_type::result_shape.size()), 0);
    auto leaves = m.leaves();
    leaves.resize(std::size_t(parameters));
    leaves.push_back(b.x.array.data());
    void* outputs[] = {z.data()};
    program.run(leaves.data(), outputs);
    return z;
  }

  /// f(name, number, array before, the same after, next) for each array.
  template <class F> static void compare(memory& before, memory& after, outcome const& o, F const& f) {
    const auto old = before.leaves();
    std::size_t p = 0;
    after.each([&](std::string const& name, auto& a) {
      using A = std::remove_reference_t<decltype(a)>;
      f(
          name, p, static_cast<float const*>(old[p]), a, [](long i) { return A::layout.offset(A::shape, i); }, o.next[p]);
      ++p;
    });
  }

  /// The rate at which the parameter that changes most changes by a thirtieth of itself.
  double rate_for(memory& m, batch const& b) {
    rule_type by;
    by.lr = 1;
    double most = 0;
    compare(m, m, expect(m, by, b, 1), [&](auto&, std::size_t p, float const*, auto& w, auto, rounding::number const* next) {
      double size = 0, change = 0;
      for (long i = 0; i < w.size(); ++i) {
        size += double(w[i]) * double(w[i]);
        change += (next[i].value - double(w[i])) * (next[i].value - double(w[i]));
      }
      if (p < std::size_t(parameters)) most = std::max(most, std::sqrt(change / size));
    });
    return 1 / (30 * most);
  }

  /// Both backends have the derivative from one graph, so it is held against the loss itself: a little way along
  /// each parameter's change the loss changes as the gradient, worked out back from the rule, says. The way is so
  /// short that hardly a relu changes sides.
  void goes_down_the_slope(memory& m, rule_type const& by, batch const& b) {
    if constexpr (plan.by == rule::sgd || plan.by == rule::decayed || plan.by == rule::momentum) {
      memory up = m, down = m;
      double expected = 0, size = 0;
      const outcome o = expect(m, by, b, 1);
      auto below = down.leaves();
      compare(m, up, o, [&](auto&, std::size_t p, float const*, auto& above, auto at, rounding::number const* next) {
        if (p >= std::size_t(parameters)) return;
        float* const under = static_cast<float*>(const_cast<void*>(below[p]));
        for (long i = 0; i < above.size(); ++i) {
          const double w = double(above[i]), change = next[i].value - w;
          double g = -change / by.lr;
          if constexpr (plan.by == rule::decayed) g -= by.decay * w;
          above[i] = float(w + 5e-4 * change), under[at(i)] = float(w - 5e-4 * change);
          const double d = g * (double(above[i]) - double(under[at(i)]));
          expected += d, size += std::abs(d);
        }
      });
      const double got = expect(up, by, b, 1).loss.value - expect(down, by, b, 1).loss.value;
      EXPECT_NEAR(got, expected, 0.02 * size) << describe(plan) << "\nthe derivative is not that of the loss";
    }
  }

  void run() {
    std::printf("%s\n", describe(plan).c_str());
    std::fflush(stdout);
    memory first{make_network<Seed>(), {}};
    rule_type by;
    by.lr = rate_for(first, batch(0));
    ASSERT_TRUE(std::isfinite(by.lr) && by.lr > 0) << describe(plan);
    goes_down_the_slope(first, by, batch(0));

    std::vector<memory> m(ways, first);
    std::vector<typename step_type::program> step;
    for (int t = 0; t < ways; ++t) {
      Where::choose(t);
      step.emplace_back();
    }
    difference differs;
    // What rounding may hide of a change, as a part of it. Some changes are nothing else: a bias before a mean is
    // taken off has no gradient.
    double blur = 0;
    int clear = 0, all = 0;
    std::string blurred;
    for (int s = 0; s < steps; ++s) {
      const std::string name = "step " + std::to_string(s) + ", ";
      const batch b{std::uint64_t(s)};
      const auto hyper = by.hyper(s + 1);
      const outcome o = expect(m[0], by, b, s + 1);
      memory before = m[0];
      float losses[ways];
      for (int t = 0; t < ways; ++t) {
        Where::choose(t);
        void* outputs[] = {&losses[t]};
        step[std::size_t(t)].run(leaves_of(m[std::size_t(t)], b, hyper).data(), outputs);
      }
      differs.look(name + "loss", 0, losses[0], o.loss);
      compare(before, m[0], o,
              [&](std::string const& array, std::size_t p, float const* old, auto& got, auto at, rounding::number const* next) {
                double variance = 0, change = 0;
                for (long i = 0; i < got.size(); ++i) {
                  differs.look(name + array, i, got[i], next[i]);
                  variance += next[i].variance;
                  change += (next[i].value - double(old[at(i)])) * (next[i].value - double(old[at(i)]));
                }
                const double part = rounding::slack * std::sqrt(variance / change);
                if (p >= std::size_t(parameters)) return;
                if (!(part <= blur)) blur = part, blurred = name + array;
                clear += part <= 0.1, ++all;
              });
      for (int t = 1; t < ways; ++t)
        ASSERT_TRUE(std::memcmp(&losses[t], &losses[0], sizeof(float)) == 0 && m[std::size_t(t)].storage() == m[0].storage())
            << describe(plan) << "\n"
            << name << t + 1 << " " << Where::way << " differ from one";
    }
    const batch b{0};
    const numbers z = expect_scores(m[0], b);
    std::vector<float> got[ways];
    for (int t = 0; t < ways; ++t) {
      Where::choose(t);
      got[t].resize(z.size());
      scores_type scores(m[std::size_t(t)].m);
      scores(b.x.array, got[t].data());
      ASSERT_EQ(std::memcmp(got[t].data(), got[0].data(), z.size() * sizeof(float)), 0)
          << describe(plan) << "\nscores on " << t + 1 << " " << Where::way << " differ from one";
    }
    Where::leave();
    for (std::size_t i = 0; i < z.size(); ++i) differs.look("scores", long(i), got[0][i], z[i]);

    std::printf("  %d kernels, largest difference %.1f deviations, of a change rounding hides %.1g at most (%s)\n",
                step_type::program::compiled_type::plan.kernels, differs.largest, blur, blurred.c_str());
    EXPECT_TRUE(differs.first.empty()) << describe(plan) << "\n" << differs.first;
    EXPECT_GE(4 * clear, 3 * all) << describe(plan) << "\nmost changes are little more than rounding: nothing is checked";
  }
};

/// The orders in which a backend that executes kernels on the host runs blocks and threads.
template <class Backend> struct in_orders {
  using backend = Backend;
  static constexpr char const* way = "orders";
  static void choose(int way) { backend::order() = unsigned(5 * way); }
  static void leave() { backend::order() = 0; }
};

/// A test for each seed, named by it.
template <class Where, std::uint64_t... Seed> int enlist_on() {
  struct trained : testing::Test {
    void (*body)();
    explicit trained(void (*f)()) : body(f) {}
    void TestBody() override { body(); }
  };
  (testing::RegisterTest("networks", ("seed_" + std::to_string(Seed)).c_str(), nullptr, nullptr, __FILE__, __LINE__,
                         [] { return static_cast<testing::Test*>(new trained([] { check<Seed, Where>().run(); })); }),
   ...);
  return int(sizeof...(Seed));
}
template <std::uint64_t... Seed> int enlist() { return enlist_on<on_threads<simd_backend>, Seed...>(); }

}  // namespace networks
