// SPDX-License-Identifier: BSL-1.0
// checks.cpp -- in: kernels with planted errors. out: each is found, and said where; their corrected twins run.

#include "ptx/small.hpp"

namespace {

using ptx::wrong;
using small::expect_fault;
using small::run;

const std::vector<std::uint32_t> zeros(256);
const ptx::launch two_warps{.grid = 1, .block = 64}, two_blocks{.grid = 2, .block = 32};

TEST(PtxChecks, Bounds) {
  expect_fault(
      wrong::bounds, [] { run("ld.global.u32 %r1, [%d1+4];"); },
      {"in k, line", "`ld.global.u32 %r1, [%d1+4];`", "block (0,0,0)", "thread (31,0,0)", "128 bytes into in of 128 bytes", "0x1"});
  expect_fault(wrong::bounds, [] { run("st.global.u32 [%d0+-4], %r0;"); }, {"thread (0,0,0)", "4 bytes before out"});
  expect_fault(wrong::bounds, [] { run("mov.u64 %d3, 0; ld.u32 %r1, [%d3];"); }, {"at 0x0"});
  expect_fault(wrong::bounds, [] { run(".shared .align 4 .b8 s[64]; mov.u32 %r2, s; st.shared.u32 [%r2+64], %r0;"); },
               {"64 bytes"});
  expect_fault(wrong::bounds, [] { run(".local .align 4 .b8 s[64]; mov.u64 %d3, s; st.local.u32 [%d3+64], %r0;"); });
  expect_fault(wrong::bounds, [] { run("ld.param.u32 %r1, [k_param_1+8];"); });
  expect_fault(wrong::bounds,
               [] { run("mov.u64 %d3, c; ld.const.u32 %r1, [%d3+4];", zeros, two_warps, ".const .align 4 .u32 c = 7;"); });
}

TEST(PtxChecks, Alignment) {
  expect_fault(wrong::misaligned, [] { run("ld.global.u32 %r1, [%d1+2];", zeros); }, {"thread (0,0,0)"});
  expect_fault(wrong::misaligned, [] { run("ld.global.v2.u32 {%r1, %r2}, [%d1];", zeros); }, {"read of 8 bytes", "thread (1,0,0)"});
  expect_fault(wrong::misaligned,
               [] { run(".shared .align 4 .b8 s[64]; mov.u32 %r2, s; st.shared.v4.u32 [%r2+8], {%r0, %r0, %r0, %r0};"); });
}

TEST(PtxChecks, ReadOnly) {
  expect_fault(wrong::read_only, [] { run("mov.u64 %d3, c; st.u32 [%d3], %r0;", zeros, two_warps, ".const .align 4 .u32 c = 7;"); },
               {"in c"});
  std::string const body = "st.global.u32 [%d1], %r0;";
  ptx::module const m(small::kernel(body));
  ptx::device d;
  std::vector<std::uint32_t> const in(32);
  std::vector<std::uint32_t> out(32);
  auto const arguments = ptx::pack(d.share(std::span(out), "out"), d.share(std::span(in), "weights"));
  expect_fault(wrong::read_only, [&] { d.run(m, "k", {.grid = 1, .block = 32}, arguments); }, {"weights"});
}

std::string exchange(std::string const& between) {
  return ".shared .align 4 .b8 s[1024]; mov.u32 %r3, s; shl.b32 %r2, %r0, 2; add.u32 %r4, %r3, %r2; "
         "st.shared.u32 [%r4], %r0;" +
         between +
         "; xor.b32 %r5, %r2, 128; add.u32 %r5, %r5, %r3; ld.shared.u32 %r1, [%r5]; st.global.u32 [%d0], "
         "%r1;";
}
std::string within_warp(std::string const& between) {
  return ".shared .align 4 .b8 s[1024]; mov.u32 %r3, s; shl.b32 %r2, %r0, 2; add.u32 %r4, %r3, %r2; "
         "st.shared.u32 [%r4], %r0;" +
         between + "; xor.b32 %r5, %r2, 4; add.u32 %r5, %r5, %r3; ld.shared.u32 %r1, [%r5]; st.global.u32 [%d0], %r1;";
}

TEST(PtxChecks, SharedRaces) {
  // A read before the other warp's write is one of memory that nobody has written: both are named, by the order.
  ptx::launch how = two_warps;
  expect_fault(wrong::uninitialised, [&] { run(exchange(""), zeros, how); }, {"thread (0,0,0)"});
  how.check.uninitialised = false;
  expect_fault(wrong::race, [&] { run(exchange(""), zeros, how); }, {"races with thread"});
  run(exchange("bar.sync 0"), zeros, how);
  expect_fault(wrong::race, [&] { run(within_warp(""), zeros, how); }, {"races with thread (1,0,0)"});
  run(within_warp("bar.warp.sync -1"), zeros, how);
  run(within_warp("shfl.sync.idx.b32 %r9, %r0, 0, 31, -1"), zeros, how);
  // Two writers; and one that writes what another has read.
  expect_fault(wrong::race, [&] { run(".shared .align 4 .u32 s; st.shared.u32 [s], %r0;", zeros, how); },
               {"races with thread (0,0,0)"});
  run(".shared .align 4 .u32 s; st.shared.u32 [s], 5;", zeros, how);
  std::string const read = ".shared .align 4 .u32 s; ld.shared.u32 %r1, [s]; setp.eq.u32 %p1, %r0, 63; ";
  expect_fault(wrong::race, [&] { run(read + "@%p1 st.shared.u32 [s], 5;", zeros, how); }, {"thread (63,0,0)"});
  run(read + "bar.sync 0; @%p1 st.shared.u32 [s], 5;", zeros, how);
  how.check.shared_races = false;
  run(read + "@%p1 st.shared.u32 [s], 5;", zeros, how);
}

TEST(PtxChecks, HalfWordsAreApart) {
  run(R"(.shared .align 4 .b8 s[128]; mov.u32 %r3, s; shl.b32 %r2, %r0, 1; add.u32 %r3, %r3, %r2;
         cvt.u16.u32 %h0, %r0; st.shared.u16 [%r3], %h0; ld.shared.u16 %h1, [%r3];)",
      zeros, two_warps);
}

TEST(PtxChecks, Uninitialised) {
  std::string const body = ".shared .align 4 .b8 s[128]; ld.shared.u32 %r1, [s+4]; st.global.u32 [%d0], %r1;";
  expect_fault(wrong::uninitialised, [&] { run(body); }, {"at 0x4"});
  ptx::launch how{.grid = 1, .block = 32};
  how.check.uninitialised = false;
  EXPECT_EQ(run(body, zeros, how).out[0], 0xffffffffu);
}

TEST(PtxChecks, RacesOfBlocks) {
  expect_fault(wrong::race, [] { run("st.global.u32 [%d0], 5;", zeros, two_blocks); },
               {"in out", "block (1,0,0)", "races with block (0,0,0)"});
  expect_fault(wrong::race, [] {
    run("mov.u32 %r2, %ctaid.x; setp.eq.u32 %p1, %r2, 0; @%p1 ld.global.u32 %r1, [%d1]; @!%p1 st.global.u32 "
        "[%d1], 1;",
        zeros, two_blocks);
  });
  run("atom.global.add.u32 %r1, [%d0], 5;", zeros, two_blocks);
  run("st.volatile.global.u32 [%d0], 5;", zeros, two_blocks);
  ptx::launch how = two_blocks;
  how.check.global_races = false;
  run("st.global.u32 [%d0], 5;", zeros, how);
  // What the launch before has done is no race.
  ptx::module const m(small::kernel("st.global.u32 [%d0], 5;"));
  ptx::device d;
  auto const arguments = ptx::pack(d.allocate<int>(32), d.allocate<int>(32));
  for (int k = 0; k < 3; ++k) d.run(m, "k", {.grid = 1, .block = 32}, arguments);
}

TEST(PtxChecks, Barriers) {
  std::string const some = "setp.lt.u32 %p1, %r0, 40; @%p1 bra some; bra.uni end; some: bar.sync 0; end: ";
  expect_fault(wrong::barrier, [&] { run(some, zeros, two_warps); }, {"only 40 of 64 threads", "24 have left", "`bar.sync 0;`"});
  ptx::launch how = two_warps;
  how.check.exits_at_barriers = false;
  run(some, zeros, how);
  expect_fault(
      wrong::barrier,
      [&] { run("setp.lt.u32 %p1, %r0, 40; @%p1 bra some; bar.sync 0; bra.uni end; some: bar.sync 0; end:", zeros, two_warps); },
      {"different places"});
  expect_fault(
      wrong::barrier,
      [&] { run("setp.lt.u32 %p1, %r0, 40; @%p1 bra some; bar.sync 1; bra.uni end; some: bar.sync 0; end:", zeros, two_warps); },
      {"threads reach a barrier"});
}

std::string copied(std::string const& wait) {
  return ".shared .align 16 .b8 s[1024]; mov.u32 %r3, s; shl.b32 %r2, %r0, 2; add.u32 %r4, %r3, %r2;"
         "cp.async.ca.shared.global [%r4], [%d1], 4; cp.async.commit_group;" +
         wait + "ld.shared.u32 %r1, [%r4]; st.global.u32 [%d0], %r1;";
}

TEST(PtxChecks, AsynchronousCopies) {
  std::vector<std::uint32_t> in(64, 7);
  expect_fault(wrong::unlanded, [&] { run(copied(""), in, two_warps); }, {"has landed", "`ld.shared.u32"});
  expect_fault(wrong::unlanded, [&] { run(copied("cp.async.wait_group 1;"), in, two_warps); });
  EXPECT_EQ(run(copied("cp.async.wait_group 0;"), in, two_warps).out[63], 7u);
  EXPECT_EQ(run(copied("cp.async.wait_all;"), in, two_warps).out[63], 7u);
  // Without checks there are NaNs until then.
  ptx::launch how = two_warps;
  how.check.shared_races = how.check.uninitialised = false;
  EXPECT_EQ(run(copied(""), in, how).out[0], 0xffffffffu);
  // A wait is the thread's own: others need a barrier.
  std::string const other = "cp.async.wait_all; xor.b32 %r2, %r2, 128; add.u32 %r4, %r3, %r2;";
  how.check.shared_races = true;
  expect_fault(wrong::race, [&] { run(copied(other), in, how); });
  expect_fault(wrong::race, [&] { run(copied("cp.async.wait_all; xor.b32 %r2, %r2, 4; add.u32 %r4, %r3, %r2;"), in, how); });
  run(copied("cp.async.wait_all; bar.sync 0; xor.b32 %r2, %r2, 128; add.u32 %r4, %r3, %r2;"), in, how);
}

TEST(PtxChecks, LanesOfAWarp) {
  expect_fault(wrong::warp, [] { run("shfl.sync.idx.b32 %r1, %r0, 0, 31, 0xfffe; "); }, {"not among its own members"});
  expect_fault(wrong::warp, [] { run("setp.eq.u32 %p1, %r0, 0; @%p1 ret; shfl.sync.idx.b32 %r1, %r0, 0, 31, -1;"); },
               {"a read from lane 0"});
  expect_fault(wrong::warp,
               [] {
                 run("setp.eq.u32 %p1, %r0, 0; @%p1 bra one; bar.warp.sync -1; bra.uni end; one: "
                     "shfl.sync.idx.b32 %r1, %r0, 0, 31, -1; end:");
               },
               {"wait elsewhere"});
}

TEST(PtxChecks, TrapsAndEndlessLoops) {
  expect_fault(wrong::trap, [] { run("setp.eq.u32 %p1, %r0, 9; @%p1 trap;"); }, {"thread (9,0,0)"});
  ptx::launch how{.grid = 1, .block = 32};
  how.most_instructions = 1000;
  expect_fault(wrong::endless, [&] { run("again: bra again;", zeros, how); }, {"1000 instructions"});
}

TEST(PtxChecks, Launches) {
  ptx::module const m(small::kernel(""));
  ptx::device d;
  int* const p = d.allocate<int>(4);
  expect_fault(wrong::launch, [&] { d.run(m, "k", {.grid = 1, .block = 2048}, ptx::pack(p, p)); }, {"2048 threads"});
  expect_fault(wrong::launch, [&] { d.run(m, "k", {.grid = 1, .block = 32}, ptx::pack(p)); }, {"8 bytes of arguments"});
  expect_fault(wrong::launch, [&] { d.run(m, "k", {.grid = 1, .block = 32}, ptx::pack(1, 2, p)); }, {"3 arguments"});
  expect_fault(wrong::launch, [&] { d.run(m, "j", {.grid = 1, .block = 32}, ptx::pack(p, p)); }, {"named j"});
}

}  // namespace
