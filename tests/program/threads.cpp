// SPDX-License-Identifier: BSL-1.0
// threads.cpp -- in: a step of training. out: the same bits on one, two and four threads, and beside another program that is
// run in a thread of its own; the thread sanitizer is to see them.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace {

using namespace knit;

using network = decltype(make_chain(make_dense<300, 45>(relu), make_dense<45, 9>()));
using network_step = training_step<simd_backend, network, sgd_rule, tensor<float, 300, 64>, tensor<std::uint8_t, 64>>;
static_assert(plan_of<network_step>::plan.parallel, "a second thread has to be worth it");

/// Parameters after some steps, of weights and batches by this seed.
std::vector<float> trained(std::uint64_t seed) {
  auto net = make_chain(make_dense<300, 45>(relu, xavier_uniform{seed}, 0), make_dense<45, 9>(identity, xavier_uniform{seed}, 1));
  network_step step(net, {.lr = 0.02});
  for (std::uint64_t s = 0; s < 8; ++s) {
    tensor<std::uint8_t, 64> labels;
    labels.fill([&](long i) { return std::uint8_t((std::uint64_t(i) * 5 + s * 3 + seed) % 9); });
    step(init<300, 64>(gaussian{seed + 7, 0, 1}, s), labels);
  }
  std::vector<float> parameters;
  for_each_parameter(net, [&](std::string const&, auto const& a) {
    for (long i = 0; i < a.size(); ++i) parameters.push_back(a[i]);
  });
  return parameters;
}

struct threads : testing::TestWithParam<int> {
  threads() { thread_count() = GetParam(); }
  ~threads() override { thread_count() = 0; }
};

TEST_P(threads, do_not_change_a_bit) {
  const std::vector<float> here = trained(1);
  thread_count() = 1;
  EXPECT_EQ(here, trained(1));
}

TEST_P(threads, serve_one_program_while_another_runs_on_its_own) {
  const std::vector<float> first = trained(1), second = trained(2);
  EXPECT_NE(first, second);
  for (int round = 0; round < 5; ++round) {
    std::vector<float> there;
    std::thread other([&] { there = trained(2); });
    const std::vector<float> here = trained(1);
    other.join();
    EXPECT_EQ(here, first) << round;
    EXPECT_EQ(there, second) << round;
  }
}

INSTANTIATE_TEST_SUITE_P(of, threads, testing::Values(1, 2, 4));

}  // namespace
