// SPDX-License-Identifier: BSL-1.0
// training.cpp -- in: steps of device.cu, on the runtime of the tests. out: what the CPU makes of them; nothing is left when a
// call fails, whichever it is.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <knit/core/philox.hpp>
#include <knit/optim/adam.hpp>
#include <knit/optim/sgd.hpp>
#include <knit/train/step.hpp>
#include <numeric>

#include "device.hpp"
#include "runtime.hpp"

namespace {

using namespace knit;

#ifdef KNIT_PTX_device_80
small_data numbers(int size) {
  small_data d;
  for (int i = 0; i < size; ++i) {
    for (int k = 0; k < 4; ++k) d.x.push_back(float((7 * i + 3 * k * k) % 11) / 5 - 1);
    d.y.push_back(std::uint8_t(i * i % 3));
  }
  return d;
}
void expect_same(small_model const& a, small_model const& b) {
  std::apply(
      [&](auto const*... p) {
        std::apply(
            [&](auto const*... q) {
              auto compare = [](auto const& x, auto const& y) {
                for (long i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], y[i], 2e-5);
              };
              (compare(*p, *q), ...);
            },
            parameters_of(b));
      },
      parameters_of(a));
}
void expect_same(std::vector<float> const& a, std::vector<float> const& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 2e-5) << "loss " << i;
}
/// The same steps on the CPU.
std::vector<float> train_here(small_model& m, small_data const& d, int passes) {
  training_step<simd_backend, small_model, adam_rule, view<float, 4, 5>, view<std::uint8_t, 5>> step(m, {.lr = 0.02});
  std::vector<float> losses;
  for (int i = 0; i < passes; ++i)
    for (std::size_t at = 0; at + 5 <= d.y.size(); at += 5)
      losses.push_back(step(view<float, 4, 5>(d.x.data() + 4 * at), view<std::uint8_t, 5>(d.y.data() + at)));
  return losses;
}

struct training_there : testing::Test {
  static void SetUpTestSuite() { fake_runtime::load(KNIT_PTX_device_80); }
  void SetUp() override { fake_runtime::fail_at(0); }
  void TearDown() override { EXPECT_EQ(fake_runtime::alive(), 0) << "memory, streams or graphs are left"; }
};

TEST_F(training_there, is_training_here) {
  const small_data d = numbers(15);
  small_model here = make_small(), there = here;
  expect_same(train_by_steps(there, d), train_here(here, d, 1));
  expect_same(there, here);
}

TEST_F(training_there, as_a_graph_is_the_same_again_and_again) {
  const small_data d = numbers(10);
  small_model here = make_small(), there = here;
  EXPECT_NEAR(train_by_graph(there, d, 3), train_here(here, d, 3).back(), 2e-5);
  expect_same(there, here);
}

TEST_F(training_there, has_no_loss_before_its_first_step) {
  small_model there = make_small();
  EXPECT_TRUE(std::isnan(train_by_graph(there, numbers(5), 0)));
  expect_same(there, make_small());
}

TEST_F(training_there, has_a_last_batch_that_is_smaller) {
  using batches = view<float, 4, dyn<"batch", 5>>;
  using labels = view<std::uint8_t, dyn<"batch", 5>>;
  const small_data d = numbers(13);
  small_model here = make_small(), there = here;
  training_step<simd_backend, small_model, sgd_rule, batches, labels> step(here, {.lr = 0.5});
  std::vector<float> losses;
  for (int at = 0; at < 13; at += 5) {
    const int n = std::min(5, 13 - at);
    losses.push_back(step(batches(d.x.data() + 4 * at, n), labels(d.y.data() + at, n)));
  }
  expect_same(train_by_partial_steps(there, d), losses);
  expect_same(there, here);
}

template <int Features> void expect_the_order_of_the_host() {
  const int n = 23;  // three wait for another epoch
  std::vector<std::uint8_t> x, y;
  for (int i = 0; i < n; ++i) {
    for (int k = 0; k < Features; ++k) x.push_back(std::uint8_t(i * Features + k));
    y.push_back(std::uint8_t(i % 10));
  }
  const instances<Features> data(std::move(x), std::move(y), 10);
  std::vector<std::uint8_t> expected;
  for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<int> order(n);
    std::iota(order.begin(), order.end(), 0);
    shuffle(order, 7, epoch);
    for (int b = 0; b < n / 5; ++b) {
      int const* const of = order.data() + b * 5;
      for (int i = 0; i < 5; ++i)
        expected.insert(expected.end(), data.x.begin() + of[i] * Features, data.x.begin() + (of[i] + 1) * Features);
      for (int i = 0; i < 5; ++i) expected.push_back(data.y[std::size_t(of[i])]);
    }
  }
  EXPECT_EQ(shuffled_there(data, 7, 3), expected) << Features << " features";
}
TEST_F(training_there, has_batches_in_the_order_of_the_host) {
  expect_the_order_of_the_host<3>();
  expect_the_order_of_the_host<12>();
  expect_the_order_of_the_host<32>();
  const instances<3> few(std::vector<std::uint8_t>(12), std::vector<std::uint8_t>(4), 10);
  EXPECT_THROW(shuffled_there(few, 1, 1), std::invalid_argument);
}

TEST_F(training_there, is_explained_with_the_registers_that_the_driver_knows) {
  const std::string said = explained();
  EXPECT_NE(said.find(" on A100, 99 registers of a thread\nkernel 1: "), said.npos) << said;
  fake_runtime::fail_at(1);
  EXPECT_THROW(explained(), std::runtime_error);
}

/// What is said when the n-th call fails.
template <class F> std::string said_at(long n, cudaError_t e, F&& f) {
  fake_runtime::fail_at(n, e);
  std::string said;
  try {
    f();
  } catch (std::runtime_error const& error) {
    said = error.what();
  }
  EXPECT_EQ(fake_runtime::alive(), 0) << "after call " << n << " failed: " << said;
  return said;
}

TEST_F(training_there, leaves_nothing_behind_when_a_call_fails) {
  const small_data d = numbers(10);
  small_model m = make_small();
  const instances<12> data(std::vector<std::uint8_t>(120), std::vector<std::uint8_t>(10), 10);
  const std::function<void()> all[] = {[&] { train_by_steps(m, d); }, [&] { train_by_graph(m, d, 1); },
                                       [&] { shuffled_there(data, 1, 2); }};
  for (auto const& f : all) {
    EXPECT_EQ(said_at(0, cudaSuccess, f), "");
    const long calls = fake_runtime::calls();
    EXPECT_GT(calls, 15);
    for (long n = 1; n <= calls; ++n) {
      const std::string said = said_at(n, cudaErrorMemoryAllocation, f);
      EXPECT_EQ(said.rfind("knit: ", 0), 0u) << "call " << n << " of " << calls << ": " << said;
      EXPECT_NE(said.find(": out of memory"), said.npos) << said;
    }
    EXPECT_EQ(said_at(0, cudaSuccess, f), "") << "and works again";
  }
}

TEST_F(training_there, says_what_failed) {
  const small_data d = numbers(5);
  small_model m = make_small();
  bool launch = false;
  fake_runtime::fail_at(0);
  train_by_steps(m, d);
  const long calls = fake_runtime::calls();
  for (long n = 1; n <= calls; ++n)
    launch |=
        said_at(n, cudaErrorNoKernelImageForDevice, [&] { train_by_steps(m, d); }) ==
        "knit: launch of a kernel: no kernel image is available for execution on the device; compile for the GPU at hand, as with "
        "CMAKE_CUDA_ARCHITECTURES native";
  EXPECT_TRUE(launch);
}
#else
TEST(training_there, needs_nvcc) { GTEST_SKIP() << "there is no nvcc, so no kernels to run"; }
#endif

}  // namespace
