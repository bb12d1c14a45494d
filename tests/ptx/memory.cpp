// SPDX-License-Identifier: BSL-1.0
// memory.cpp -- in: the spaces of memory, atomics, asynchronous copies, matrices. out: bytes and counters.

#include "ptx/small.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>

namespace {

using small::run;

const std::string store = "\n st.global.u32 [%d0], %r1;";
const std::vector<std::uint32_t> zeros(256);

std::vector<std::uint32_t> counting(std::size_t n) {
  std::vector<std::uint32_t> v(n);
  std::iota(v.begin(), v.end(), 0u);
  return v;
}

TEST(PtxMemory, NarrowElements) {
  std::vector<std::uint32_t> const in(32, 0x80ff7f01);
  EXPECT_EQ(run("ld.global.u8 %r1, [%d1+2];" + store, in).out[0], 0xffu);
  EXPECT_EQ(run("ld.global.s8 %r1, [%d1+3];" + store, in).out[0], 0xffffff80u);
  EXPECT_EQ(run("ld.global.nc.L1::no_allocate.s16 %r1, [%d1+2];" + store, in).out[0], 0xffff80ffu);
  EXPECT_EQ(run("ld.global.v4.u8 {%h0, %h1, %h2, %h3}, [%d1]; cvt.u32.u16 %r1, %h1;" + store, in).out[0], 0x7fu);
  EXPECT_EQ(run("mov.u32 %r1, 0;" + store + "mov.u32 %r2, 0xabcd; st.global.u8 [%d0+1], %r2;").out[3], 0xcd00u);
}

TEST(PtxMemory, Vectors) {
  auto const r = run("sub.s64 %d0, %d0, %d2; sub.s64 %d1, %d1, %d2; shl.b32 %r2, %r0, 5; cvt.u64.u32 %d3, %r2; add.s64 "
                     "%d0, %d0, %d3; add.s64 %d1, %d1, %d3;"
                     "setp.lt.u32 %p1, %r0, 4; @!%p1 ret; ld.global.v8.b32 {%r1, %r2, %r3, %r4, %r5, %r6, %r7, _}, "
                     "[%d1]; st.global.v4.b32 [%d0+16], {%r1, %r2, %r3, %r4};"
                     "ld.global.v2.b64 {%d4, %d5}, [%d1+16]; st.global.v2.u64 [%d0], {%d4, %d5};",
                     counting(32));
  for (std::uint32_t k = 0; k < 32; ++k) EXPECT_EQ(r.out[k], k ^ 4);
}

TEST(PtxMemory, VariablesOfTheModule) {
  std::string const before = R"(
    .const .align 4 .b8 table[16] = {1, 0, 0, 0, 2, 0, 0, 0, 3};
    .global .align 4 .u32 counter = 40;
    .global .align 8 .u64 pointer = generic(counter);)";
  ptx::module const m(small::kernel("ld.global.u64 %d3, [pointer]; atom.add.u32 %r1, [%d3], 1; mov.u64 %d4, table; "
                                    "ld.const.u32 %r2, [%d4+8]; add.u32 %r1, %r1, %r2;" +
                                        store,
                                    before));
  ptx::device d;
  auto* const out = d.allocate<std::uint32_t>(32);
  for (int k = 0; k < 2; ++k) d.run(m, "k", {.grid = 1, .block = 32}, ptx::pack(out, out));
  EXPECT_EQ(d.view(out)[5], 40u + 32 + 5 + 3);
  EXPECT_EQ(d.variable(m, "counter")[0], std::byte(104));
}

TEST(PtxMemory, GenericAddresses) {
  // Even lanes read shared memory, odd ones their own local memory, by the same instruction.
  auto const r = run(R"(
    .shared .align 4 .b8 s[128]; .local .align 4 .b8 mine[4];
    mov.u64 %d3, s; cvta.shared.u64 %d3, %d3; add.s64 %d3, %d3, %d2; st.u32 [%d3], %r0;
    mov.u64 %d4, mine; cvta.local.u64 %d5, %d4; mov.u32 %r2, 77; st.local.u32 [%d4], %r2;
    and.b32 %r3, %r0, 1; setp.eq.u32 %p1, %r3, 0; selp.b64 %d6, %d3, %d5, %p1;
    ld.u32 %r1, [%d6]; isspacep.shared %p2, %d6; @%p2 add.u32 %r1, %r1, 1000;)" +
                     store);
  for (std::uint32_t l = 0; l < 32; ++l) EXPECT_EQ(r.out[l], l % 2 ? 77 : l + 1000);
}

TEST(PtxMemory, DynamicShared) {
  auto const r = run("mov.u32 %r2, tail; mov.u32 %r3, %dynamic_smem_size; add.u32 %r1, %r2, %r3; st.shared.u32 "
                     "[%r2+96], %r1;" +
                         store,
                     zeros, {.grid = 1, .block = 1, .dynamic_shared = 100},
                     ".extern .shared .align 16 .b8 tail[]; .shared .align 4 .b8 unused[64];");
  EXPECT_EQ(r.out[0], 100u);
}

TEST(PtxMemory, Parameters) {
  struct arguments {
    float* out;
    int n;
    float scale[3];
  };
  ptx::module const m(R"(.version 9.0
    .visible .entry k(.param .u32 a, .param .align 8 .b8 s[24]) {
      .reg .b64 %d<4>; .reg .f32 %f<4>; .reg .b32 %r<4>; .reg .f32 %g;
      mov.b64 %d0, s; ld.param.u64 %d1, [%d0]; ld.param.f32 %f0, [s+20]; ld.param.u32 %r0, [a]; cvt.rn.f32.u32 %f1, %r0;
      cvta.param.u64 %d2, %d0; ld.f32 %g, [%d2+12]; fma.rn.f32 %f0, %f0, %f1, %g; st.global.f32 [%d1], %f0; ret; })");
  ptx::device d;
  std::vector<float> out(1);
  d.run(m, "k", {}, ptx::pack(5u, arguments{d.share(std::span(out)), 1, {2, 3, 4}}));
  EXPECT_EQ(out[0], 22.0f);
  EXPECT_EQ(m.kernel("k").parameters[1].offset, 8u);
}

TEST(PtxMemory, Atomics) {
  auto const of = [](std::string const& op, std::string const& operands) {
    return run("ld.global.u32 %r1, [%d1]; st.global.u32 [%d0], %r1; sub.s64 %d0, %d0, %d2; bar.warp.sync "
               "-1;" +
                   op + " %r1, [%d0], " + operands + ";",
               std::vector<std::uint32_t>(32, 3))
        .out[0];
  };
  EXPECT_EQ(of("atom.global.add.u32", "%r0"), 3u + 496);
  EXPECT_EQ(of("atom.global.max.s32", "%r0"), 31u);
  EXPECT_EQ(of("atom.global.min.u32", "%r0"), 0u);
  EXPECT_EQ(of("atom.global.exch.b32", "%r0"), 31u);
  EXPECT_EQ(of("atom.global.cas.b32", "%r0, 99"), 99u);
  EXPECT_EQ(of("atom.global.inc.u32", "4"), 0u);
  EXPECT_EQ(of("atom.acq_rel.gpu.global.xor.b32", "1"), 3u);
  EXPECT_EQ(run(".shared .align 4 .f32 s; mov.f32 %f1, 0f3F000000; setp.eq.u32 %p1, %r0, 0; @%p1 st.shared.f32 "
                "[s], %f1; bar.sync 0; red.shared.add.f32 [s], %f1; bar.sync 0; ld.shared.u32 %r1, [s];" +
                store)
                .out[7],
            std::bit_cast<std::uint32_t>(16.5f));
}

TEST(PtxMemory, ZerosFillShortCopies) {
  auto const r = run(R"(.shared .align 16 .b8 s[512]; mov.u32 %r2, s; shl.b32 %r3, %r0, 4; add.u32 %r2, %r2, %r3;
    sub.s64 %d1, %d1, %d2; cvt.u64.u32 %d3, %r3; add.s64 %d1, %d1, %d3; setp.lt.u32 %p1, %r0, 2; selp.u32 %r4, 16, 0, %p1;
    cp.async.cg.shared.global [%r2], [%d1], 16, %r4; cp.async.wait_all; ld.shared.u32 %r1, [%r2+12];)" +
                         store,
                     std::vector<std::uint32_t>(8, 9));
  EXPECT_EQ(r.out[1], 9u);
  EXPECT_EQ(r.out[2], 0u);
}

TEST(PtxMemory, Sectors) {
  auto const stride = [](int n) {
    return run("mul.lo.u32 %r2, %r0, " + std::to_string(4 * n - 4) +
                   "; cvt.u64.u32 %d3, %r2; add.s64 %d1, %d1, %d3; ld.global.u32 %r1, [%d1];",
               std::vector<std::uint32_t>(1024))
        .counted.global_loads;
  };
  EXPECT_EQ(stride(1).sectors, 4u);
  EXPECT_EQ(stride(1).bytes, 128u);
  EXPECT_EQ(stride(2).sectors, 8u);
  EXPECT_EQ(stride(8).sectors, 32u);
  EXPECT_EQ(stride(32).sectors, 32u);
}

TEST(PtxMemory, BankConflicts) {
  auto const stored = [](std::string const& type, int stride) {
    std::string const registers = type.starts_with("v4") ? "{%r4, %r4, %r4, %r4}" : type.starts_with("v2") ? "{%r4, %r4}" : "%r4";
    return run(".shared .align 16 .b8 s[16384]; mov.u32 %r2, s; mul.lo.u32 %r3, %r0, " + std::to_string(4 * stride) +
               "; add.u32 %r2, %r2, %r3; mov.u32 %r4, 5; st.shared." + type + " [%r2], " + registers + ";")
        .counted.shared_stores;
  };
  EXPECT_EQ(stored("u32", 1).conflicts, 0u);
  EXPECT_EQ(stored("u32", 2).conflicts, 1u);
  EXPECT_EQ(stored("u32", 33).conflicts, 0u);
  EXPECT_EQ(stored("u32", 32).conflicts, 31u);
  EXPECT_EQ(stored("u32", 0).conflicts, 0u);
  EXPECT_EQ(stored("v2.u32", 2).wavefronts, 2u);
  EXPECT_EQ(stored("v4.u32", 4).wavefronts, 4u);
  EXPECT_EQ(stored("v4.u32", 4).conflicts, 0u);
  EXPECT_EQ(stored("v4.u32", 8).conflicts, 4u);
  EXPECT_EQ(stored("v4.u32", 36).conflicts, 0u);
}

/// ldmatrix brings 16 x 16 numbers of bf16 to where mma wants them: D = A x B with B = the transpose of A's left half.
TEST(PtxMemory, Matrices) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<std::uint16_t> a(256);
  for (auto& x : a) x = std::uint16_t(std::bit_cast<std::uint32_t>(uniform(random)) >> 16);
  std::vector<std::uint32_t> in(128);
  std::memcpy(in.data(), a.data(), 512);
  ptx::module const m(small::kernel(R"(
    .shared .align 16 .b8 s[512];
    sub.s64 %d1, %d1, %d2; shl.b32 %r2, %r0, 4; cvt.u64.u32 %d3, %r2; add.s64 %d1, %d1, %d3;
    mov.u32 %r3, s; add.u32 %r4, %r3, %r2;
    ld.global.v4.u32 {%r5, %r6, %r7, %r8}, [%d1]; st.shared.v4.u32 [%r4], {%r5, %r6, %r7, %r8};
    bar.warp.sync -1;
    // Matrix q of four: rows 8 (q % 2) and on, columns 8 (q / 2) and on; a row of 16 takes 32 bytes.
    and.b32 %r5, %r0, 15; shl.b32 %r5, %r5, 5; shr.u32 %r6, %r0, 4; shl.b32 %r6, %r6, 4; add.u32 %r5, %r5, %r6; add.u32 %r5, %r5, %r3;
    ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r10, %r11, %r12, %r13}, [%r5];
    // B[k][n] = A[n][k], so its columns are A's first rows.
    and.b32 %r5, %r0, 7; shl.b32 %r5, %r5, 5; shr.u32 %r6, %r0, 3; and.b32 %r6, %r6, 1; shl.b32 %r6, %r6, 4; add.u32 %r5, %r5, %r6; add.u32 %r5, %r5, %r3;
    ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%r14, %r15}, [%r5];
    mov.f32 %f0, 0f3F800000;
    mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f1, %f2, %f3, %f4}, {%r10, %r11, %r12, %r13}, {%r14, %r15}, {%f0, %f0, %f0, %f0};
    // Row lane / 4, columns 2 (lane % 4) and the next; eight rows below the others.
    sub.s64 %d0, %d0, %d2; shr.u32 %r5, %r0, 2; and.b32 %r6, %r0, 3; shl.b32 %r5, %r5, 5; shl.b32 %r6, %r6, 3; add.u32 %r5, %r5, %r6;
    cvt.u64.u32 %d3, %r5; add.s64 %d0, %d0, %d3;
    st.global.v2.f32 [%d0], {%f1, %f2}; st.global.v2.f32 [%d0+256], {%f3, %f4};)"));
  ptx::device d;
  float* const out = d.allocate<float>(128);
  ptx::counters const c = d.run(m, "k", {.grid = 1, .block = 32}, ptx::pack(out, d.copy_in(in)));
  EXPECT_EQ(c.mma, 1u);
  auto const at = [&](int row, int column) { return std::bit_cast<float>(std::uint32_t(a[std::size_t(row * 16 + column)]) << 16); };
  for (int row = 0; row < 16; ++row)
    for (int column = 0; column < 8; ++column) {
      float sum = 1;
      for (int k = 0; k < 16; ++k) sum = std::fma(at(row, k), at(column, k), sum);
      EXPECT_EQ(d.view(out)[std::size_t(row * 8 + column)], sum) << row << ',' << column;
    }
}

TEST(PtxMemory, HalvesTransposed) {
  std::vector<std::uint32_t> in(32);
  for (std::uint32_t k = 0; k < 32; ++k) in[k] = 2 * k | (2 * k + 1) << 16;  // half word k holds k
  auto const r = run(
      R"(.shared .align 16 .b8 s[128]; mov.u32 %r2, s; cvt.u32.u64 %r3, %d2; add.u32 %r3, %r2, %r3; ld.global.u32 %r4, [%d1]; st.shared.u32 [%r3], %r4;
    bar.warp.sync -1; and.b32 %r5, %r0, 7; shl.b32 %r5, %r5, 4; add.u32 %r5, %r5, %r2; ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%r1}, [%r5];)" +
          store,
      in);
  for (std::uint32_t l = 0; l < 32; ++l) EXPECT_EQ(r.out[l], (l % 4 * 16 + l / 4) | (l % 4 * 16 + 8 + l / 4) << 16);
}

}  // namespace
