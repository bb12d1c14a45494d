// SPDX-License-Identifier: BSL-1.0
// run.hpp -- in: a program and PTX with its kernels. out: what they do to memory, beside what the same kernels do as loops.
#pragma once
#include <string>
#include <vector>

#include <knit/backend/scalar.hpp>

#include "memory.hpp"
#include "ptx/ptx.hpp"

namespace cuda_run {

/// Runs the kernels of a program, found in PTX by the name of its Spec, on memory of the host. Returns what was counted, kernel by kernel.
template <class Spec>
std::vector<ptx::counters> run(ptx::module const& m, std::string const& name, memory<Spec>& on, unsigned seed = 0) {
  using P = compiled_for<Spec>;
  using number = typename P::number;
  ptx::device d;
  std::vector<ptx::counters> all;
  for (auto& l : on.leaves) d.share(std::span(l), "a leaf");
  for (auto& o : on.outputs) d.share(std::span(o), "an output");
  number* const arena = d.allocate<number>(std::size_t(P::plan.arena_floats), "the arena");
  number* const scratch = d.allocate<number>(std::size_t(knit::cuda::scratch_numbers<P>), "scratch");
  const auto leaves = on.leaf_addresses();
  const auto outputs = on.output_addresses();
  const auto a = knit::cuda::arguments_of<P>(leaves.data(), outputs.data(), arena, scratch);
  const std::string spec = std::to_string(name.size()) + name + "EL";  // the last of a nested name
  [&]<int... K>(std::integer_sequence<int, K...>) {
    auto one = [&](auto k) {
      const std::string kernel = m.find("6kernel", spec + "i" + std::to_string(int(k)) + "E");
      EXPECT_LT(kernel.size(), 256u);
      EXPECT_TRUE(m.kernel(kernel).unknown.empty()) << kernel << ": " << m.kernel(kernel).unknown.front();
      ptx::launch l{.grid = {knit::cuda::grid<P, k>}, .block = knit::cuda::block_threads, .dynamic_shared = 0, .seed = seed};
      all.push_back(d.run(m, kernel, l, ptx::pack(a)));
    };
    (one(std::integral_constant<int, K>{}), ...);
  }(std::make_integer_sequence<int, P::plan.kernels>{});
  return all;
}

/// The kernels as PTX, as loops, and what the scalar backend does, from the same memory, prepared so. tolerance: between PTX and
/// loops, 0: equal to the bit; from_oracle: between loops and the scalar backend, whose sums are in another order.
template <class Spec> std::vector<ptx::counters> check(
    ptx::module const& m, std::string const& name, double tolerance, void (*prepare)(memory<Spec>&) = [](memory<Spec>&) {},
    double from_oracle = 4e-6) {
  memory<Spec> right(1), loops(1), loops_turned(1), interpreted(1), turned(1), before(1);
  for (memory<Spec>* each : {&right, &loops, &loops_turned, &interpreted, &turned, &before}) prepare(*each);
  auto run_on_host = [](auto program, memory<Spec>& on) { program.run(on.leaf_addresses().data(), on.output_addresses().data()); };
  using backend = knit::cuda_on_host;
  run_on_host(typename knit::scalar_backend<typename memory<Spec>::number>::template program<Spec>(), right);
  run_on_host(typename backend::template program<Spec>(), loops);
  EXPECT_GT(distance(right, before), 0) << name << ": nothing was written";
  EXPECT_LE(distance(right, loops), from_oracle) << name;
  backend::order() = 5;
  run_on_host(typename backend::template program<Spec>(), loops_turned);
  backend::order() = 0;
  EXPECT_EQ(distance(loops, loops_turned), 0) << name << ": the order of threads and blocks of the host changes the result";
  const std::vector<ptx::counters> c = run(m, name, interpreted);
  EXPECT_LE(distance(loops, interpreted), tolerance) << name;
  run(m, name, turned, 12345);
  EXPECT_EQ(distance(interpreted, turned), 0) << name << ": the order of threads and blocks changes the result";
  return c;
}

}  // namespace cuda_run
