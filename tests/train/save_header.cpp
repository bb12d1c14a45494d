// SPDX-License-Identifier: BSL-1.0
// save_header.cpp -- in: train/save_header.hpp, numbers of all sizes. out: the header in tests/data, which this file includes; it compiles
// and runs without knit, and gives a model back bit for bit.

#include <knit/knit.hpp>
#include <knit/train/save_header.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "../data/weights.hpp"
#include "../temporary_folder.hpp"

namespace {

using namespace knit;

template <class Inner, class D, class S> struct several {
  BOOST_HANA_DEFINE_STRUCT(several, (Inner, inner), (D, d), (S, s));
};
template <class Inner, class D, class S> several(Inner, D, S) -> several<Inner, D, S>;

auto make_empty() {
  return several{make_chain(dense{tensor<float, 2, 3>(), tensor<float, 2>(), relu}), tensor<double, 3>(), tensor<float>()};
}
auto make_model() {
  using f = std::numeric_limits<float>;
  auto m = make_empty();
  auto& layer = hana::at_c<0>(m.inner.layers);
  layer.w = tensor<float, 2, 3>{0.1f, -1.0f / 3, -0.0f, f::max(), f::min(), 3};
  layer.b = tensor<float, 2>{f::denorm_min(), -16777215};
  m.d = tensor<double, 3>{0.1, -1.0 / 3, 1e-310};
  m.s = tensor<float>(0.5f);
  return m;
}
template <class M> std::vector<unsigned long long> bits(M const& m) {
  std::vector<unsigned long long> all;
  for_each_parameter(m, [&](std::string const&, auto const& a) {
    for (long i = 0; i < a.size(); ++i) {
      if constexpr (sizeof a[i] == 8) all.push_back(std::bit_cast<unsigned long long>(a[i]));
      else all.push_back(std::bit_cast<unsigned>(a[i]));
    }
  });
  return all;
}

TEST(save_header, writes_the_stored_header) {
  const temporary_folder folder;
  save_header(folder / "weights.hpp", make_model(), "weights");
  EXPECT_EQ(contents(folder / "weights.hpp"), contents(KNIT_TEST_DATA "/weights.hpp"));
}
static_assert(weights::inner_layers_0_w[1] == -1.0f / 3 && alignof(decltype(weights::d)) == 8);

TEST(save_header, needs_nothing_to_compile) {
  if (std::system("c++ --version > /dev/null") != 0) GTEST_SKIP() << "there is no c++ here";
  const temporary_folder folder;
  save_header(folder / "weights.hpp", make_model(), "weights");
  std::ofstream(folder / "alone.cpp") << R"(#include "weights.hpp"
struct sum {
  double& of;
  template <class T, int N, class... E> void operator()(char const*, T const (&a)[N], E...) const { for (T x : a) of += x < 1e9 ? double(x) : 0; }
};
int main() {
  double all = 0;
  weights::for_each_parameter(sum{all});
  return all > -16777212 && all < -16777211 && weights::s[0] == 0.5f ? 42 : 1;
}
)";
  const std::string program = (folder / "alone").string();
  ASSERT_EQ(std::system(("c++ -std=c++17 -Wall -Wextra -Werror -pedantic " + program + ".cpp -o " + program).c_str()), 0);
  EXPECT_EQ(WEXITSTATUS(std::system(program.c_str())), 42);
}

// What the header calls things, a field may be called, too.
template <class A, class B> struct filters {
  BOOST_HANA_DEFINE_STRUCT(filters, (A, f), (B, F));
};
TEST(save_header, takes_any_name_of_a_field) {
  if (std::system("c++ --version > /dev/null") != 0) GTEST_SKIP() << "there is no c++ here";
  const temporary_folder folder;
  save_header(folder / "weights.hpp", filters<tensor<float, 2>, tensor<float, 1>>{tensor<float, 2>{3, 4}, tensor<float, 1>{5}},
              "weights");
  std::ofstream(folder / "alone.cpp") << R"(#include "weights.hpp"
struct product {
  float& of;
  template <int N, class... E> void operator()(char const*, float const (&a)[N], E...) const { for (float x : a) of *= x; }
};
int main() {
  float all = 1;
  weights::for_each_parameter(product{all});
  return int(all);
}
)";
  const std::string program = (folder / "alone").string();
  ASSERT_EQ(std::system(("c++ -std=c++17 -Wall -Wextra -Werror -pedantic " + program + ".cpp -o " + program).c_str()), 0);
  EXPECT_EQ(WEXITSTATUS(std::system(program.c_str())), 60);
}

TEST(load, of_a_header_is_exact) {
  auto m = make_empty();
  load(weights{}, m);
  EXPECT_EQ(bits(m), bits(make_model()));
}
TEST(load, of_a_header_refuses_another_model) {
  auto wider = several{make_chain(dense{tensor<float, 2, 3>(), tensor<float, 2>(), relu}), tensor<double, 4>(), tensor<float>()};
  const auto message = [](auto& m) -> std::string {
    try {
      load(weights{}, m);
    } catch (data_error const& e) {
      return e.what();
    }
    return "none";
  };
  EXPECT_EQ(message(wider),
            "knit: the model has as d an array of double 4, and the header one of double 3; load a header of the same model");
  EXPECT_EQ(wider.s[0], 0);  // nothing is loaded
  auto single = make_chain(dense{tensor<float, 2, 3>(), tensor<float, 2>(), relu});
  EXPECT_EQ(message(single),
            "knit: the model has as layers.0.w an array of float 2 x 3, and the header none; load a header of the same model");
  auto inner = several{single, hana::tuple<>(), hana::tuple<>()};
  EXPECT_EQ(message(inner), "knit: the header has 4 parameters, and the model 2; load a header of the same model");
}
// Weights that stay where the program has them.
TEST(save_header, holds_arrays_that_a_model_lies_on) {
  const dense model{view<float, 2, 3>(weights::inner_layers_0_w), view<float, 2>(weights::inner_layers_0_b), identity};
  tensor<float, 3> x{10, 0, 1};
  tensor y = model(x);
  EXPECT_FLOAT_EQ(y[0], 1);
  EXPECT_FLOAT_EQ(y[1], -16777215 + 3 - 10 / 3.0f);
}

TEST(save_header, says_what_is_wrong) {
  auto m = make_model();
  for (char const* name : {"", "two words", "9lives", "a::b", "class", "xor_eq", "F", "d"}) {
    const auto write = [&] { header_of(m, name); };
    if (std::string(name) == "d") EXPECT_THROW(write(), data_error);
    else EXPECT_THROW(write(), std::invalid_argument);
  }
  m.s[0] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(header_of(m, "weights"), data_error);
  EXPECT_THROW(save_header("/nowhere/at/all.hpp", make_model(), "weights"), data_error);
}

}  // namespace
