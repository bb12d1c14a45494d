// expect: F is a struct without members, whose operator.. is the function
// page: models and programs: value_and_gradients of a function that captures
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>
using namespace knit;

struct f {
#ifdef KNIT_WRONG
  float by = 2;
  template <class X> constexpr auto operator()(X const& x) const { return sum(by % square(x)); }
#else
  template <class X> constexpr auto operator()(X const& x) const { return sum(2 % square(x)); }
#endif
};

int main() {
  tensor<float, 4> x, dx;
  value_and_gradients<simd_backend, f, tensor<float, 4>> p;
  p(x, dx);
}
