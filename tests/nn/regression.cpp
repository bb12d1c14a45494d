// SPDX-License-Identifier: BSL-1.0
// regression.cpp -- in: nn/regression.hpp. out: predictions, losses and lines that are found, of labels in a row, a list or vectors.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace {

using namespace knit;

struct absolute {
  template <class A, class B> constexpr auto operator()(A const& a, B const& b) const { return mean(abs(a - b)); }
};

/// y = 2 a - 3 b + 1 at 40 points.
struct line {
  std::vector<float> x, y;
  line() {
    for (int i = 0; i < 40; ++i) {
      const float a = 0.1f * float(i % 8), b = 0.2f * float(i / 8);
      x.insert(x.end(), {a, b});
      y.push_back(2 * a - 3 * b + 1);
    }
  }
};
template <class Label, class Model> void finds_the_line(Model model) {
  const line all;
  const instances<2, float, Label> points(all.x, all.y);
  points | minibatch<40>(in_order{}) | cycle | adam(model, {.lr = 0.05}) | take(1500) | run();
  EXPECT_NEAR(model.net.w(0, 0), 2, 0.02);
  EXPECT_NEAR(model.net.w(0, 1), -3, 0.02);
  EXPECT_NEAR(model.net.b[0], 1, 0.02);
  const tensor<float, 2> at{1, 1};
  const tensor there = model(at);
  EXPECT_NEAR(there[0], 0, 0.05);
}

TEST(regression, finds_a_line_whose_values_are_a_row_of_vectors_of_one) {
  finds_the_line<float[1]>(make_regression(make_dense<2, 1>()));
}
TEST(regression, finds_a_line_whose_values_are_a_list) { finds_the_line<float>(make_regression(make_dense<2, 1>())); }
TEST(regression, finds_a_line_by_a_loss_of_its_own) { finds_the_line<float>(make_regression(make_dense<2, 1>(), absolute{})); }

TEST(regression, compares_each_prediction_with_what_was_measured_there) {
  const auto model = make_regression(dense(tensor<float, 1, 2>{1, 10}, tensor<float, 1>(0.5f), identity), absolute{});
  const tensor<float, 2, 3> x{1, 1, 2, 0, 0, 3};  // predictions 11.5, 2.5, 30.5
  const float list = model(x, tensor<float, 3>{11, 2, 32});
  EXPECT_FLOAT_EQ(list, (0.5f + 0.5f + 1.5f) / 3);
  const float row = model(x, tensor<float, 1, 3>{11, 2, 32});
  EXPECT_FLOAT_EQ(row, list);
}

TEST(regression, of_vectors_is_their_mean_squared_error) {
  const auto model = make_regression(dense(tensor<double, 2, 1>{1, -1}, tensor<double, 2>{0, 4}, identity));
  const tensor<double, 1, 2> x{3, 5};  // predictions (3, 1), (5, -1)
  const double loss = model(x, tensor<double, 2, 2>{3, 2, 7, -1});
  EXPECT_DOUBLE_EQ(loss, (0 + 1 + 4 + 0) / 4.0);
}

TEST(regression, of_a_list_that_is_known_at_run_time_only) {
  const line all;
  auto model = make_regression(make_dense<2, 1>());
  const instances<2, float, float> points(all.x, all.y);
  points | minibatch<dyn<"batch", 32>>(in_order{}) | cycle | adam(model, {.lr = 0.05}) | take(2000) | run();
  EXPECT_NEAR(model.net.w(0, 1), -3, 0.05);
}

}  // namespace
