// SPDX-License-Identifier: BSL-1.0
// tensor.cpp -- in: core/tensor.hpp. out: where elements are after copies, moves and assignments.

#include <knit/core/tensor.hpp>

#include <gtest/gtest.h>

#include <array>
#include <span>
#include <utility>
#include <vector>

namespace {

using namespace knit;
using vec = tensor<float, 3>;
using matrix = tensor<float, 5, 2>;

TEST(a_tensor, stays_where_it_is_when_another_is_assigned) {
  vec x{1, 2, 3};
  const vec y{4, 5, 6};
  view<float, 3> seen(x.data());
  x = y;
  EXPECT_EQ(seen[1], 5);
  EXPECT_EQ(x.data(), seen.data());
  EXPECT_NE(x.data(), y.data());
  vec const& same = x;
  x = same;
  EXPECT_EQ(seen[2], 6);
  x = {7, 8, 9};
  EXPECT_EQ(x[0], 7);
}

TEST(a_tensor, takes_the_memory_of_what_is_moved_into_it) {
  matrix x(1.f), y(2.f);
  float const* const memory = y.data();
  x = std::move(y);
  EXPECT_EQ(x.data(), memory);
  EXPECT_EQ(x(4, 1), 2);
}

TEST(a_tensor, that_was_moved_from_is_copied_and_assigned) {
  matrix x(1.f);
  const matrix moved = std::move(x);
  EXPECT_EQ(moved(4, 1), 1);
  const matrix copy = x;  // NOLINT: of one without elements
  EXPECT_EQ(copy.data(), nullptr);
  matrix y(2.f);
  y = copy;
  EXPECT_EQ(y.data(), nullptr);
  x = moved;
  y = x;
  EXPECT_EQ(y(4, 1), 1);
  EXPECT_NE(y.data(), x.data());
  EXPECT_NE(x.data(), moved.data());
}

TEST(a_view, is_made_of_a_tensor_whose_elements_lie_as_its_own_do) {
  tensor<float, 3> x{1, 2, 3};
  const view<float, 3> v = x;
  EXPECT_EQ(v.data(), x.data());
  x[1] = 5;
  EXPECT_EQ(v[1], 5);
  tensor<double, 2, 3, 4> images;
  images.fill([](long i) { return double(i); });
  EXPECT_EQ((view<double, 2, 3, 4>(images)(1, 2, 3)), 23);
  static_assert(std::is_convertible_v<tensor<std::uint8_t, 2, 3> const&, view<std::uint8_t, 2, 3>>);
  static_assert(!std::is_convertible_v<tensor<float, 2, 3> const&, view<float, 2, 3>>);  // which lies in panels
  static_assert(!std::is_convertible_v<tensor<float, 4> const&, view<float, 3>>);
  static_assert(!std::is_convertible_v<tensor<float, 3>, view<float, 3>>);  // a temporary
}

TEST(a_view, is_made_of_a_list_that_has_a_name) {
  std::vector<float> numbers{1, 2, 3};
  std::vector<float> const& same = numbers;
  std::array<float, 3> const three{4, 5, 6};
  const std::span<float const> last(three);
  EXPECT_EQ((view<float, 3>(numbers).data()), numbers.data());
  EXPECT_EQ((view<float, 3>(same).data()), numbers.data());
  EXPECT_EQ((view<float, 1, 3>(three)(0, 2)), 6);
  EXPECT_EQ((view<float, 3>(last).data()), three.data());
  EXPECT_EQ((view<float, 2>(last.last(2)).data()), three.data() + 1);  // a span's memory outlives it
  EXPECT_THROW((view<float, 2>(numbers)), std::invalid_argument);
  EXPECT_THROW((view<float, 4>(three)), std::invalid_argument);
  static_assert(!std::is_convertible_v<std::vector<float>&, view<float, 3>>);  // nothing else says how many there have to be
  struct every_other {  // which do not lie side by side
    float* data() const { return nullptr; }
    std::size_t size() const { return 3; }
  };
  static_assert(!std::is_constructible_v<view<float, 3>, every_other&>);
}

TEST(a_tensor, is_made_of_a_list) {
  std::vector<float> numbers{1, 2, 3, 4, 5, 6};
  const tensor<float, 3, 2> x(numbers);  // lies in panels
  EXPECT_EQ(x(2, 0), 3);
  EXPECT_EQ(x(0, 1), 4);
  const tensor<float, 6> moved(std::move(numbers));
  EXPECT_EQ(moved[5], 6);
  EXPECT_THROW((tensor<float, 6>(std::array<float, 5>{})), std::invalid_argument);
}

TEST(a_tensor, without_axes_is_a_number) {
  const tensor<float> x(0.5f);
  const float as_float = x;
  const double as_double = x;
  EXPECT_EQ(as_float, 0.5f);
  EXPECT_EQ(as_double, 0.5);
  static_assert(!std::is_convertible_v<tensor<float, 1>, float>);
}

}  // namespace
