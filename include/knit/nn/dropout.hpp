// SPDX-License-Identifier: BSL-1.0
// dropout.hpp -- a layer that, in training, drops a share of its elements and scales the others up; else nothing.
#pragma once
#include <knit/expr/model.hpp>
#include <knit/op/compare.hpp>
#include <knit/op/index.hpp>

namespace knit {

namespace detail {

struct dropout_site;

template <class T> inline constexpr double share_of = -1;
template <std::uint64_t Bits> inline constexpr double share_of<constant<Bits>> = constant_op<Bits>::value;

template <class T> constexpr sentence no_share() {
  return sentence() << "dropout takes the share that it drops as a number in its type, from 0 to below 1, such as dropout{0.2_c}";
}

}  // namespace detail

/// `dropout{0.2_c}`: in a step of training each element is 0 with the probability `share`, a number in its type from 0 to below
/// 1, and else divided by 1 - share, so that its mean stays; the derivative has the same mask. Everywhere else, in inference,
/// `accuracy` and `diff`, it is x. The mask is a function of the number of the step, the layer's place in the model and the
/// element: the same on every backend, in every layout and for any number of threads. Source: Srivastava et al., JMLR 15 (2014).
template <class Share> struct dropout {
  BOOST_HANA_DEFINE_STRUCT(dropout, (Share, share));
  /// x of any shape; the result is in that shape. Another share is an error of the compiler.
  template <class X> constexpr auto operator()(X&& x) const {
    auto e = lift(std::forward<X>(x));
    if constexpr (!(detail::share_of<Share> >= 0 && detail::share_of<Share> < 1)) return complain<detail::no_share<Share>()>();
    else {
      auto dropped = uniform_like<detail::dropout_site>(e, step_number) < Share{};
      return select(step_number, select(dropped, 0, e / (1 - Share{})), e);
    }
  }
};
/// `dropout{0.2_c}`
template <class Share> dropout(Share) -> dropout<Share>;

}  // namespace knit
