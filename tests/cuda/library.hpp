// SPDX-License-Identifier: BSL-1.0
// library.hpp -- in: a program whose products and convolutions libraries do. out: a run on the host, with something in their place.
#pragma once
#include "memory.hpp"
#include "routines.hpp"

namespace routines {

/// Does what a call's own words say, one element after the other.
struct as_described {
  template <class P> static void product(cuda::arguments<P> const& a, cuda::routine_call const& c) {
    matrix_product const& p = c.product;
    float const *const x = cuda::read_by_routine(a, c.operand[p.a_operand]), *const y = cuda::read_by_routine(
                                                                                 a, c.operand[1 - p.a_operand]);
    float* const d = cuda::written_by_routine(a, c);
    auto at = [](stored_matrix const& m, long row, long column, long i) {
      return i * m.next + (m.transposed ? column + row * m.leading : row + column * m.leading);
    };
    for (long i = 0; i < p.batch; ++i)
      for (long n = 0; n < p.columns; ++n)
        for (long m = 0; m < p.rows; ++m) {
          double sum = c.bias >= 0 ? double(cuda::read_by_routine(a, c.bias)[m + i * p.rows_next]) : 0;
          for (long k = 0; k < p.terms; ++k) sum += double(x[at(p.a, m, k, i)]) * double(y[at(p.b, k, n, i)]);
          float& to = d[at(p.d, m, n, i)];
          to = c.factor >= 0 ? float(double(to) + double(*cuda::read_by_routine(a, c.factor)) * sum)
                             : float(c.relu && sum < 0 ? 0 : sum);
        }
  }
  template <class P> static void convolution(cuda::arguments<P> const& a, cuda::routine_call const& c) {
    knit::convolution const& s = c.sliding;
    const auto arrays = cuda::arrays_of_routine(a, c);
    const long width = s.result_width(), height = s.result_height();
    auto place = [](long w, long h, long k, long n, long leading, long rows, long depth) {
      return w + leading * (h + rows * (k + depth * n));
    };
    auto image = [&](long w, long h, long k, long n) -> float& {
      return static_cast<float*>(arrays[0])[place(w, h, k, n, s.image_leading, s.height, s.channels)];
    };
    auto filter = [&](long w, long h, long k, long n) -> float& {
      return static_cast<float*>(arrays[1])[place(w, h, k, n, s.filter_leading, s.filter_height, s.channels)];
    };
    auto result = [&](long w, long h, long k, long n) -> float& {
      return static_cast<float*>(arrays[2])[place(w, h, k, n, s.result_leading, height, s.filters)];
    };
    auto each = [](long w, long h, long k, long n, auto const& f) {
      for (long d = 0; d < n; ++d)
        for (long c = 0; c < k; ++c)
          for (long b = 0; b < h; ++b)
            for (long a = 0; a < w; ++a) f(a, b, c, d);
    };
    auto meet = [&](auto const& f) {  // each element of the three arrays that meet
      each(width, height, s.filters, s.instances, [&](long w, long h, long o, long n) {
        each(s.filter_width, s.filter_height, s.channels, 1, [&](long i, long j, long k, long) {
          const long x = s.stride * w + i - s.padding, y = s.stride * h + j - s.padding;
          if (x >= 0 && x < s.width && y >= 0 && y < s.height) f(image(x, y, k, n), filter(i, j, k, o), result(w, h, o, n));
        });
      });
    };
    switch (s.computes) {
      case convolution_part::result:
        each(width, height, s.filters, s.instances,
             [&](long w, long h, long o, long n) { result(w, h, o, n) = s.bias ? static_cast<float*>(arrays[3])[o] : 0; });
        meet([](float x, float f, float& y) { y += x * f; });
        each(width, height, s.filters, s.instances, [&](long w, long h, long o, long n) {
          if (s.relu && result(w, h, o, n) < 0) result(w, h, o, n) = 0;
        });
        break;
      case convolution_part::image:
        each(s.width, s.height, s.channels, s.instances, [&](long w, long h, long k, long n) { image(w, h, k, n) = 0; });
        meet([](float& x, float f, float y) { x += y * f; });
        break;
      case convolution_part::filter:
        each(s.filter_width, s.filter_height, s.channels, s.filters,
             [&](long w, long h, long k, long o) { filter(w, h, k, o) = 0; });
        meet([](float x, float& f, float y) { f += x * y; });
    }
  }
};

/// Runs a program as cuda_backend does: kernels, and the products and convolutions that they leave.
template <class Spec, class Library> void run_with_library(cuda_run::memory<Spec>& on) {
  using P = compiled<Spec, for_library>;
  std::vector<float> arena(std::size_t(P::plan.arena_floats) + 1), scratch(std::size_t(cuda::scratch_numbers<P>) + 1);
  const auto leaves = on.leaf_addresses();
  const auto outputs = on.output_addresses();
  const auto a = cuda::arguments_of<P>(leaves.data(), outputs.data(), arena.data(), scratch.data());
  auto routine = [&]<int K, int R>() {
    if constexpr (P::plan.regions[R].level == K) {
      if constexpr (cuda::is_left_product<P, R>()) Library::product(a, cuda::call_of<P, R>);
      if constexpr (cuda::is_left_convolution<P, R>()) Library::convolution(a, cuda::call_of<P, R>);
    }
  };
  auto kernel = [&]<int K>() {
    cuda::aligned_memory shared(std::size_t(cuda::shared_numbers<P, K>) * sizeof(float));
    for (int block = 0; block < cuda::grid<P, K>; ++block)
      cuda::run_block<P, K>(cuda::host_block<cuda::block_threads>(), static_cast<float*>(shared.data()), a, block);
    [&]<int... R>(std::integer_sequence<int, R...>) {
      (routine.template operator()<K, R>(), ...);
    }(std::make_integer_sequence<int, P::plan.region_count>{});
  };
  [&]<int... K>(std::integer_sequence<int, K...>) {
    (kernel.template operator()<K>(), ...);
  }(std::make_integer_sequence<int, P::plan.kernels>{});
}

}  // namespace routines
