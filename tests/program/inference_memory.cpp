// SPDX-License-Identifier: BSL-1.0
// inference_memory.cpp -- in: chains of equal layers. out: inference holds less than the values of one layer, as it goes through
// all of them a few instances at a time; training holds those of each.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

namespace {

using namespace knit;

constexpr long wide = 256, batch = 64, layer_bytes = 4 * wide * batch;

using layer = decltype(make_dense<wide, wide>(relu));
template <int N> using chain_of = mp::mp_rename<mp::mp_repeat_c<mp::mp_list<layer>, N>, chain>;
using x_type = view<float, wide, batch>;
template <class P> constexpr long bytes_of = plan_of<P>::arena_bytes + plan_of<P>::own_bytes;  // on one thread
template <int N> constexpr long inference_bytes = bytes_of<inference<simd_backend, chain_of<N>, x_type>>;
template <int N> constexpr long training_bytes =
    bytes_of<training_step<simd_backend, chain_of<N>, sgd_rule, x_type, view<std::uint8_t, batch>>>;

TEST(inference_memory, is_less_than_one_layers_values) {
  EXPECT_GT(inference_bytes<2>, 0);
  EXPECT_LT(inference_bytes<5>, layer_bytes);
}
TEST(inference_memory, has_nothing_that_a_gradient_reads) {
  EXPECT_GE(training_bytes<5> - training_bytes<2>, 3 * layer_bytes);  // a layer's value waits for the gradient that reads it
  EXPECT_LT(inference_bytes<5> - inference_bytes<2>, layer_bytes / 4);
}

}  // namespace
