// SPDX-License-Identifier: BSL-1.0
// matrix.hpp -- mma.sync of bf16, f16 and tf32 with sums in f32, and the loads and stores of its operands.
#pragma once
#include "exchange.hpp"
#include "load_store.hpp"

namespace ptx::detail {

inline bool all_meet(warp& w) {
  std::array<std::uint32_t, lane_count> members;
  members.fill(all_lanes);
  if (w.alive != all_lanes)
    w.fail(wrong::warp, "lanes that have left the kernel are needed for an instruction of the whole warp",
           std::countr_zero(w.exec));
  return w.gather(members.data());
}

// ---- D = A x B + C: 16 x k times k x 8 ----

struct bf16_of {
  static float of(std::uint32_t x) { return std::bit_cast<float>(x << 16); }
};
struct f16_of {
  static float of(std::uint32_t x) { return float(double(half{std::uint16_t(x)})); }
};
/// The hardware ignores the bits that tf32 does not have.
struct tf32_of {
  static float of(std::uint32_t x) { return std::bit_cast<float>(x & ~0x1fffu); }
};

/// Slots: D (4), A, B, C (4). Each sum is a chain of fma in ascending order of k that begins with C: hardware adds
/// several products at once, in an order of its own and with a few bits less.
template <class T, int Bits, int K> void multiply_matrices(warp& w, instruction const& i) {
  if (!all_meet(w)) return;
  constexpr int per = 32 / Bits, step = 4 * per;  // elements in a register, and in a row of four lanes
  constexpr int a_regs = K / step * 2, b_regs = K / step;
  float a[16][K], b[K][8], c[16][8];
  auto const element = [&](slot s, int l, int e) {
    return T::of(w.reg<std::uint32_t>(s)[l] >> e * Bits % 32 & (Bits == 16 ? 0xffffu : ~0u));
  };
  for (int l = 0; l < lane_count; ++l) {
    int const group = l / 4, in_group = l % 4;
    for (int e = 0; e < per; ++e) {
      int const k = in_group * per + e;
      for (int r = 0; r < a_regs; ++r) a[group + r % 2 * 8][k + r / 2 * step] = element(i.s[4 + r], l, e);
      for (int r = 0; r < b_regs; ++r) b[k + r * step][group] = element(i.s[4 + a_regs + r], l, e);
    }
    for (int r = 0; r < 4; ++r)
      c[group + r / 2 * 8][in_group * 2 + r % 2] = std::bit_cast<float>(w.reg<std::uint32_t>(i.s[4 + a_regs + b_regs + r])[l]);
  }
  for (int m = 0; m < 16; ++m)
    for (int k = 0; k < K; ++k)
      for (int n = 0; n < 8; ++n) c[m][n] = std::fma(a[m][k], b[k][n], c[m][n]);
  for (int l = 0; l < lane_count; ++l)
    for (int r = 0; r < 4; ++r)
      w.reg<std::uint32_t>(i.s[r])[l] = std::bit_cast<std::uint32_t>(c[l / 4 + r / 2 * 8][l % 4 * 2 + r % 2]);
}

inline void mma(decoder& d) {
  static const std::map<std::string_view, decltype(instruction::run)> known{
      {"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", multiply_matrices<bf16_of, 16, 16>},
      {"mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32", multiply_matrices<bf16_of, 16, 8>},
      {"mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", multiply_matrices<f16_of, 16, 16>},
      {"mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32", multiply_matrices<f16_of, 16, 8>},
      {"mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", multiply_matrices<tf32_of, 32, 8>},
      {"mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32", multiply_matrices<tf32_of, 32, 4>}};
  auto const found = known.find(d.at().name);
  if (found == known.end()) return d.unknown();
  std::vector<slot> s;
  for (std::size_t k = 0; k < 4; ++k) {
    operand const& o = d.argument(k);
    auto const parts = o.is == operand::list ? o.parts : std::vector<operand>{o};
    for (operand const& part : parts) s.push_back(k ? d.in(part, 32) : d.out(part));
  }
  d.emit(found->second, s);
}

// ---- 8 x 8 matrices of 16 bits, a row of 16 bytes at the address of each lane ----

/// Slots: address, registers. lanes: how many matrices; flags: transposed.
template <bool Load> void matrices(warp& w, instruction const& i) {
  if (!all_meet(w)) return;
  addresses at;
  pointers p;
  alignas(64) std::byte data[lane_count][32];
  addresses_of(w, i.s[0], i.width, i.imm, at);
  if (i.width == 64)
    for (std::uint64_t& a : at) a = a >> 56 == shared_window >> 56 ? a - shared_window : a;
  // The half word in register m of lane l, on side e: where it is in its row.
  auto const each_half = [&](auto const& f) {
    for (int m = 0; m < i.lanes; ++m)
      for (int l = 0; l < lane_count; ++l)
        for (int e = 0; e < 2; ++e) {
          const int row = i.flags ? l % 4 * 2 + e : l / 4, column = i.flags ? l / 4 : l % 4 * 2 + e;
          f(m * 8 + row, column * 2, reinterpret_cast<std::byte*>(w.reg<std::uint32_t>(i.s[1 + m]) + l) + 2 * e);
        }
  };
  if (!Load) each_half([&](int row, int byte, std::byte const* x) { std::memcpy(data[row] + byte, x, 2); });
  int const rows = 8 * i.lanes;
  w.exec = rows == 32 ? all_lanes : (mask(1) << rows) - 1;
  reach_shared(w, {space::shared, Load ? access::read : access::write, 16}, at, p, Load ? nullptr : data);
  w.exec = all_lanes;
  if (Load) each_half([&](int row, int byte, std::byte* x) { std::memcpy(x, p[std::size_t(row)] + byte, 2); });
  else
    for (int row = 0; row < rows; ++row) std::memcpy(p[std::size_t(row)], data[row], 16);
}

template <bool Load> void matrix_access(decoder& d) {
  operand const &memory = d.argument(Load ? 1 : 0), &values = d.argument(Load ? 0 : 1);
  if (!d.has("m8n8") || d.type() != "b16") return d.unknown();
  const address_operand at = address_in(d, memory);
  std::vector<slot> s{at.base};
  auto const parts = values.is == operand::list ? values.parts : std::vector<operand>{values};
  for (operand const& o : parts) s.push_back(Load ? d.out(o) : d.in(o, 32));
  instruction& i = d.emit(matrices<Load>, s, at.offset);
  i.width = std::uint8_t(at.width);
  i.lanes = std::uint8_t(parts.size());
  i.flags = d.has("trans");
}

inline void add_matrices(opcode_table& t) {
  t["mma"] = mma;
  t["ldmatrix"] = matrix_access<true>;
  t["stmatrix"] = matrix_access<false>;
}

}  // namespace ptx::detail
