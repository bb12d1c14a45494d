// SPDX-License-Identifier: BSL-1.0
// in: LEVELS. out: a chain of so many h + tanh(h % w) % h, its value and its derivative, as one program; by nvcc, as its kernels.
#include <knit/op/catalogue.hpp>
#include <knit/op/diff.hpp>
#ifdef __CUDACC__
#include <knit/backend/cuda/device.cuh>
using target = knit::cuda::for_gpu;
#else
#include <knit/program.hpp>
using target = knit::for_cores;
#endif
using namespace knit;

template <int Levels, class H, class W> constexpr auto climb(H h, W w) {
  if constexpr (Levels == 0) return h;
  else return climb<Levels - 1>(h + tanh(h % w) % h, w);
}
/// The value and its derivative with regard to w as the two outputs of one program.
struct spec {
  using argument_tag = spec;
  using array = extents<1000>;
  static constexpr int first_argument = 0, argument_count = 2;
  static constexpr std::array<leaf_info, 2> leaves{leaf_info{element::f32, {}, array::value},
                                                   leaf_info{element::f32, {}, array::value}};
  using value = decltype(climb<LEVELS>(argument<spec, 0, array>{}, argument<spec, 1, array>{}));
  using derivative = decltype(make<gradient_op>(value{}, argument<spec, 1, array>{}));
  using results = mp::mp_list<result<value::graph>, result<derivative::graph>>;
};
template <int N> void nodes_of_ladder() {}
template void nodes_of_ladder<compiled<spec, target>::nodes>();  // how many, as the name of a symbol
static_assert(compiled<spec, target>::plan.kernels > 0);

#ifdef FRONT_END
#elif defined(__CUDACC__)
template class cuda_backend::program<spec>;
#else
void run(void const* const* leaves, void* const* outputs) { simd_backend::program<spec>().run(leaves, outputs); }
#endif
