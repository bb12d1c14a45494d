// expect: a metric of a model: scalar is classes x instances and labels \(batch<=100\) must hold one label for each instance
// page: training: The accuracy of a loss
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

template <class W> struct squares {
  BOOST_HANA_DEFINE_STRUCT(squares, (W, w));
  template <class X> constexpr auto operator()(X&& x) const {
#ifdef KNIT_WRONG
    return sum(square(w * std::forward<X>(x)));
#else
    return square(w * std::forward<X>(x));
#endif
  }
};

double use(squares<tensor<float, 3, 5>> const& model, instances<5> const& data) { return accuracy(model, data); }
