// SPDX-License-Identifier: BSL-1.0
// functions.hpp -- programs with short names, for nvcc and the host alike: values with derivatives. Apart from steps of training,
// whose definitions alone cost nvcc more.
#pragma once
#include <knit/gradients.hpp>
#include <knit/op/catalogue.hpp>

namespace programs {

using namespace knit;

struct chain_of {
  constexpr auto operator()(auto x, auto b) const { return mean(square(sigm(x % 0.5 + b))); }
};
/// Elementwise with broadcasting, and reduced.
struct chain : detail::gradients_spec<chain_of, tensor<float, 40, 90>, tensor<float, 40>> {};

struct log_sum_of {
  constexpr auto operator()(auto x) const { return sum(logsumexp<0>(x)); }
};
struct log_sums : detail::gradients_spec<log_sum_of, tensor<float, 45, 7>> {};

/// Scores and labels to the loss of a classifier.
struct loss_of_scores {
  constexpr auto operator()(auto scores, auto labels) const { return nll(scores, labels); }
};
struct scores : detail::gradients_spec<loss_of_scores, tensor<float, 10, 45>, view<std::uint8_t, 45>> {};

struct classes_of {
  constexpr auto operator()(auto x, auto w) const { return sum(square(softmax<0>(w * x))); }
};
struct classes : detail::gradients_spec<classes_of, tensor<float, 19, 35>, tensor<float, 10, 19>> {};

/// Products only: fused multiplications and additions, so the same to the bit on every machine.
struct product_of_three {
  constexpr auto operator()(auto a, auto b, auto c) const { return sum(a * b * c); }
};
struct products : detail::gradients_spec<product_of_three, tensor<float, 37, 65>, tensor<float, 65, 29>, tensor<float, 29, 12>> {};

/// A convolution and its derivatives, likewise.
struct sliding_of {
  constexpr auto operator()(auto f, auto x) const { return sum(square(conv4<1, 1>(f, x))); }
};
struct slides : detail::gradients_spec<sliding_of, tensor<float, 3, 3, 8, 16>, view<float, 5, 4, 8, 20>> {};

/// Products and what rounds alike everywhere, in slabs of instances that cut columns and terms.
struct layers_of {
  constexpr auto operator()(auto x, auto v, auto w) const { return sum(square(w * relu(v * x))); }
};
struct slabs : detail::gradients_spec<layers_of, tensor<float, 12, 1300>, tensor<float, 16, 12>, tensor<float, 10, 16>> {};

/// The same in slabs of rows, each of which is reduced.
struct rows_of {
  constexpr auto operator()(auto x, auto v) const { return sum(square(sum<1>(relu(v * x)))); }
};
struct rows : detail::gradients_spec<rows_of, tensor<float, 12, 600>, tensor<float, 44, 12>> {};

struct recurrence_of {
  constexpr auto operator()(auto a, auto x) const { return sum(square(recurrence(a, x))); }
};
/// A line that many threads share, and its derivatives.
struct recurrences : detail::gradients_spec<recurrence_of, tensor<float, 2500>, tensor<float, 2500>> {};

}  // namespace programs
