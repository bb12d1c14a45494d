// SPDX-License-Identifier: BSL-1.0
// slow_mnist.cpp -- in: images of MNIST. out: steps of training at full size on PTX do what they do as loops; what each kernel costs.
#include "programs.hpp"
#include "promises.hpp"

#include "run.hpp"

#include <cstdio>
#include <knit/data/instances.hpp>

namespace {

using namespace cuda_run;

#ifdef KNIT_PTX_mnist_80

/// The first hundred images and labels, and weights as small as those of a network that learns.
template <class Spec> void images(memory<Spec>& m) {
  static const knit::mnist_data d = knit::read_mnist(std::string(KNIT_EXAMPLE_DATA) + "/mnist");
  auto fill = [&](int leaf, std::span<std::uint8_t const> from) {
    knit::leaf_info const& f = Spec::leaves[std::size_t(leaf)];
    std::memcpy(m.leaves[std::size_t(leaf)].data(), from.data(), f.lies.storage(f.extents));
  };
  fill(Spec::first_argument, d.train.x);
  fill(Spec::first_argument + 1, d.train.y);
  for (std::size_t leaf = 0; leaf < std::size_t(Spec::parameters::count); ++leaf) {
    knit::leaf_info const& f = Spec::leaves[leaf];
    float* const w = reinterpret_cast<float*>(m.leaves[leaf].data());
    for (std::size_t i = 0; i < std::size_t(f.lies.storage(f.extents)); ++i) w[i] *= 0.15f;
  }
}

template <class Spec> void step(char const* file, std::string const& name, double from_oracle = 4e-6) {
  using P = compiled_for<Spec>;
  const std::vector<ptx::counters> c = check<Spec>(ptx::module::from_file(file), name, 4e-6, images<Spec>, from_oracle);
  std::printf("%-12s %6s %12s %11s %11s %8s %10s %8s %7s %10s %8s %7s %10s %9s %8s\n", "kernel", "blocks", "instructions", "FMA",
              "of products", "MMA", "loaded", "sectors", "of 32 B", "stored", "sectors", "of 32 B", "wavefronts", "conflicts",
              "barriers");
  auto full = [](ptx::global_traffic const& t) { return t.sectors ? double(t.bytes) / double(32 * t.sectors) : 1.0; };
  auto one = [&](auto k) {
    ptx::counters const& n = c[std::size_t(k())];
    const std::uint64_t products = std::uint64_t(promises::fma_of<P, k>());
    std::printf("%-10s %d %6d %12zu %11zu %11zu %8zu %10zu %8zu %6.0f%% %10zu %8zu %6.0f%% %10zu %9zu %8zu\n", name.c_str(), int(k),
                knit::cuda::grid<P, k>, n.all.lanes, n.fma, products, n.mma, n.global_loads.bytes, n.global_loads.sectors,
                100 * full(n.global_loads), n.global_stores.bytes, n.global_stores.sectors, 100 * full(n.global_stores),
                n.shared_loads.wavefronts + n.shared_stores.wavefronts, n.shared_loads.conflicts + n.shared_stores.conflicts,
                n.barriers);
    EXPECT_EQ(n.mma, std::uint64_t(promises::mma_of<P, k>())) << "in kernel " << int(k);
    EXPECT_GE(n.fma, products) << "in kernel " << int(k);
    EXPECT_LE(n.fma, products + products / 50 + 100000) << "in kernel " << int(k);  // and what functions take
    if (products + n.mma * promises::of_mma > 10000000) {  // the large products: whole sectors, blocks for most multiprocessors
      EXPECT_GE(full(n.global_loads), 0.85) << "in kernel " << int(k);
      EXPECT_GE((knit::cuda::grid<P, k>), 100) << "in kernel " << int(k);
    }
    if (n.mma > 0) {  // in bf16: a bank for each
      EXPECT_EQ(n.shared_loads.conflicts + n.shared_stores.conflicts, 0u) << "in kernel " << int(k);
    }
    if (products > 10000000) {  // of float, besides: a bank for each, tiles that are there
      EXPECT_LE(n.shared_loads.conflicts + n.shared_stores.conflicts, (n.shared_loads.wavefronts + n.shared_stores.wavefronts) / 50)
          << "in kernel " << int(k);
      EXPECT_LE(double(products), 1.15 * 256 * 784 * 100) << "in kernel " << int(k);
    }
  };
  [&]<int... K>(std::integer_sequence<int, K...>) {
    (one(std::integral_constant<int, K>{}), ...);
  }(std::make_integer_sequence<int, P::plan.kernels>{});
}

TEST(mnist, sgd) { step<programs::mnist_sgd>(KNIT_PTX_mnist_80, "mnist_sgd"); }
TEST(mnist, adam) { step<programs::mnist_adam>(KNIT_PTX_mnist_80, "mnist_adam"); }
TEST(mnist, sgd_in_bf16) { step<programs::mnist_bf16>(KNIT_PTX_bf16_80, "mnist_bf16", 0.02); }
#else
TEST(mnist, needs_nvcc) { GTEST_SKIP() << "there is no nvcc, so no kernels to run"; }
#endif

}  // namespace
