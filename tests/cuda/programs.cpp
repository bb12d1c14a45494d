// SPDX-License-Identifier: BSL-1.0
// programs.cpp -- in: the programs of programs.hpp. out: their kernels as PTX do what they do as loops on the host.
#include "programs.hpp"
#include "promises.hpp"

#include "run.hpp"

namespace {

using namespace cuda_run;

#ifdef KNIT_PTX_programs_80
ptx::module const& kernels() {
  static const ptx::module m = ptx::module::from_file(KNIT_PTX_programs_80);
  return m;
}
constexpr double functions = 4e-6;  // exp, log, quotients: a GPU's own differ in the last bits

/// Multiply-adds are executed as the tiles of the plan say, not one more or less.
template <class Spec> void count(std::vector<ptx::counters> const& counted) {
  using P = compiled_for<Spec>;
  auto one = [&](auto k) {
    EXPECT_EQ(counted[std::size_t(k())].fma, std::uint64_t(promises::fma_of<P, k>())) << "in kernel " << k();
    EXPECT_EQ(counted[std::size_t(k())].mma, std::uint64_t(promises::mma_of<P, k>())) << "in kernel " << k();
  };
  [&]<int... K>(std::integer_sequence<int, K...>) {
    (one(std::integral_constant<int, K>{}), ...);
  }(std::make_integer_sequence<int, P::plan.kernels>{});
}
TEST(programs, of_products_alone) { count<programs::products>(check<programs::products>(kernels(), "products", 0)); }
/// Has it a contraction in slabs that cut it so?
template <class Spec, class Says> bool cuts(Says says) {
  auto const& p = compiled_for<Spec>::plan;
  for (int s = 0; s < p.step_count; ++s)
    if (p.regions[p.steps[s].region].slabs > 1 && p.steps[s].kind == knit::step_kind::contract && says(p.steps[s].cut)) return true;
  return false;
}
TEST(programs, of_products_in_slabs) {
  EXPECT_TRUE(cuts<programs::slabs>([](int q) { return q == 1; }) &&
              cuts<programs::slabs>([](int q) { return q >= knit::contracted_cut; }));
  count<programs::slabs>(check<programs::slabs>(kernels(), "slabs", 0));
}
/// The scalar backend rounds no operand to bf16, so each product may be apart from its own by 2^-8 and more; what rounding
/// takes across 0 a relu drops (tests/backend/cuda_bf16.cpp rounds both).
template <class Spec> std::vector<ptx::counters> check_in_bf16(ptx::module const& m, std::string const& name, double tolerance,
                                                               double from_oracle = 0.02) {
  return check<Spec>(
      m, name, tolerance, [](memory<Spec>&) {}, from_oracle);
}
/// The interpreter adds up as a host does, so they agree to the bit here. Tensor cores need not.
TEST(programs, of_products_in_bf16) {
  static const ptx::module m = ptx::module::from_file(KNIT_PTX_programs_bf16_80);
  const long first = promises::mma_of<compiled_for<programs::products_bf16>, 0>();
  EXPECT_GT(first, 0);
  // Nothing else reads or writes shared memory so often, so tiles are where a conflict would show.
  auto conflict_free = [](std::vector<ptx::counters> const& counted) {
    for (ptx::counters const& c : counted) EXPECT_EQ(c.shared_loads.conflicts + c.shared_stores.conflicts, 0u);
    return counted;
  };
  count<programs::products_bf16>(conflict_free(check_in_bf16<programs::products_bf16>(m, "products_bf16", 0)));
  count<programs::slabs_bf16>(conflict_free(check_in_bf16<programs::slabs_bf16>(m, "slabs_bf16", 0, 0.2)));
  // What functions give in the last bits changes an operand's rounding to bf16 only where it lies between two: none here.
  conflict_free(check_in_bf16<programs::small_bf16>(m, "small_bf16", functions));
}
TEST(programs, of_products_in_slabs_of_rows) {
  EXPECT_TRUE(cuts<programs::rows>([](int q) { return q == 0; }));
  count<programs::rows>(check<programs::rows>(kernels(), "rows", 0));
}
TEST(programs, elementwise_and_reduced) { check<programs::chain>(kernels(), "chain", functions); }
TEST(programs, log_sums) { check<programs::log_sums>(kernels(), "log_sums", functions); }
TEST(programs, loss_of_scores) { check<programs::scores>(kernels(), "scores", functions); }
TEST(programs, softmax_of_a_product) { check<programs::classes>(kernels(), "classes", functions); }
TEST(programs, small_sgd) { check<programs::small_sgd>(kernels(), "small_sgd", functions); }
TEST(programs, small_adam) { check<programs::small_adam>(kernels(), "small_adam", functions); }
/// What is loaded of a sector is used, and what is stored to shared memory at once goes to different banks.
TEST(programs, load_whole_sectors_of_bytes) {
  for (ptx::counters const& c : check<programs::images_sgd>(kernels(), "images_sgd", functions)) {
    EXPECT_GE(double(c.global_loads.bytes), 0.85 * 32 * double(c.global_loads.sectors));
    EXPECT_EQ(c.shared_loads.conflicts + c.shared_stores.conflicts, 0u);
  }
}
TEST(programs, residual_momentum) { check<programs::residual_momentum>(kernels(), "residual_momentum", functions); }
TEST(programs, of_a_convolution) { count<programs::slides>(check<programs::slides>(kernels(), "slides", 0)); }
TEST(programs, conv_sgd) { check<programs::conv_sgd>(kernels(), "conv_sgd", functions); }
TEST(programs, every_elementwise_op) {
  check<programs::unary_ops>(kernels(), "unary_ops", functions);
  check<programs::binary_ops>(kernels(), "binary_ops", functions);
  check<programs::ternary_ops>(kernels(), "ternary_ops", 0);
}
/// Every other angle is beyond what parts of pi/2 reduce, up to infinity. What the library gives on a host is within 2 units of it.
TEST(programs, angles_to_the_bit) {
  check<programs::waves>(kernels(), "waves", 0);
  check<programs::waves>(kernels(), "waves", 0, [](memory<programs::waves>& m) {
    float x[37 * 5];
    for (int i = 0; i < 37 * 5; ++i) x[i] = (i % 3 ? 1 : -1) * std::exp2(float(i % 2 ? i : i / 10 - 4)) * 1.2345678f;
    std::memcpy(m.leaves[0].data(), x, sizeof x);
  });
}
TEST(programs, every_reduction) { check<programs::reductions>(kernels(), "reductions", 0); }
TEST(programs, every_scan) {
  check<programs::scans>(kernels(), "scans", 0);
  check<programs::recurrences>(kernels(), "recurrences", 0);
}
#else
TEST(programs, need_nvcc) { GTEST_SKIP() << "there is no nvcc, so no kernels to run"; }
#endif

}  // namespace
