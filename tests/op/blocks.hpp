// SPDX-License-Identifier: BSL-1.0
// blocks.hpp -- in: an op and shapes of operands. out: complaints: where the CUDA backend's blocks do not give, of it and its
// derivatives, what plain numbers give, or where the order of blocks and threads counts.
#pragma once
#include "../backend/blocks.hpp"
#include "../laws.hpp"

namespace laws {

/// A program of first order on blocks, in two orders.
template <class Spec, class T> function on_blocks(complaints& c) {
  const function run = runner<typename knit::cuda_on_host::program<Spec>, Spec, T>();
  return [run, &c](arrays const& in) {
    knit::cuda_on_host::order() = 0;
    const arrays first = run(in);
    knit::cuda_on_host::order() = 5;
    const arrays again = run(in);
    knit::cuda_on_host::order() = 0;
    for (std::size_t k = 0; k < first.size(); ++k)
      if (std::memcmp(first[k].data(), again[k].data(), first[k].size() * sizeof(double)) != 0)
        c.push_back("result " + std::to_string(k) + " depends on the order of blocks and threads");
    return first;
  };
}

/// Blocks give what plain numbers of that type give.
template <class T> struct blocks_are_scalar {
  template <class Op, class... E> static complaints check() {
    using order1 = program_of<Op, T, 1, E...>;
    const subject s = describe<Op, E...>();
    const function plain = runner<typename knit::scalar_backend<T>::template program<order1>, order1, T>();
    complaints of_orders;
    const function blocks = on_blocks<order1, T>(of_orders);
    complaints c = sizeof(T) == 4 ? lanes_are(s, plain, blocks, 1e-5, 2e-6, 1e30, 1e-30, 88.5)
                                  : lanes_are(s, plain, blocks, 1e-13, 1e-14, 1e200, 1e-200, 709.5);
    for (std::size_t i = 0; i < of_orders.size() && i < 1; ++i) c.push_back(s.name + ": " + of_orders[i]);
    return c;
  }
};
/// The same of samples alone: where threads share what is done in order, infinite factors may give NaN sooner.
struct samples_in_float {
  template <class Op, class... E> static complaints check() {
    using order1 = program_of<Op, float, 1, E...>;
    const subject s = describe<Op, E...>();
    const function plain = runner<knit::scalar_backend<float>::program<order1>, order1, float>();
    complaints c;
    const function blocks = on_blocks<order1, float>(c);
    random_numbers r{15};
    for (int round = 0; round < 4; ++round) {
      const arrays in = inputs(s, 1, r);
      same(s, "samples", in, plain(in), blocks(in), 1e-5, 2e-6, false, c);
    }
    return c;
  }
};
using in_float = blocks_are_scalar<float>;
using in_double = blocks_are_scalar<double>;

}  // namespace laws
