// expect: value_and_gradients: the value of the function is a number, and this one is an array of shape .4.
// page: models and programs: value_and_gradients of a function that gives an array
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>
using namespace knit;

struct f {
  template <class X> constexpr auto operator()(X const& x) const {
#ifdef KNIT_WRONG
    return square(x);
#else
    return sum(square(x));
#endif
  }
};

int main() {
  tensor<float, 4> x, dx;
  value_and_gradients<simd_backend, f, tensor<float, 4>> p;
  p(x, dx);
}
