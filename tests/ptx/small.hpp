// SPDX-License-Identifier: BSL-1.0
// small.hpp -- in: a few lines of PTX. out: a kernel around them, and what it writes.
#pragma once
#include "ptx/ptx.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace small {

/// A kernel `k` of two pointers, out and in. When the body begins, %r0 is the thread's number in its block, and %d0 and
/// %d1 are the addresses of out[%r0] and in[%r0], of 4 bytes each.
inline std::string kernel(std::string const& body, std::string const& before = "") {
  return R"(
.version 9.0
.target sm_80
.address_size 64
)" + before +
         R"(
.visible .entry k(.param .u64 k_param_0, .param .u64 k_param_1)
{
  .reg .pred %p<16>;
  .reg .b16 %h<16>;
  .reg .b32 %r<32>;
  .reg .f32 %f<32>;
  .reg .b64 %d<16>;
  .reg .f64 %e<16>;
  ld.param.u64 %d0, [k_param_0];
  ld.param.u64 %d1, [k_param_1];
  mov.u32 %r0, %tid.x;
  mul.wide.u32 %d2, %r0, 4;
  add.s64 %d0, %d0, %d2;
  add.s64 %d1, %d1, %d2;
)" + body +
         "\n  ret;\n}\n";
}

struct result {
  std::vector<std::uint32_t> out;
  ptx::counters counted;
};

/// Runs the body with as many words of output as threads, all NaN to begin with.
inline result run(std::string const& body, std::vector<std::uint32_t> const& in = std::vector<std::uint32_t>(32),
                  ptx::launch const& how = {.grid = 1, .block = 32}, std::string const& before = "") {
  ptx::module const m(kernel(body, before));
  ptx::device d;
  auto* const out = d.allocate<std::uint32_t>(how.block.count(), "out");
  result r;
  r.counted = d.run(m, "k", how, ptx::pack(out, d.copy_in(in, "in")));
  auto const view = d.view(out);
  r.out.assign(view.begin(), view.end());
  return r;
}

/// What one lane computes: the body leaves it in %r1.
inline std::uint32_t value(std::string const& body) { return run(body + "\n st.global.u32 [%d0], %r1;").out[0]; }

/// The fault that the body is expected to raise.
template <class F> void expect_fault(ptx::wrong kind, F const& f, std::vector<std::string> const& said = {}) {
  try {
    f();
  } catch (ptx::fault const& e) {
    EXPECT_EQ(int(e.kind()), int(kind)) << e.what();
    for (std::string const& s : said) EXPECT_NE(std::string(e.what()).find(s), std::string::npos) << e.what();
    return;
  }
  ADD_FAILURE() << "no fault";
}

}  // namespace small
