// SPDX-License-Identifier: BSL-1.0
// arguments.hpp -- in: what `run` of a backend gets. out: what is passed to the kernels of one run.
#pragma once
#include <algorithm>
#include <knit/backend/cuda/kernel.hpp>

namespace knit::cuda {

/// Leaves and outputs as `run` of every backend gets them.
template <class P>
arguments<P> arguments_of(void const* const* leaves, void* const* outputs, typename P::number* arena, typename P::number* scratch) {
  arguments<P> a{};
  std::copy_n(leaves, P::first_extent, a.leaves);
  if (outputs) std::copy_n(outputs, output_number(P::graph, P::roots), a.outputs);
  for (int k = 0; k < P::names.size; ++k) a.extent[k] = *static_cast<int const*>(leaves[P::first_extent + k]);
  a.arena = arena;
  a.scratch = scratch;
  return a;
}

}  // namespace knit::cuda
