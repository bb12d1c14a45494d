// SPDX-License-Identifier: BSL-1.0
// A user's program: a model of one's own learns which of two halves is brighter. The exit status is 1 unless it has learnt it.
#include <cstdint>
#include <cstdio>
#include <knit/knit.hpp>
#include <utility>
#include <vector>

namespace {

/// out(tanh(in(x))), and with labels the loss.
template <class In, class Out> struct perceptron {
  BOOST_HANA_DEFINE_STRUCT(perceptron, (In, in), (Out, out));
  template <class X> constexpr auto operator()(X&& x) const { return out(tanh(in(std::forward<X>(x)))); }
  template <class X, class Y> constexpr auto operator()(X&& x, Y&& y) const {
    return knit::nll((*this)(std::forward<X>(x)), std::forward<Y>(y));
  }
};
template <class In, class Out> perceptron(In, Out) -> perceptron<In, Out>;

/// Instances of six random bytes; the label is 1 if the last three have the larger sum.
knit::instances<6> halves(std::uint64_t seed, int count) {
  std::vector<std::uint8_t> x, y;
  for (std::uint64_t n = 0; n < std::uint64_t(count); ++n) {
    int sum = 0;
    for (std::uint64_t i = 0; i < 6; ++i) {
      x.push_back(std::uint8_t(knit::philox(seed, n, i)[0]));
      sum += i < 3 ? -x.back() : x.back();
    }
    y.push_back(sum > 0);
  }
  return {std::move(x), std::move(y), 2};
}

}  // namespace

int main() {
  perceptron model{knit::make_dense<6, 8>(), knit::make_dense<8, 2>()};
  const auto known = halves(1, 500), unknown = halves(2, 500);
  auto batches = known | knit::minibatch<50>(knit::shuffle_by{1});
  float first = 0, last = 0;
  for (float loss : batches | knit::cycle | knit::sgd(model, {.lr = 1}) | knit::take(500)) {
    if (first == 0) first = loss;
    last = loss;
  }
  const double right = knit::accuracy(model, unknown);
  std::printf("loss %.3f to %.3f, accuracy %.3f\n", double(first), double(last), right);
  return right < 0.95;
}
