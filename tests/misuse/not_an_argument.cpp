// expect: grad\(result, w\): w, of shape \(5x3\), is neither an argument of the differentiated function nor a parameter
// page: models and programs: grad by what is no argument
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 3>& v, tensor<float, 3, 5>& w, tensor<float, 5>& x) {
  (void)v;
  auto r = diff([](auto w, auto x) { return sum(w * x); })(w, x);
#ifdef KNIT_WRONG
  v = grad(r, v);
#else
  w = grad(r, w);
#endif
}
