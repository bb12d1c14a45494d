// SPDX-License-Identifier: BSL-1.0
// dense.cpp -- in: nn/dense.hpp. out: which layers begin with equal weights, and which do not.

#include <knit/nn/chain.hpp>
#include <knit/nn/dense.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace {

using namespace knit;

template <class A, class B> double equal_share(A const& a, B const& b) {
  double n = 0;
  for (long i = 0; i < a.size(); ++i) n += a[i] == b[i];
  return n / double(a.size());
}

TEST(layers_without_a_stream, differ_by_their_places) {
  auto m = make_chain(make_dense<64, 64>(relu), make_dense<64, 64>(relu), make_dense<64, 64>(relu));
  auto const &a = hana::at_c<0>(m.layers).w, &b = hana::at_c<1>(m.layers).w, &c = hana::at_c<2>(m.layers).w;
  EXPECT_LT(equal_share(a, b), 0.01);  // on one line
  EXPECT_LT(equal_share(a, c), 0.01);  // under each other
  EXPECT_LT(equal_share(b, c), 0.01);
  double ab = 0, aa = 0;
  for (long i = 0; i < a.size(); ++i) ab += double(a[i]) * double(b[i]), aa += double(a[i]) * double(a[i]);
  EXPECT_NEAR(ab / aa, 0, 4 / std::sqrt(double(a.size())));
  const auto p = init<64, 64>(gaussian{1}), q = init<64, 64>(gaussian{1});
  EXPECT_LT(equal_share(p, q), 0.01);
}

TEST(layers_without_a_stream, are_the_same_each_time) {
  auto make_model = [] { return make_chain(make_dense<8, 8>(relu), make_dense<8, 8>()); };
  auto m = make_model(), again = make_model();
  EXPECT_EQ(equal_share(hana::at_c<0>(m.layers).w, hana::at_c<0>(again.layers).w), 1);
  EXPECT_EQ(equal_share(hana::at_c<1>(m.layers).w, hana::at_c<1>(again.layers).w), 1);
}

TEST(layers_with_a_stream, do_not_depend_on_their_places) {
  const auto a = make_dense<784, 256>(relu, xavier_uniform{1}, 0);
  EXPECT_EQ(equal_share(a.w, make_dense<784, 256>(relu, xavier_uniform{1}, 0).w), 1);
  EXPECT_LT(equal_share(a.w, make_dense<784, 256>(relu, xavier_uniform{1}, 1).w), 0.01);
  EXPECT_EQ(a.w[0], 0x1.b80d8ep-6f);  // as in init.cpp
  EXPECT_EQ(a.w[1], 0x1.507ad6p-6f);
  EXPECT_EQ((init<256, 784>(xavier_uniform{1}, 0)[2]), 0x1.326ecep-4f);
}

}  // namespace
