// SPDX-License-Identifier: BSL-1.0
// checkpoint.cpp -- in: train/checkpoint.hpp. out: a model and a training come back to the bit, wherever they were, and
// are left as they are by a file that is of something else.

#include "checkpoint.hpp"

namespace {

using namespace checkpoint_test;

class checkpoint : public testing::Test {
 protected:
  temporary_folder folder;
  fs::path file = folder / "some.safetensors";
  instances<features> data = make_data();
};

/// What loading throws, behind the file's name.
template <class... To> std::string refusal(fs::path const& file, To&... to) {
  try {
    load(file, to...);
    return "loaded";
  } catch (data_error const& e) {
    const std::string text = e.what(), begin = "knit: " + file.string() + ' ';
    return text.starts_with(begin) ? text.substr(begin.size()) : text;
  }
}

TEST_F(checkpoint, of_a_model_is_its_parameters_by_path) {
  training t(data), other(data, 2);
  ASSERT_NE(t.weights(), other.weights());
  save(file, t.model);
  load(file, other.model);
  EXPECT_EQ(other.weights(), t.weights());

  auto const arrays = read_safetensors(file).arrays;
  std::string names;
  for (auto const& [name, a] : arrays) names += name + ' ';
  EXPECT_EQ(names, "layers.1.b layers.1.w ");
  EXPECT_EQ(arrays.at("layers.1.w").extent, (std::vector<std::uint64_t>{classes, features}));  // out, in: as PyTorch's
}

/// At every place of an epoch, and behind its end; 5 batches are an epoch.
TEST_F(checkpoint, of_a_training_goes_on_to_the_bit) {
  training never_stopped(data);
  auto const losses = never_stopped.run(20);
  for (int n = 0; n <= 10; ++n) {
    training first(data), second(data, 2);
    first.run(n);
    save(file, first.step, first.batches);
    if (n % 3 == 0) second.run(n + 1);  // what it was does not matter
    load(file, second.step, second.batches);
    EXPECT_EQ(second.step.steps(), n);
    save(file, second.step, second.batches);  // before anything is read, it is the same again
    load(file, second.step, second.batches);
    EXPECT_EQ(second.run(20 - n), std::vector<float>(losses.begin() + n, losses.end())) << n;
    EXPECT_EQ(second.weights(), never_stopped.weights()) << n;
  }
}

TEST_F(checkpoint, is_made_on_the_way) {
  training never_stopped(data), first(data), second(data, 2);
  auto const losses = never_stopped.run(20);
  first.batches | cycle | train(first.step) | take(13) | takenth(4) | tap([&](float) { save(file, first.step, first.batches); }) |
      run();
  load(file, second.step, second.batches);
  EXPECT_EQ(second.step.steps(), 12);
  EXPECT_EQ(second.run(8), std::vector<float>(losses.begin() + 12, losses.end()));
}

TEST_F(checkpoint, of_batches_made_ahead_has_those_that_were_used) {
  training never_stopped(data);
  auto const losses = never_stopped.run(20);
  for (int n : {0, 1, 5, 7}) {
    training first(data), second(data, 2);
    auto all = first.batches | cycle | prefetch | train(first.step) | take(n);
    run(all);
    save(file, first.step, first.batches.position_after(std::uint64_t(n)));
    load(file, second.step, second.batches);
    EXPECT_EQ(second.run(20 - n), std::vector<float>(losses.begin() + n, losses.end())) << n;
  }
}

TEST_F(checkpoint, without_batches_leaves_them) {
  training t(data), other(data, 2);
  t.run(3);
  save(file, t.step);
  load(file, other.step);
  EXPECT_EQ(other.weights(), t.weights());
  EXPECT_EQ(other.step.steps(), 3);
  EXPECT_EQ(other.batches.epoch(), 0u);
  EXPECT_EQ(refusal(file, other.step, other.batches), "is no checkpoint of this training: its metadata has no epoch");
}

TEST_F(checkpoint, is_a_file_of_weights_too) {
  training t(data), other(data, 2);
  t.run(3);
  save(file, t.step, t.batches);
  load(file, other.model);
  EXPECT_EQ(other.weights(), t.weights());
  save(file, t.model);
  EXPECT_EQ(refusal(file, other.step, other.batches).substr(0, 37), "has no array 'layers.1.w/state0'; it ");
}

TEST_F(checkpoint, of_something_else_changes_nothing) {
  training t(data), other(data, 2);
  t.run(7);
  save(file, t.step, t.batches);
  auto const right = read_safetensors(file);
  other.run(2);
  auto const weights = other.weights();
  auto const refused = [&](auto change) {
    auto wrong = right;
    change(wrong);
    write_safetensors(file, wrong);
    const auto why = refusal(file, other.step, other.batches);
    EXPECT_EQ(other.weights(), weights);
    EXPECT_EQ(other.step.steps(), 2);
    EXPECT_EQ(other.batches.epoch(), 1u);
    EXPECT_EQ(other.batches.position().batch, 2);
    return why;
  };
  EXPECT_EQ(refused([](auto& f) { f.arrays.erase("layers.1.b"); }),
            "has no array 'layers.1.b'; it has 'layers.1.b/state0', 'layers.1.b/state1', 'layers.1.w', "
            "'layers.1.w/state0', ...");
  EXPECT_EQ(refused([](auto& f) { f.arrays["layers.4.b"] = f.arrays["layers.1.b"]; }),
            "has an array 'layers.4.b' that has no place here");
  EXPECT_EQ(refused([](auto& f) { f.arrays["layers.1.b/state2"] = f.arrays["layers.1.b"]; }),
            "has an array 'layers.1.b/state2' that has no place here");
  EXPECT_EQ(refused([](auto& f) { f.arrays["layers.1.w"] = to_stored(tensor<float, features, classes>()); }),
            "has as 'layers.1.w' an array F32 of shape [6,3], where F32 of shape [3,6] is wanted");
  EXPECT_EQ(refused([](auto& f) { f.arrays["layers.1.w/state1"] = to_stored(tensor<double, classes, features>()); }),
            "has as 'layers.1.w/state1' an array F64 of shape [3,6], where F32 of shape [3,6] is wanted");
  EXPECT_EQ(refused([](auto& f) { f.metadata.erase("rule"); }), "is no checkpoint of this training: its metadata has no rule");
  EXPECT_EQ(refused([](auto& f) { f.metadata["rule"] = "adamw"; }), "is of a training by adamw, where one by adam is wanted");
  EXPECT_EQ(refused([](auto& f) { f.metadata.erase("steps"); }), "is no checkpoint of this training: its metadata has no steps");
  for (char const* text : {"", "-1", "7.0", "seven", "99999999999999999999"})
    EXPECT_EQ(refused([&](auto& f) { f.metadata["steps"] = text; }),
              "is no checkpoint: its metadata has as steps '" + std::string(text) + "', where a whole number is wanted");
  EXPECT_EQ(refused([](auto& f) { f.metadata["batch"] = "6"; }),
            "knit: a position behind 6 batches of epoch 2 is none, as epochs count from 1 and have 5");
  EXPECT_EQ(refused([](auto& f) { f.metadata["instances"] = "24"; }),
            "knit: a position in batches of 4 of 24 instances means nothing in batches of 4 of 22");
  EXPECT_EQ(refused([](auto& f) { f.metadata["batch_size"] = "8"; }),
            "knit: a position in batches of 8 of 22 instances means nothing in batches of 4 of 22");
  write_safetensors(file, right);
  EXPECT_EQ(refusal(file, other.step, other.batches), "loaded");
}

/// Both remember one array of each parameter's shape.
TEST_F(checkpoint, of_another_rule_is_refused) {
  auto model = make_model();
  auto batches = data | minibatch<batch>(shuffle_by{1});
  auto by_momentum = make_training_step(model, batches, momentum_rule{});
  auto by_adagrad = make_training_step(model, batches, adagrad_rule{});
  auto shortened = make_training_step(model, batches, scheduled(clip_each(weight_decay(momentum_rule{}, 0.1), 1), cosine{100}));
  auto by_either = make_training_step(model, batches, clip_all(by_parameter(matrices, momentum_rule{}, adagrad_rule{}), 1));
  batches | train(by_momentum) | run();
  save(file, by_momentum);
  EXPECT_EQ(refusal(file, by_adagrad), "is of a training by momentum, where one by adagrad is wanted");
  EXPECT_EQ(refusal(file, by_either), "is of a training by momentum, where one by momentum or adagrad is wanted");
  EXPECT_EQ(by_adagrad.steps(), 0);
  EXPECT_EQ(refusal(file, shortened), "loaded") << "what is around a rule remembers nothing";
  EXPECT_EQ(shortened.steps(), 5);
  save(file, by_either);
  EXPECT_EQ(refusal(file, by_momentum), "is of a training by momentum or adagrad, where one by momentum is wanted");
  EXPECT_EQ(refusal(file, by_either), "loaded");
}

/// Neither named nor like another.
struct own_rule {
  static constexpr int states = 1;
  std::array<double, 1> hyper(long) const { return {0.1}; }
  struct next {
    constexpr auto operator()(auto w, auto g, auto v, auto rate) const { return std::tuple(w - rate % g, v + g); }
  };
};
TEST_F(checkpoint, of_a_rule_without_a_name_is_for_such) {
  auto model = make_model();
  auto batches = data | minibatch<batch>(shuffle_by{1});
  auto own = make_training_step(model, batches, own_rule{});
  auto by_momentum = make_training_step(model, batches, momentum_rule{});
  save(file, own);
  EXPECT_EQ(refusal(file, own), "loaded");
  EXPECT_EQ(refusal(file, by_momentum), "is of a training by an unnamed rule, where one by momentum is wanted");
  save(file, by_momentum);
  EXPECT_EQ(refusal(file, own), "is of a training by momentum, where one by an unnamed rule is wanted");
}

/// What augment draws is part of it, wherever it stands among the passes and with batches made ahead.
TEST_F(checkpoint, of_a_training_on_changed_instances_goes_on_to_the_bit) {
  const auto noise = [](std::span<unorm8> x, generator& random) {
    for (unorm8& e : x) e = unorm8(random() >> 24);
  };
  const auto check = [&](char const* what, auto view) {
    const auto run = [&](training& t, int n) {
      std::vector<float> losses;
      for (float l : view(t.batches) | train(t.step) | take(n)) losses.push_back(l);
      return losses;
    };
    training never_stopped(data);
    auto const losses = run(never_stopped, 17);
    for (int n : {1, 4, 5, 8}) {
      training first(data), second(data, 2);
      run(first, n);
      save(file, first.step, first.batches.position_after(std::uint64_t(n)));
      load(file, second.step, second.batches);
      EXPECT_EQ(run(second, 17 - n), std::vector<float>(losses.begin() + n, losses.end())) << what << ", " << n;
    }
  };
  check("behind cycle", [&](auto b) { return b | cycle | augment(noise); });
  check("before cycle", [&](auto b) { return b | augment(noise) | cycle; });
  check("before repeat", [&](auto b) { return b | augment(noise) | repeat(9); });
  check("behind repeat", [&](auto b) { return b | repeat(9) | augment(noise) | augment(noise, 2); });
  check("made ahead", [&](auto b) { return b | augment(noise) | cycle | prefetch; });
}

TEST_F(checkpoint, of_a_training_that_is_killed_is_whole) { is_killed_and_goes_on(20); }

}  // namespace
