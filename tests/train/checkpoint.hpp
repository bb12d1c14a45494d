// SPDX-License-Identifier: BSL-1.0
// checkpoint.hpp -- a small training with everything that a checkpoint must hold, and its losses without a stop.
#pragma once
#include <knit/knit.hpp>
#include <knit/train/checkpoint.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "../temporary_folder.hpp"

namespace checkpoint_test {

namespace fs = std::filesystem;
using namespace knit;

constexpr int features = 6, classes = 3, batch = 4;

/// 22 instances: five batches and two that are left over.
inline instances<features> make_data(int n = 22) {
  std::vector<std::uint8_t> x, y;
  for (int i = 0; i < n; ++i) {
    for (int f = 0; f < features; ++f) x.push_back(std::uint8_t(i * 37 * (f + 1) + f * f * 11));
    y.push_back(std::uint8_t((i * i + i / 3) % classes));
  }
  return {std::move(x), std::move(y), classes};
}
inline auto make_model(std::uint64_t seed = 1) {
  return make_chain(dropout{0.25_c}, make_dense<features, classes>(identity, xavier_uniform{seed}, 0));
}

/// Adam, with dropout, in a shuffled order.
struct training {
  using model_type = decltype(make_model());
  model_type model;
  minibatch_view<features, batch> batches;
  decltype(make_training_step(model, batches, adam_rule{})) step;

  explicit training(instances<features> const& data, std::uint64_t seed = 1)
      : model(make_model(seed)),
        batches(data | minibatch<batch>(shuffle_by{seed})),
        step(make_training_step(model, batches, adam_rule{.lr = 0.02})) {}
  training(training const&) = delete;

  std::vector<float> run(int n) {
    std::vector<float> losses;
    for (float l : batches | cycle | train(step) | take(n)) losses.push_back(l);
    return losses;
  }
  std::vector<float> weights() const {
    std::vector<float> all;
    for_each_parameter(model, [&](std::string const&, auto const& a) {
      for (long i = 0; i < a.size(); ++i) all.push_back(a[i]);
    });
    return all;
  }
};

/// A process that goes on from the checkpoint, if there is one, and makes one after each step, until it is killed. Then
/// the checkpoint is there and whole, and the losses from there on are those of a training that was never stopped.
inline void is_killed_and_goes_on(int times) {
  auto const data = make_data();
  const temporary_folder folder;
  auto const file = folder / "training.safetensors";
  training never_stopped(data);
  auto all = never_stopped.batches | cycle | train(never_stopped.step);
  auto next = ranges::begin(all);
  std::vector<float> losses;
  std::minstd_rand random(7);
  long furthest = 0;
  for (int n = 0; n < times; ++n) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      training t(data);
      if (fs::exists(file)) load(file, t.step, t.batches);
      for (float l : t.batches | cycle | train(t.step)) {
        static_cast<void>(l);
        save(file, t.step, t.batches);
      }
      _exit(1);  // not reached
    }
    while (n == 0 && !fs::exists(file)) usleep(100);
    usleep(useconds_t(random() % 10'000));
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "it ended by itself";

    training resumed(data, 9);  // of other weights and another order, to be replaced
    load(file, resumed.step, resumed.batches);
    long const from = resumed.step.steps();
    ASSERT_GE(from, furthest) << "an older one is there again";
    furthest = from;
    for (; long(losses.size()) < from + 12; ++next) losses.push_back(*next);
    ASSERT_EQ(resumed.run(12), std::vector<float>(losses.begin() + from, losses.begin() + from + 12)) << "from step " << from;
  }
  EXPECT_GT(furthest, times / 4) << "hardly a step between two ends";
}

}  // namespace checkpoint_test
