// SPDX-License-Identifier: BSL-1.0
// flow.cpp -- in: branches, calls, barriers and the instructions in which lanes meet. out: each lane goes its own way.

#include "ptx/small.hpp"

#include <numeric>

namespace {

using small::run;

const std::string store = "\n st.global.u32 [%d0], %r1;";

TEST(Ptx, LoopsOfDifferentLengths) {
  // Lane l adds 0 + 1 + ... + l, in an inner loop of as many steps as the outer one has made.
  auto const r = run(R"(
    mov.u32 %r1, 0; mov.u32 %r2, 0;
  outer:
    setp.ge.u32 %p1, %r2, %r0;
    @%p1 bra done;
    add.u32 %r2, %r2, 1;
    mov.u32 %r3, 0;
  inner:
    add.u32 %r1, %r1, 1;
    add.u32 %r3, %r3, 1;
    setp.lt.u32 %p2, %r3, %r2;
    @%p2 bra inner;
    bra.uni outer;
  done:)" + store);
  for (std::uint32_t l = 0; l < 32; ++l) EXPECT_EQ(r.out[l], l * (l + 1) / 2);
}

TEST(Ptx, EarlyReturns) {
  auto const r = run(R"(
    and.b32 %r2, %r0, 1;
    setp.eq.u32 %p1, %r2, 0;
    mov.u32 %r1, 5;
    st.global.u32 [%d0], %r1;
    @%p1 ret;
    mov.u32 %r1, 6;)" +
                     store);
  for (std::uint32_t l = 0; l < 32; ++l) EXPECT_EQ(r.out[l], 5 + l % 2);
  EXPECT_EQ(r.counted("st.global").lanes, 48u);
}

TEST(Ptx, Tables) {
  auto const r = run(R"(
    and.b32 %r2, %r0, 3;
    brx.idx %r2, table;
    table: .branchtargets A, B, A, C;
  A: mov.u32 %r1, 10; bra end;
  B: mov.u32 %r1, 11; bra end;
  C: mov.u32 %r1, 12;
  end:)" + store);
  for (std::uint32_t l = 0; l < 32; ++l) EXPECT_EQ(r.out[l], (l % 4 == 1 ? 11u : l % 4 == 3 ? 12u : 10u));
}

TEST(Ptx, CallsFromTwoPlaces) {
  auto const r = run(R"(
    setp.lt.u32 %p1, %r0, 7;
    @%p1 bra other;
    { .param .b32 p; .param .b32 q; st.param.b32 [p+0], %r0; call.uni (q), twice, (p); ld.param.b32 %r1, [q+0]; }
    bra.uni end;
  other:
    { .param .b32 p; .param .b32 q; st.param.b32 [p+0], 100; call.uni (q), twice, (p); ld.param.b32 %r1, [q+0]; }
  end:)" + store,
                     std::vector<std::uint32_t>(32), {.grid = 1, .block = 32}, R"(
    .func (.param .b32 out) once(.param .b32 in)
    { .reg .b32 %r<2>; ld.param.b32 %r0, [in]; st.param.b32 [out+0], %r0; ret; }
    .func (.param .b32 out) twice(.param .b32 in) {
      .reg .b32 %r<4>;
      .local .align 4 .b8 depot[4];
      ld.param.b32 %r0, [in];
      st.local.u32 [depot], %r0;
      { .param .b32 p; .param .b32 q; st.param.b32 [p+0], %r0; call.uni (q), once, (p); ld.param.b32 %r1, [q+0]; }
      ld.local.u32 %r2, [depot];
      add.u32 %r2, %r2, %r1;
      st.param.b32 [out+0], %r2;
      ret;
    })");
  for (std::uint32_t l = 0; l < 32; ++l) EXPECT_EQ(r.out[l], l < 7 ? 200 : 2 * l);
}

TEST(Ptx, Shuffles) {
  auto const shuffled = [](std::string const& mode, std::string const& b, std::string const& c) {
    return run("shfl.sync." + mode + ".b32 %r1|%p1, %r0, " + b + ", " + c + ", -1; @!%p1 add.u32 %r1, %r1, 100;" + store).out;
  };
  auto const up = shuffled("up", "3", "0"), down = shuffled("down", "3", "31"), cross = shuffled("bfly", "5", "31"),
             eights = shuffled("idx", "9", "0x181f");
  for (std::uint32_t l = 0; l < 32; ++l) {
    EXPECT_EQ(up[l], l < 3 ? l + 100 : l - 3);
    EXPECT_EQ(down[l], l + 3 > 31 ? l + 100 : l + 3);
    EXPECT_EQ(cross[l], l ^ 5);
    EXPECT_EQ(eights[l], l / 8 * 8 + 1);
  }
}

TEST(Ptx, LanesWaitForTheirMembers) {
  // The upper half arrives by a detour that comes later in the program.
  auto const r = run(R"(
    setp.ge.u32 %p1, %r0, 16;
    @%p1 bra detour;
  meet:
    shfl.sync.bfly.b32 %r1, %r0, 16, 31, -1;
    bra.uni end;
  detour:
    add.u32 %r0, %r0, 100;
    bra.uni meet;
  end:)" + store);
  for (std::uint32_t l = 0; l < 32; ++l) EXPECT_EQ(r.out[l], l < 16 ? l + 116 : l - 16);
  EXPECT_EQ(r.counted("shfl").lanes, 32u);
}

TEST(Ptx, HalvesOfAWarpMeetOnTheirOwn) {
  auto const r = run(R"(
    setp.lt.u32 %p1, %r0, 16;
    selp.b32 %r2, 0x0000ffff, 0xffff0000, %p1;
    redux.sync.add.u32 %r1, %r0, %r2;)" +
                     store);
  for (std::uint32_t l = 0; l < 32; ++l) EXPECT_EQ(r.out[l], l < 16 ? 120u : 376u);
}

TEST(Ptx, Votes) {
  EXPECT_EQ(run("setp.lt.u32 %p1, %r0, 5; vote.sync.ballot.b32 %r1, %p1, -1;" + store).out[9], 31u);
  EXPECT_EQ(run("setp.lt.u32 %p1, %r0, 5; vote.sync.any.pred %p2, %p1, -1; selp.u32 %r1, 1, 0, %p2;" + store).out[9], 1u);
  EXPECT_EQ(run("setp.lt.u32 %p1, %r0, 5; vote.sync.all.pred %p2, %p1, -1; selp.u32 %r1, 1, 0, %p2;" + store).out[0], 0u);
  EXPECT_EQ(run("and.b32 %r2, %r0, 3; match.any.sync.b32 %r1, %r2, -1;" + store).out[1], 0x22222222u);
  EXPECT_EQ(run("setp.lt.u32 %p1, %r0, 5; mov.u32 %r1, 0; @%p1 activemask.b32 %r1;" + store).out[2], 31u);
}

TEST(Ptx, BarriersOrderWarps) {
  // Thread t reads what thread n - 1 - t has written.
  std::string const body = R"(
    .shared .align 4 .b8 s[1024];
    mov.u32 %r3, s;
    shl.b32 %r2, %r0, 2;
    add.u32 %r4, %r3, %r2;
    st.shared.u32 [%r4], %r0;
    bar.sync 0;
    sub.u32 %r5, 1020, %r2;
    add.u32 %r5, %r3, %r5;
    ld.shared.u32 %r1, [%r5];)" +
                           store;
  for (const std::uint64_t seed : {0, 1, 2, 3}) {
    auto const r = run(body, std::vector<std::uint32_t>(256), {.grid = 1, .block = 256, .seed = seed});
    for (std::uint32_t t = 0; t < 256; ++t) EXPECT_EQ(r.out[t], 255 - t);
    EXPECT_EQ(r.counted.barriers, 1u);
  }
}

TEST(Ptx, BarriersCount) {
  auto const r = run("setp.lt.u32 %p1, %r0, 40; bar.red.popc.u32 %r1, 0, %p1; setp.lt.u32 %p1, %r0, 99; "
                     "bar.red.and.pred %p2, 0, %p1; @%p2 add.u32 %r1, %r1, 100;" +
                         store,
                     std::vector<std::uint32_t>(96), {.grid = 1, .block = 96});
  EXPECT_EQ(r.out[3], 140u);
  EXPECT_EQ(r.out[95], 140u);
}

TEST(Ptx, ThreadsKnowWhereTheyAre) {
  auto const r = run(R"(
    mov.u32 %r2, %tid.y; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x; mad.lo.u32 %r1, %r2, %r3, %r4;
    sub.u32 %r5, %r1, %r0; mul.wide.u32 %d3, %r5, 4; add.s64 %d0, %d0, %d3;)" +
                         store,
                     std::vector<std::uint32_t>(64), {.grid = 1, .block = {8, 8}});
  std::vector<std::uint32_t> expected(64);
  std::iota(expected.begin(), expected.end(), 0u);
  EXPECT_EQ(r.out, expected);
}

}  // namespace
