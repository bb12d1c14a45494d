// SPDX-License-Identifier: BSL-1.0
// instructions.cpp -- in: one instruction at a time. out: its result, against what the ISA's manual says.

#include "ptx/small.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace {

using small::value;

std::string word(std::uint32_t x) { return std::to_string(x); }
std::string real(float x) {
  std::string digits = ptx::hex(std::bit_cast<std::uint32_t>(x)).substr(2);
  return "0f" + std::string(8 - digits.size(), '0') + digits;
}
float as_float(std::uint32_t x) { return std::bit_cast<float>(x); }

/// op d, a, ... of floats.
float of_floats(std::string const& op, std::vector<float> const& x) {
  std::string body = op + " %f0";
  for (float const v : x) body += ", " + real(v);
  return as_float(value(body + "; mov.b32 %r1, %f0;"));
}
std::uint32_t of_words(std::string const& op, std::vector<std::uint32_t> const& x) {
  std::string body = op + " %r1";
  for (const std::uint32_t v : x) body += ", " + word(v);
  return value(body + ";");
}

constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();

TEST(Ptx, FloatsRoundOnce) {
  float const a = 1 + 0x1p-12f, b = 1 + 0x1p-12f, c = -1 - 0x1p-11f;
  EXPECT_EQ(of_floats("fma.rn.f32", {a, b, c}), 0x1p-24f);
  EXPECT_EQ(of_floats("fma.rm.f32", {1, 0x1p-30f, 1}), 1.0f);
  EXPECT_EQ(of_floats("fma.rp.f32", {1, 0x1p-30f, 1}), 1 + 0x1p-23f);
  EXPECT_EQ(of_floats("add.rz.f32", {-1, -0x1p-30f}), -1.0f);
  EXPECT_EQ(of_floats("div.rn.f32", {1, 3}), 1.0f / 3);
  EXPECT_EQ(of_floats("div.rm.f32", {1, 3}), std::nextafter(1.0f / 3, 0.0f));
  EXPECT_EQ(of_floats("sqrt.rn.f32", {2}), std::sqrt(2.0f));
  EXPECT_EQ(of_floats("mul.f32", {0x1p-100f, 0x1p-40f}), 0x1p-140f);
  EXPECT_EQ(of_floats("mul.ftz.f32", {0x1p-100f, -0x1p-40f}), 0.0f);
  EXPECT_TRUE(std::signbit(of_floats("mul.ftz.f32", {0x1p-100f, -0x1p-40f})));
  EXPECT_EQ(of_floats("add.sat.f32", {3, 4}), 1.0f);
  EXPECT_EQ(of_floats("add.sat.f32", {nan, 4}), 0.0f);
  EXPECT_NEAR(of_floats("ex2.approx.ftz.f32", {1.5f}), std::exp2(1.5f), 1e-6);
  EXPECT_NEAR(of_floats("tanh.approx.f32", {0.5f}), std::tanh(0.5f), 1e-6);
}

TEST(Ptx, MinimaAndSigns) {
  EXPECT_EQ(of_floats("min.f32", {nan, 2}), 2.0f);
  EXPECT_EQ(of_floats("max.f32", {2, nan}), 2.0f);
  EXPECT_TRUE(std::isnan(of_floats("max.NaN.f32", {2, nan})));
  EXPECT_TRUE(std::signbit(of_floats("min.f32", {0.0f, -0.0f})));
  EXPECT_FALSE(std::signbit(of_floats("max.f32", {-0.0f, 0.0f})));
  EXPECT_EQ(of_floats("copysign.f32", {-1, 3}), -3.0f);
  EXPECT_EQ(of_floats("neg.f32", {3}), -3.0f);
  EXPECT_EQ(of_floats("abs.f32", {-infinity}), infinity);
}

TEST(Ptx, Integers) {
  EXPECT_EQ(of_words("mul.lo.s32", {0x80000001, 3}), 0x80000003);
  EXPECT_EQ(of_words("mul.hi.u32", {0x80000000, 6}), 3u);
  EXPECT_EQ(of_words("mul.hi.s32", {0xffffffff, 6}), 0xffffffff);
  EXPECT_EQ(of_words("mad.lo.s32", {5, 7, 0xffffffff}), 34u);
  EXPECT_EQ(value("mul.wide.s32 %d3, -2, 3; shr.u64 %d3, %d3, 32; cvt.u32.u64 %r1, %d3;"), 0xffffffff);
  EXPECT_EQ(value("mad.wide.u32 %d3, -1, -1, 1; shr.u64 %d3, %d3, 32; cvt.u32.u64 %r1, %d3;"), 0xfffffffe);
  EXPECT_EQ(of_words("div.s32", {std::uint32_t(-7), 2}), std::uint32_t(-3));
  EXPECT_EQ(of_words("rem.s32", {std::uint32_t(-7), 2}), std::uint32_t(-1));
  EXPECT_EQ(of_words("div.s32", {0x80000000, 0xffffffff}), 0x80000000);
  EXPECT_EQ(of_words("sad.s32", {std::uint32_t(-3), 4, 10}), 17u);
  EXPECT_EQ(of_words("min.s32", {std::uint32_t(-3), 4}), std::uint32_t(-3));
  EXPECT_EQ(of_words("min.u32", {std::uint32_t(-3), 4}), 4u);
  EXPECT_EQ(of_words("abs.s32", {std::uint32_t(-3)}), 3u);
  EXPECT_EQ(of_words("dp4a.s32.s32", {0x01ff0203, 0x02030405, 1}), 1u + 2 - 3 + 8 + 15);
  EXPECT_EQ(value("add.cc.u32 %r2, -1, 1; addc.u32 %r1, 3, 4;"), 8u);
  EXPECT_EQ(value("sub.cc.u32 %r2, 0, 1; subc.u32 %r1, 3, 1;"), 1u);
}

TEST(Ptx, Bits) {
  EXPECT_EQ(of_words("shl.b32", {1, 32}), 0u);
  EXPECT_EQ(of_words("shr.s32", {0x80000000, 40}), 0xffffffff);
  EXPECT_EQ(of_words("shr.u32", {0x80000000, 31}), 1u);
  EXPECT_EQ(of_words("shf.l.wrap.b32", {0x80000000, 1, 33}), 3u);
  EXPECT_EQ(of_words("shf.r.clamp.b32", {1, 7, 40}), 7u);
  EXPECT_EQ(of_words("bfe.u32", {0x12345678, 8, 8}), 0x56u);
  EXPECT_EQ(of_words("bfe.s32", {0x12348678, 8, 8}), 0xffffff86);
  EXPECT_EQ(of_words("bfe.s32", {0x80000000, 28, 16}), 0xfffffff8);
  EXPECT_EQ(of_words("bfi.b32", {0xff, 0x12345678, 8, 4}), 0x12345f78u);
  EXPECT_EQ(of_words("prmt.b32", {0x33221100, 0x77665584, 0x8c40}), 0x00ff8400u);
  EXPECT_EQ(of_words("lop3.b32", {0xf0, 0xcc, 0xaa, 0x96}), 0x96u);
  EXPECT_EQ(of_words("popc.b32", {0xf0f}), 8u);
  EXPECT_EQ(of_words("clz.b32", {0}), 32u);
  EXPECT_EQ(of_words("brev.b32", {1}), 0x80000000);
  EXPECT_EQ(of_words("bfind.u32", {0x100}), 8u);
  EXPECT_EQ(of_words("bfind.shiftamt.u32", {0x100}), 23u);
  EXPECT_EQ(of_words("bfind.s32", {0xffffffff}), 0xffffffff);
  EXPECT_EQ(of_words("not.b32", {5}), ~5u);
  EXPECT_EQ(value("mov.b64 %d3, {7, 9}; mov.b64 {%r2, %r1}, %d3;"), 9u);
  EXPECT_EQ(value("{ .reg .b16 a, b; mov.b32 {a, b}, 0x00050003; mov.b32 %r1, {b, a}; }"), 0x00030005u);
  EXPECT_EQ(value("{.reg.b16 h; mov.b16 h, 7; cvt.u32.u16 %r1, h;}"), 7u);
}

TEST(Ptx, Comparisons) {
  auto const compare = [](std::string const& op, float a, float b) {
    return value("setp." + op + ".f32 %p1, " + real(a) + ", " + real(b) + "; selp.u32 %r1, 1, 0, %p1;");
  };
  struct row {
    char const* name;
    unsigned less, equal, greater, unordered;
  };
  for (row const& r : {row{"eq", 0, 1, 0, 0},
                       {"ne", 1, 0, 1, 0},
                       {"lt", 1, 0, 0, 0},
                       {"le", 1, 1, 0, 0},
                       {"gt", 0, 0, 1, 0},
                       {"ge", 0, 1, 1, 0},
                       {"equ", 0, 1, 0, 1},
                       {"neu", 1, 0, 1, 1},
                       {"ltu", 1, 0, 0, 1},
                       {"leu", 1, 1, 0, 1},
                       {"gtu", 0, 0, 1, 1},
                       {"geu", 0, 1, 1, 1},
                       {"num", 1, 1, 1, 0},
                       {"nan", 0, 0, 0, 1}}) {
    EXPECT_EQ(compare(r.name, 1, 2), r.less) << r.name;
    EXPECT_EQ(compare(r.name, 2, 2), r.equal) << r.name;
    EXPECT_EQ(compare(r.name, 3, 2), r.greater) << r.name;
    EXPECT_EQ(compare(r.name, nan, 2), r.unordered) << r.name;
  }
  EXPECT_EQ(value("setp.lt.s32 %p1|%p2, -1, 1; setp.lo.and.u32 %p3, -1, 1, !%p2; selp.u32 %r1, 1, 0, %p1; "
                  "@%p2 mov.u32 %r1, 9; @%p3 mov.u32 %r1, 8;"),
            1u);
  EXPECT_EQ(value("slct.s32.s32 %r1, 3, 4, -1;"), 4u);
  EXPECT_EQ(value("testp.subnormal.f32 %p1, 0f00000001; selp.u32 %r1, 1, 0, %p1;"), 1u);
  EXPECT_EQ(value("set.lt.f32.s32 %f0, 1, 2; mov.b32 %r1, %f0;"), 0x3f800000u);
}

TEST(Ptx, Conversions) {
  auto const to_int = [](std::string const& op, float x) { return value("cvt." + op + ".f32 %r1, " + real(x) + ";"); };
  EXPECT_EQ(to_int("rni.s32", 2.5f), 2u);
  EXPECT_EQ(to_int("rzi.s32", -2.7f), std::uint32_t(-2));
  EXPECT_EQ(to_int("rmi.s32", -2.2f), std::uint32_t(-3));
  EXPECT_EQ(to_int("rpi.s32", 2.2f), 3u);
  EXPECT_EQ(to_int("rzi.s32", 1e20f), 0x7fffffffu);
  EXPECT_EQ(to_int("rzi.u32", -3), 0u);
  EXPECT_EQ(to_int("rzi.s32", nan), 0u);
  EXPECT_EQ(to_int("rzi.u8", 300), 255u);
  EXPECT_EQ(of_floats("cvt.rni.f32.f32", {-2.5f}), -2.0f);
  EXPECT_EQ(of_floats("cvt.sat.f32.f32", {7}), 1.0f);
  EXPECT_EQ(as_float(value("cvt.rn.f32.s32 %f0, -16777217; mov.b32 %r1, %f0;")), -16777216.0f);
  EXPECT_EQ(as_float(value("cvt.rz.f32.u32 %f0, -1; mov.b32 %r1, %f0;")), 4294967040.0f);
  EXPECT_EQ(value("cvt.s32.s8 %r1, 0x80;"), 0xffffff80);
  EXPECT_EQ(value("mov.u32 %r2, 0x1ff; cvt.u32.u8 %r1, %r2;"), 0xffu);
  EXPECT_EQ(value("cvt.s64.s32 %d3, -5; shr.s64 %d3, %d3, 40; cvt.u32.u64 %r1, %d3;"), 0xffffffff);
  EXPECT_EQ(value("cvt.rn.f64.s32 %e0, 3; add.f64 %e0, %e0, 0d3FE0000000000000; cvt.rn.f32.f64 %f0, %e0; "
                  "mov.b32 %r1, %f0;"),
            std::bit_cast<std::uint32_t>(3.5f));
}

TEST(Ptx, SmallFloats) {
  // 1 + 2^-8 lies between two numbers of bf16, and the even one is 1.
  EXPECT_EQ(value("cvt.rn.bf16x2.f32 %r1, " + real(-2) + ", " + real(1 + 0x1p-8f) + ";"), 0xc0003f80u);
  EXPECT_EQ(value("cvt.rn.bf16.f32 %h0, " + real(1 + 0x1.8p-8f) + "; cvt.u32.u16 %r1, %h0;"), 0x3f81u);
  EXPECT_EQ(value("cvt.rn.bf16.f32 %h0, " + real(0x1.ffp127f) + "; cvt.u32.u16 %r1, %h0;"), 0x7f80u);
  EXPECT_EQ(value("cvt.rz.bf16.f32 %h0, " + real(0x1.ffp127f) + "; cvt.u32.u16 %r1, %h0;"), 0x7f7fu);
  EXPECT_EQ(value("cvt.rn.bf16.f32 %h0, " + real(0x1p-133f) + "; cvt.u32.u16 %r1, %h0;"), 1u);
  EXPECT_EQ(value("cvt.rn.f16.f32 %h0, " + real(65520) + "; cvt.u32.u16 %r1, %h0;"), 0x7c00u);
  EXPECT_EQ(value("cvt.rn.f16.f32 %h0, " + real(0x1p-24f) + "; cvt.u32.u16 %r1, %h0;"), 1u);
  EXPECT_EQ(as_float(value("mov.b32 {%h0, %h1}, 0x3c00c000; cvt.f32.f16 %f0, %h0; mov.b32 %r1, %f0;")), -2.0f);
  EXPECT_EQ(as_float(value("{ mov.b32 %f0, {0, 0x4040}; } mov.b32 %r1, %f0;")), 3.0f);
  EXPECT_EQ(value("mov.u32 %r2, 0x40003f80; fma.rn.bf16x2 %r1, %r2, %r2, 0x3f803f80;"), 0x40a04000u);
  EXPECT_EQ(value("mov.u32 %r2, 0x40003f80; mov.u32 %r3, 0xc0003f80; max.bf16x2 %r1, %r2, %r3;"), 0x40003f80u);
  EXPECT_EQ(value("cvt.rna.tf32.f32 %r1, " + real(1 + 0x1p-11f) + ";"), std::bit_cast<std::uint32_t>(1 + 0x1p-10f));
}

TEST(Ptx, UnknownInstructionsAreNamed) {
  small::expect_fault(ptx::wrong::unknown, [] { value("frobnicate.u32 %r1, 3;"); }, {"frobnicate.u32 %r1, 3", "in k", "line 2"});
  // Where they are not reached they do no harm, but they are listed.
  ptx::module const m(small::kernel("bra over; frobnicate.u32 %r1, 3;\nover:"));
  EXPECT_EQ(m.kernel("k").unknown, std::vector<std::string>{"frobnicate.u32 %r1, 3;"});
}

TEST(Ptx, BadText) {
  small::expect_fault(ptx::wrong::syntax, [] { ptx::module(".version 9.0\n.bogus"); }, {"line 2"});
  small::expect_fault(ptx::wrong::launch, [] { ptx::module(small::kernel("")).find("nothing"); });
}

}  // namespace
