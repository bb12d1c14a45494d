// expect: the pullback of an op has [0-9]+ nodes for an operand, and 24 are the most; make an op of a part of it
// page: models and programs: An op with a long derivative
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

struct my_op : elementwise<1> {
  static constexpr char const* name = "mine";
  template <class V> static V eval(V a) { return a * a; }
  static constexpr auto pullback(auto, auto g, auto a) {
    auto once = [](auto h) { return 0.5_c % (exp(h) - log(h)) % (sqrt(h) + h); };
#ifdef KNIT_WRONG
    return grads(g % once(once(once(once(once(a))))));
#else
    return grads(g % once(once(a)));
#endif
  }
};

void use(tensor<float, 3>& x) {
  auto r = diff([](auto x) { return sum(make<my_op>(x)); })(x);
  tensor dx = grad(r, x);
  (void)dx;
}
