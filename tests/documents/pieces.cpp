// SPDX-License-Identifier: BSL-1.0
// Pieces of documents that are no whole program, each where it can stand: "README.md/3" is the third block of C++ there.
// tests/CMakeLists.txt takes them out.
#include <gtest/gtest.h>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <knit/all.hpp>
#include <span>
#include <string>
#include <vector>
#include "../temporary_folder.hpp"

using namespace knit;

namespace {

/// A folder to work in while it lives.
struct working_folder {
  temporary_folder folder;
  std::filesystem::path before = std::filesystem::current_path();
  working_folder() { std::filesystem::current_path(folder.path); }
  ~working_folder() { std::filesystem::current_path(before); }
};

TEST(readme, arrays) {
#include "README.md/3"
  EXPECT_EQ(y.size(), 2);
  EXPECT_NEAR(v, std::tanh(2.7f) + std::tanh(3.3f), 1e-5);
  EXPECT_NEAR(w(0, 0), 1 - 0.1f * (1 - std::pow(std::tanh(2.7f), 2.0f)) * 0.1f, 1e-5);
}

#include "docs/using.md/1"
TEST(using_knit, a_trained_model_in_a_program) {
  const working_folder here;
  auto trained = make_chain(make_dense<256, 16>(relu), make_dense<16, 3>());
  save("ears.safetensors", trained);
  classifier named("ears.safetensors");
  for (int i = 0; i < 5; ++i) {
    const std::vector<float> frame(256, float(i - 2));
    const tensor<float, 3> scores = trained(view<float, 256>(frame));
    EXPECT_EQ(named(frame), int(std::max_element(scores.data(), scores.data() + 3) - scores.data()));
  }
  EXPECT_THROW(named(std::vector<float>(255)), std::invalid_argument);
  static_assert(!std::is_move_constructible_v<classifier>);
}

TEST(design, expressions_are_lazy) {
  tensor<float, 2> x{1, 2};
#include "docs/design.md/1"
  EXPECT_EQ(t[0], 1);
  EXPECT_EQ(t[1], 1);
}

TEST(design, derivative_in_a_derivative) {
#include "docs/design.md/2"
  const float slope = grad<0>(diff(outer)(3.0f));
  EXPECT_EQ(slope, 1);
}

TEST(training, levenberg_marquardt) {
  std::vector<double> seconds, volts;
  for (int i = 0; i < 60; ++i) {
    seconds.push_back(50 * i);
    volts.push_back(240 * (1 - std::exp(-5e-4 * seconds.back())));
  }
#include "docs/training.md/1"
  EXPECT_NEAR(hana::at_c<0>(model.b)[0], 240, 1e-6);
  EXPECT_NEAR(there[5], y[5], 1e-8);
}

/// 200 instances whose label is their first byte's lowest bit.
instances<784> drawn() {
  std::vector<std::uint8_t> x, y;
  for (std::uint64_t n = 0; n < 200; ++n) {
    for (std::uint64_t i = 0; i < 784; ++i) x.push_back(std::uint8_t(philox(1, n, i)[0]));
    y.push_back(x[n * 784] & 1);
  }
  return {std::move(x), std::move(y), 2};
}

/// A file of NumPy's whose n floats begin with 0, 1, 2 and so again.
void write_npy(char const* name, std::string const& extents, int n) {
  const std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + extents + "), }";
  std::ofstream file(name, std::ios::binary);
  file << "\x93NUMPY" << '\1' << '\0' << char(text.size()) << '\0' << text;
  for (int i = 0; i < n; ++i) {
    float const v = float(i % 3);
    file.write(reinterpret_cast<char const*>(&v), sizeof v);
  }
}
TEST(training, data) {
  const working_folder here;
  std::ofstream("images.idx", std::ios::binary)
      << std::string("\0\0\x08\x03\0\0\0\2\0\0\0\x1c\0\0\0\x1c", 16) << std::string(2 * 784, '\7');
  std::ofstream("labels.idx.gz", std::ios::binary) << std::string("\0\0\x08\x01\0\0\0\2\3\4", 10);
  write_npy("x.npy", "100, 13", 1300);
  write_npy("prices.npy", "100,", 100);
  std::ofstream("iris.csv") << "a,b,c,d,species\n1,2,3,4,0\n5,6,7,8,2\n";
  auto model = make_regression(make_dense<13, 1>());
  testing::internal::CaptureStdout();
#include "docs/training.md/2"
  EXPECT_NE(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(digits.size, 2);
  EXPECT_EQ(flowers.y[1], 2);
}

TEST(training, on_disk) {
  const working_folder here;
  const std::string file = "training.safetensors";
  struct {
    instances<784> train = drawn();
  } mnist;
  auto model = make_chain(make_dense<784, 2>());
#include "docs/training.md/4"
  EXPECT_EQ(step.steps(), 6000);
  EXPECT_TRUE(std::filesystem::exists(file));
}

/// Huber's loss of net(x), with a bound in its type.
template <class Net, class Delta> struct bounded {
  BOOST_HANA_DEFINE_STRUCT(bounded, (Net, net), (Delta, delta));
  static constexpr double half = 0.5;
  constexpr auto operator()(auto const& x, auto const& y) const {
    auto d = abs(net(x) - y);
    return mean(select(d < delta, half * square(d), delta * (d - half * delta)));
  }
};
template <class Net, class Delta> bounded(Net, Delta) -> bounded<Net, Delta>;

// A layer takes its arguments by reference, so it may be called with arrays.
TEST(adding, numbers_of_a_layer) {
  bounded model{dense{tensor<float, 1, 2>(1.0f), tensor<float, 1>(0.0f), identity}, 0.5_c};
  tensor<float, 2, 2> x{1, 2, 3, 4};
  tensor<float, 1, 2> y{3.25f, 5};
  const float loss = model(x, y), of_temporary = model(eval(x + 0), y);
  EXPECT_NEAR(loss, (0.5f * 0.0625f + 0.5f * (2 - 0.25f)) / 2, 1e-6);
  EXPECT_EQ(loss, of_temporary);
  auto r = diff(model)(x, y);
  const float same = value(r);
  EXPECT_NEAR(same, loss, 1e-6);
}

TEST(tour, layers_of_one_place) {
  auto layer = [](auto... stream) { return make_dense<2, 3>(relu, xavier_uniform{1}, stream...); };
  auto seeded = [](std::uint64_t seed) { return make_dense<2, 3>(relu, xavier_uniform{seed}); };
  EXPECT_EQ(layer().w[0], layer().w[0]);
  EXPECT_NE(layer(1u).w[0], layer(2u).w[0]);
  EXPECT_NE(seeded(1).w[0], seeded(2).w[0]);
}

// What the tables of docs/coming_from.md name, where no other test of the documents does.
TEST(coming_from, pytorch_and_jax) {
  tensor<float, 2, 3> a{1, 2, 3, 4, 5, 6};
  tensor<float, 3, 2> b{1, 2, 3, 4, 5, 6};
  tensor product = einsum<"mk,kn->mn">(a, b);
  tensor same = a * b;
  for (long i = 0; i < 4; ++i) EXPECT_EQ(product[i], same[i]);

  auto slope = [](auto x) { return grad<0>(diff([](auto x) { return x * x * x; })(x)); };
  const float curvature = grad<0>(diff(slope)(2.0f));
  EXPECT_EQ(curvature, 12);

  tensor rest = detach(a) + select(a > 3, a, 0);
  EXPECT_EQ(rest[0], 1);
  EXPECT_EQ(rest[5], 12);
  tensor random = uniform_like(a, 7);
  EXPECT_TRUE(random[0] >= 0 && random[0] < 1);
}
TEST(coming_from, eigen) {
  tensor<float, 2, 3> m{1, 2, 3, 4, 5, 6};
  tensor<float, 2> v{10, 20};
  tensor wider = m + v;
  tensor rows = sum<1>(m);
  EXPECT_EQ(wider(1, 2), 26);
  EXPECT_EQ(rows[0], 9);
  EXPECT_EQ(rows.shape.extent[1], 1);
  const std::vector<float> memory{1, 2, 3, 4, 5, 6};
  view<float, 2, 3> map(memory.data());
  EXPECT_EQ(map(1, 2), 6);
}

}  // namespace

namespace of_using {
#include "docs/using.md/2"
}  // namespace of_using

TEST(using_knit, instantiate_once) {
  auto const data = drawn();
  of_using::mlp model = make_chain(make_dense<784, 256>(relu), make_dense<256, 10>());
  EXPECT_GT(of_using::epoch(model, data | minibatch<100>(shuffle_by{1})), 0);
}
