// SPDX-License-Identifier: BSL-1.0
// rules.cpp -- in: graph/rules.hpp. out: rules are made for programs that ask for a derivative, wherever they do, and for no others.

#include <knit/gradients.hpp>
#include <knit/nn/chain.hpp>
#include <knit/nn/dense.hpp>
#include <knit/op/catalogue.hpp>

#include <gtest/gtest.h>

namespace {

using namespace knit;

using vector = tensor<float, 8>;
template <class E> using evaluated = flattened<detail::evaluation<E, vector>>;
template <class F> using value_of = decltype(std::declval<F>()(std::declval<vector&>()));

struct value_alone {
  auto operator()(vector& x) const { return tanh(x) % sigm(x); }
};
struct slope {
  auto operator()(vector& x) const {
    return grad<0>(diff([](auto z) { return sum(square(z)); })(x));
  }
};
struct slope_within {
  template <class X> constexpr auto operator()(X const& x) const {
    return exp(grad<0>(diff([](auto z) { return sum(tanh(z)); })(x)));
  }
};
/// The derivative stands in a function that a function calls.
struct slope_in_a_call {
  auto operator()(vector& x) const {
    return value(diff([](auto z) { return value(diff(slope_within{})(z)) + z; })(x));
  }
};
struct value_of_calls {
  auto operator()(vector& x) const {
    return value(diff([](auto z) { return value(diff([](auto y) { return exp(y); })(z)); })(x));
  }
};

static_assert(!evaluated<value_of<value_alone>>::differentiates);
static_assert(!evaluated<value_of<value_of_calls>>::differentiates);
static_assert(evaluated<value_of<slope>>::differentiates);
static_assert(evaluated<value_of<slope_in_a_call>>::differentiates);

TEST(rules, are_made_where_a_derivative_is_asked_for) {
  EXPECT_EQ((evaluated<value_of<value_alone>>::table::rule_of), nullptr);
  EXPECT_NE((evaluated<value_of<slope>>::table::rule_of), nullptr);
}
TEST(rules, of_a_function_within_a_function) {
  vector x, y;
  x.fill([](long i) { return 0.1f * float(i); });
  y = slope_in_a_call{}(x);
  for (long i = 0; i < 8; ++i) {
    const float t = std::tanh(x[i]);
    EXPECT_NEAR(y[i], std::exp(1 - t * t) + x[i], 1e-5f);
  }
}
TEST(rules, are_fewer_than_the_ops_that_they_would_bring_in) {
  using without = evaluated<value_of<value_alone>>::ops;
  using with = evaluated<value_of<slope>>::ops;
  EXPECT_FALSE((mp::mp_contains<without, sub_op>::value)) << "what tanh's derivative is made of";
  EXPECT_TRUE((mp::mp_contains<with, sum_to_like_op>::value));
}

}  // namespace
