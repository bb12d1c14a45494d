// SPDX-License-Identifier: BSL-1.0
// gemm.cpp -- in: nothing, or --rounds N. out: products `c = a * b` and `c = einsum<...>(a, b)` as knit plans them, in percent of one core's peak.
#include <knit/knit.hpp>
#include <knit_kernels/simd/peak.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>

#include "blas.hpp"
#include "worker.hpp"

using namespace knit;

namespace {

struct product {
  std::string name, shape;
  double flops;
  std::function<void()> by_knit, by_blas;
  std::function<double()> difference;  ///< of their results, relative to the largest element
  std::vector<double> percent, blas_percent, seconds;
};

template <class A> std::vector<float> plain(A const& a) {
  std::vector<float> p(std::size_t(A::shape.size()));
  for (long i = 0; i < A::shape.size(); ++i) p[std::size_t(i)] = a[i];
  return p;
}

template <class A> double difference(A const& c, std::vector<float> const& z) {
  double worst = 0, largest = 0;
  for (long i = 0; i < A::shape.size(); ++i) {
    worst = std::max(worst, std::abs(double(c[i]) - double(z[std::size_t(i)])));
    largest = std::max(largest, std::abs(double(z[std::size_t(i)])));
  }
  return worst / largest;
}
template <class... N> std::string shape_of(N... n) {
  std::string s;
  ((s += (s.empty() ? "(" : "x") + std::to_string(n)), ...);
  return s + ")";
}
std::string shape_of_array(shape s) { return (sentence{} << s).text; }

/// `multiply(c)` makes knit's result; for BLAS b is n x k where it is transposed.
template <bool Transposed, int M, int K, int N, class A, class B, class F>
product make_product(char const* name, std::optional<bench::blas> const& blas, std::shared_ptr<A> a, std::shared_ptr<B> b,
                     F multiply) {
  auto c = std::make_shared<tensor<float, M, N>>();
  product p{name, shape_of(M, K) + shape_of(K, N), 2.0 * M * K * N, [=] { multiply(*a, *b, *c); }, {}, [] { return 0.; }, {}, {},
            {}};
  if (blas) {
    auto x = std::make_shared<std::vector<float>>(plain(*a)), y = std::make_shared<std::vector<float>>(plain(*b)),
         z = std::make_shared<std::vector<float>>(std::size_t(M) * N);
    p.by_blas = [=, &blas] {
      blas->product(false, Transposed, M, N, K, 1, x->data(), M, y->data(), Transposed ? N : K, 0, z->data(), M);
    };
    p.difference = [=] { return difference(*c, *z); };
  }
  return p;
}

template <int... N> auto matrix(std::uint32_t first) {
  auto a = std::make_shared<tensor<float, N...>>();
  a->fill([=](long i) { return float(bench::hashed(first + std::uint32_t(i))); });
  return a;
}
/// As data lie: an instance after the other, each without gaps.
template <int M, int N> std::shared_ptr<view<float, M, N>> data_batch(std::uint32_t first) {
  struct held {
    std::vector<float> memory;
    view<float, M, N> seen;
  };
  std::vector<float> memory(M * std::size_t(N));
  for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = float(bench::hashed(first + std::uint32_t(i)));
  float const* const at = memory.data();
  auto h = std::make_shared<held>(held{std::move(memory), view<float, M, N>(at)});
  return {h, &h->seen};
}

constexpr auto times = [](auto const& a, auto const& b, auto& c) { c = a * b; };
constexpr auto times_transposed = [](auto const& a, auto const& b, auto& c) { c = a * transpose(b); };

/// einsum<L>(a, b) of matrices that lie one after the other: op(a) is M x K and op(b) K x N, to BLAS a call for each.
template <einsum_labels L, bool TransposedA, bool TransposedB, int M, int K, int N, class A, class B>
product make_batch(char const* name, std::optional<bench::blas> const& blas, std::shared_ptr<A> a, std::shared_ptr<B> b) {
  tensor result = einsum<L>(*a, *b);
  auto c = std::make_shared<decltype(result)>();
  const int count = int(result.size() / (M * N));
  product p{name,
            L.text + (" " + shape_of_array(A::shape)) + shape_of_array(B::shape),
            2.0 * M * K * N * count,
            [=] { *c = einsum<L>(*a, *b); },
            {},
            [] { return 0.; },
            {},
            {},
            {}};
  if (blas) {
    auto x = std::make_shared<std::vector<float>>(plain(*a)), y = std::make_shared<std::vector<float>>(plain(*b)),
         z = std::make_shared<std::vector<float>>(std::size_t(result.size()));
    p.by_blas = [=, &blas] {
      for (int i = 0; i < count; ++i)
        blas->product(TransposedA, TransposedB, M, N, K, 1, x->data() + long(i) * M * K, TransposedA ? K : M,
                      y->data() + long(i) * K * N, TransposedB ? N : K, 0, z->data() + long(i) * M * N, M);
    };
    p.difference = [=] { return difference(*c, *z); };
  }
  return p;
}

template <int M, int K, int N> product plain_product(char const* name, std::optional<bench::blas> const& blas) {
  return make_product<false, M, K, N>(name, blas, matrix<M, K>(1), matrix<K, N>(2), times);
}

/// Seconds of one call: enough of them for a millisecond, the best of three times so many.
double time(std::function<void()> const& f, double flops) {
  const int calls = std::max(1, int(1e8 / flops));
  double best = 1e9;
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    for (int c = 0; c < calls; ++c) f();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / calls);
  }
  return best;
}
double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = 15;
  for (int i = 1; i < argc; ++i) {
    if (!std::strcmp(argv[i], "--rounds") && i + 1 < argc && std::atoi(argv[i + 1]) > 0) rounds = std::atoi(argv[++i]);
    else {
      std::fprintf(stderr, "usage: bench_gemm [--rounds N]\n");
      return 2;
    }
  }
  thread_count() = 1;
  std::optional<bench::blas> blas;
  try {
    blas.emplace();
  } catch (std::exception const& e) {
    std::printf("%s\n", e.what());
  }
  // The first two are those of a network's first layer: data lie as they come, the weight and the slope as knit's arrays.
  product all[] = {
      make_product<false, 256, 784, 100>("forward", blas, matrix<256, 784>(1), data_batch<784, 100>(2), times),
      make_product<true, 256, 100, 784>("weight_gradient", blas, matrix<256, 100>(1), data_batch<784, 100>(2), times_transposed),
      plain_product<32, 128, 512>("32_128_512", blas),
      plain_product<512, 512, 512>("512", blas),
      plain_product<37, 65, 129>("odd", blas),
      // A product for each of a batch, and what its two derivatives are.
      make_batch<"mkb,knb->mnb", false, false, 64, 64, 64>("batch", blas, matrix<64, 64, 32>(1), matrix<64, 64, 32>(2)),
      make_batch<"mnb,knb->mkb", false, true, 64, 64, 64>("batch_to_a", blas, matrix<64, 64, 32>(1), matrix<64, 64, 32>(2)),
      make_batch<"mkb,mnb->knb", true, false, 64, 64, 64>("batch_to_b", blas, matrix<64, 64, 32>(1), matrix<64, 64, 32>(2)),
      make_batch<"mkb,knb->mnb", false, false, 32, 48, 40>("batch_odd", blas, matrix<32, 48, 16>(1), matrix<48, 40, 16>(2)),
      // Attention of 4 heads over 64 instances of 32 numbers: scores, and values by scores.
      make_batch<"dkhb,dqhb->kqhb", true, false, 64, 32, 64>("scores", blas, matrix<32, 64, 4, 8>(1), matrix<32, 64, 4, 8>(2)),
      make_batch<"dkhb,kqhb->dqhb", false, false, 32, 64, 64>("by_scores", blas, matrix<32, 64, 4, 8>(1), matrix<64, 64, 4, 8>(2)),
      // One weight for a sequence of 16 in a batch of 32, and its gradient, which sums over both.
      make_batch<"mk,knb->mnb", false, false, 64, 64, 512>("sequence", blas, matrix<64, 64>(1), matrix<64, 16, 32>(2)),
      make_batch<"mnb,knb->mk", false, true, 64, 512, 64>("sequence_to_weight", blas, matrix<64, 16, 32>(1), matrix<64, 16, 32>(2)),
      make_batch<"bmk,bkn->bmn", false, false, 8 * 64, 8, 8>("lanes", {}, matrix<64, 8, 8>(1), matrix<64, 8, 8>(2)),
  };
  for (auto& p : all) {
    p.by_knit();
    if (!p.by_blas) continue;
    p.by_blas();
    if (double d = p.difference(); !(d <= 1e-4)) {
      std::fprintf(stderr, "gemm: %s: knit's result and OpenBLAS's differ by %.2g; nothing was timed\n", p.name.c_str(), d);
      return 1;
    }
  }
  std::vector<double> peaks;
  for (int r = 0; r < rounds; ++r)
    for (auto& p : all) {
      const double flops = p.flops, peak = simd::fma_peak();
      peaks.push_back(peak);
      p.seconds.push_back(time(p.by_knit, flops));
      p.percent.push_back(100 * flops / p.seconds.back() / 1e9 / peak);
      if (p.by_blas) p.blas_percent.push_back(100 * flops / time(p.by_blas, flops) / 1e9 / peak);
    }
  std::printf("One thread; peak of this core %.1f GF/s; medians of %d rounds%s%s%s\n\n%-20s %-40s %10s %10s %10s %12s\n",
              median(peaks), rounds, blas ? "; OpenBLAS with kernels for " : "", blas ? blas->core().c_str() : "", "", "",
              "(m x k)(k x n)", "us", "GF/s", "percent", "OpenBLAS's");
  for (auto const& p : all) {
    const double s = median(p.seconds);
    std::printf("%-20s %-40s %10.2f %10.1f %10.1f", p.name.c_str(), p.shape.c_str(), 1e6 * s, 1e-9 * p.flops / s,
                median(p.percent));
    if (p.by_blas) std::printf(" %12.1f", median(p.blas_percent));
    std::printf("\n");
  }
  std::printf("\n");
  for (auto const& p : all) {
    std::printf("gemm_%s_percent %.4g\n", p.name.c_str(), median(p.percent));
    if (p.by_blas) std::printf("gemm_%s_vs_blas %.4g\n", p.name.c_str(), median(p.percent) / median(p.blas_percent));
  }
}
