// SPDX-License-Identifier: BSL-1.0
// dropout.cpp -- in: nn/dropout.hpp. out: masks in steps of training, the same in the loss and its derivative, on each backend and
// any number of threads, other ones in other steps and layers; nothing anywhere else.

#include <knit/backend/cuda/host.hpp>
#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

using namespace knit;

constexpr double share = 0.25;
constexpr long rows = 60, columns = 70;
using field = tensor<float, rows, columns>;

/// Two layers side by side. The derivative of each half of the loss is its mask, divided by what stays, so a step of gradient
/// descent with a rate of 1 leaves weights less that.
template <class A, class B, class D, class E> struct two_masks {
  BOOST_HANA_DEFINE_STRUCT(two_masks, (A, a), (B, b), (D, first), (E, second));
  template <class X> constexpr auto operator()(X&& x) const { return first(a) + second(b % std::forward<X>(x)); }
  template <class X, class Y> constexpr auto operator()(X&& x, Y&&) const { return sum((*this)(std::forward<X>(x))); }
};
auto make_model(float a) {
  const dropout d{0.25_c};
  using D = dropout<std::remove_const_t<decltype(0.25_c)>>;
  return two_masks<field, field, D, D>{field(a), field(2.f), d, d};
}
using model_type = decltype(make_model(0));

struct masks {
  std::vector<bool> a, b;
  float loss;
};
/// What each of some steps keeps.
template <class Backend = simd_backend> std::vector<masks> drawn(int steps) {
  std::vector<masks> all;
  double worst = 0;
  const field x(1.f);
  const tensor<std::uint8_t, 1> y;
  auto model = make_model(0);
  training_step<Backend, model_type, sgd_rule, field, tensor<std::uint8_t, 1>> step(model, {.lr = 1});
  for (int s = 0; s < steps; ++s) {
    const auto before = model;
    masks m;
    m.loss = float(step(x, y));
    for (long i = 0; i < field::shape.size(); ++i) {
      m.a.push_back(model.a[i] != before.a[i]);
      m.b.push_back(model.b[i] != before.b[i]);
      worst = std::max(worst, m.a.back() ? std::abs(before.a[i] - model.a[i] - 1 / (1 - share)) : 0.0);
    }
    all.push_back(m);
  }
  EXPECT_LT(worst, 1e-5);
  return all;
}
double equal_share(std::vector<bool> const& a, std::vector<bool> const& b) {
  double n = 0;
  for (std::size_t i = 0; i < a.size(); ++i) n += a[i] == b[i];
  return n / double(a.size());
}
constexpr double n = rows * columns;

TEST(dropout, drops_its_share_and_keeps_the_mean) {
  for (auto const& m : drawn(3)) {
    double kept = 0;
    for (bool k : m.a) kept += k;
    EXPECT_NEAR(kept / n, 1 - share, 4 * std::sqrt(share * (1 - share) / n));
  }
}
// A step from weights of 0 drops nothing that its derivative would not: kept zeros have one.
TEST(dropout, is_the_same_in_the_loss_and_in_its_derivative) {
  const auto first = drawn(1)[0];
  double kept = 0;
  for (bool k : first.b) kept += k;
  EXPECT_NEAR(first.loss, 2 * kept / (1 - share), 1e-3 * kept);
}
TEST(dropout, draws_anew_for_each_step_and_each_layer) {
  const auto m = drawn(2);
  const double alike = share * share + (1 - share) * (1 - share), off = 4 * std::sqrt(alike * (1 - alike) / n);
  EXPECT_NEAR(equal_share(m[0].a, m[1].a), alike, off);
  EXPECT_NEAR(equal_share(m[0].b, m[1].b), alike, off);
  EXPECT_NEAR(equal_share(m[0].a, m[0].b), alike, off);
}
TEST(dropout, is_the_same_everywhere) {
  const auto m = drawn(2), scalar = drawn<scalar_backend<float>>(2), blocks = drawn<cuda_on_host>(2);
  thread_count() = 2;
  const auto two = drawn(2);
  thread_count() = 0;
  for (int s = 0; s < 2; ++s) {
    EXPECT_EQ(m[std::size_t(s)].a, scalar[std::size_t(s)].a);
    EXPECT_EQ(m[std::size_t(s)].b, scalar[std::size_t(s)].b);
    EXPECT_EQ(m[std::size_t(s)].a, blocks[std::size_t(s)].a);
    EXPECT_EQ(m[std::size_t(s)].a, two[std::size_t(s)].a);
    EXPECT_EQ(m[std::size_t(s)].loss, two[std::size_t(s)].loss);
  }
}
TEST(dropout, is_nothing_outside_of_training) {
  auto model = make_model(3);
  const field x(5.f);
  std::vector<float> to(std::size_t(field::shape.size()));
  make_inference<field>(model)(x, to.data());
  EXPECT_EQ(to, std::vector<float>(to.size(), 13));
  const tensor live = model(x);
  EXPECT_EQ(live[7], 13);
  auto r = diff(model)(x, 0.f);
  EXPECT_EQ(float(value(r)), 13 * n);
  const tensor da = grad<0>(diff([](auto v) { return sum(dropout{0.25_c}(v)); })(x));
  EXPECT_EQ(da[7], 1);
  // Nothing is left of it: no comparison, no random number.
  using spec = inference<simd_backend, model_type, field>::spec;
  EXPECT_EQ(flattened<spec>::value.size, flattened<spec>::value.leaf_count + 2) << "leaves, b % x and the sum";
}

}  // namespace
