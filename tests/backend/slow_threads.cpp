// SPDX-License-Identifier: BSL-1.0
// slow_threads.cpp -- in: backend/simd.hpp with all optimisation. out: the same bits on one thread and on several.
// It is quick, but only -O3 copies functions and fuses multiplications with additions in some copies.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace {

using namespace knit;

template <int In, int Out, int Batch> std::vector<float> trained(int threads) {
  thread_count() = threads;
  auto net = make_chain(make_dense<In, 45>(identity, xavier_uniform{3}, 0), make_dense<45, Out>(identity, xavier_uniform{3}, 1));
  training_step<simd_backend, decltype(net), sgd_rule, tensor<float, In, Batch>, tensor<std::uint8_t, Batch>> step(net,
                                                                                                                   {.lr = 0.0173});
  for (int s = 0; s < 20; ++s) {
    tensor<std::uint8_t, Batch> y;
    y.fill([&](long i) { return std::uint8_t((i * 5 + s * 3 + i * i) % Out); });
    step(init<In, Batch>(gaussian{11, 0, 1}, std::uint64_t(s)), y);
  }
  std::vector<float> parameters;
  for_each_parameter(net, [&](std::string const&, auto const& a) {
    for (long i = 0; i < a.size(); ++i) parameters.push_back(a[i]);
  });
  thread_count() = 0;
  return parameters;
}

template <int In, int Out, int Batch> void same_bits() {
  const auto one = trained<In, Out, Batch>(1);
  for (int threads : {2, 3}) {
    const auto more = trained<In, Out, Batch>(threads);
    EXPECT_EQ(std::memcmp(more.data(), one.data(), one.size() * sizeof(float)), 0) << threads << " threads";
  }
}

TEST(threads, give_the_same_bits) {
  same_bits<300, 9, 128>();
  same_bits<300, 7, 37>();
}

}  // namespace
