// SPDX-License-Identifier: BSL-1.0
// in_bf16.hpp -- in: a backend. out: the same for programs that do not say that their products are in bf16.
#pragma once
#include <knit/backend/runtime.hpp>

template <class Backend> struct in_bf16 {
  template <class Spec> struct stated : Spec {
    static constexpr auto products = knit::precision::bf16;
  };
  template <class Spec> using program = typename Backend::template program<stated<Spec>>;
};
