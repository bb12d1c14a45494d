// SPDX-License-Identifier: BSL-1.0
// inference_memory.cpp -- in: chains of equal layers. out: inference holds what two layers need, however many there are, and has
// nothing of a gradient's; training holds more for each.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

namespace {

using namespace knit;

constexpr long wide = 256, batch = 64, layer_bytes = 4 * wide * batch;

using layer = decltype(make_dense<wide, wide>(relu));
template <int N> using chain_of = mp::mp_rename<mp::mp_repeat_c<mp::mp_list<layer>, N>, chain>;
using x_type = view<float, wide, batch>;
template <int N> constexpr long inference_bytes = plan_of<inference<simd_backend, chain_of<N>, x_type>>::arena_bytes;
template <int N> constexpr long training_bytes =
    plan_of<training_step<simd_backend, chain_of<N>, sgd_rule, x_type, view<std::uint8_t, batch>>>::arena_bytes;

TEST(inference_memory, does_not_grow_with_depth) {
  EXPECT_LE(inference_bytes<2>, 2 * layer_bytes);
  EXPECT_LE(inference_bytes<5>, 2 * layer_bytes);
}
TEST(inference_memory, is_that_of_values_alone) {
  EXPECT_GE(training_bytes<5> - training_bytes<2>, 3 * layer_bytes);  // a layer's value waits for the gradient that reads it
  EXPECT_GE(training_bytes<5> - inference_bytes<5>, 3 * layer_bytes);
}

}  // namespace
