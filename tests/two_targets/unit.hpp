// SPDX-License-Identifier: BSL-1.0
// unit.hpp -- in: a model and data. out: what a unit makes of them; included by two, compiled for different processors.
#pragma once
#include <knit/knit.hpp>
#include <string>

namespace two_targets {

using weight = knit::tensor<float, 37, 21>;
using inputs = knit::tensor<float, 21, 50>;
using values = knit::tensor<float, 37, 50>;

/// What a unit says and does. All of the library's templates that it uses are those that the other unit uses.
struct unit {
  int lanes;
  std::string target;
  values (*assign)(weight const&, inputs const&);
  void (*update)(weight&, inputs const&);
  float (*mean)(weight const&, inputs const&);
  float (*train)(weight&, inputs const&, int steps);
};
unit native();
unit older();

template <class W> struct layer {
  BOOST_HANA_DEFINE_STRUCT(layer, (W, w));
  template <class X> constexpr auto operator()(X&& x) const { return mean(square(tanh(w * std::forward<X>(x)))); }
};

#define KNIT_STRING(x) #x
#define KNIT_NAME(x) KNIT_STRING(x)
/// This unit's own.
[[maybe_unused]] static unit this_unit() {
  using namespace knit;
  return {simd::lanes::count,
          KNIT_NAME(HWY_NAMESPACE),
          [](weight const& w, inputs const& x) {
            values y = tanh(w * x);
            y = y + 1;
            return y;
          },
          [](weight& w, inputs const& x) {
            layer<weight> l{w};
            auto r = diff(l)(x);
            knit::update(params(r), [&](auto p) { return p - grad(r, p) * 2; });
            w = l.w;
          },
          [](weight const& w, inputs const& x) { return float(mean(w * x)); },
          [](weight& w, inputs const& x, int steps) {
            layer<weight> l{w};
            training_step<simd_backend, layer<weight>, momentum_rule, inputs> step(l, {.lr = 0.5});
            float loss = 0;
            for (int s = 0; s < steps; ++s) loss = step(x);
            w = l.w;
            return loss;
          }};
}

}  // namespace two_targets
