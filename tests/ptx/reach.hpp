// SPDX-License-Identifier: BSL-1.0
// reach.hpp -- in: the addresses of a warp's access. out: where the bytes are, once every check has passed and been
// counted.
#pragma once
#include "number.hpp"

#include <algorithm>

namespace ptx::detail {

using pointers = std::array<std::byte*, lane_count>;
using addresses = std::array<std::uint64_t, lane_count>;

/// width: of the register that holds the address, the operand s; imm is added.
inline void addresses_of(warp const& w, slot s, int width, std::uint64_t offset, addresses& a) {
  if (width == 64) {
    auto const* const r = w.reg<std::uint64_t>(s);
    for (int l = 0; l < lane_count; ++l) a[std::size_t(l)] = r[l] + offset;
  } else {
    auto const* const r = w.reg<std::uint32_t>(s);
    for (int l = 0; l < lane_count; ++l) a[std::size_t(l)] = std::uint32_t(r[l] + offset);
  }
}

struct reaching {
  space where;
  access how;
  std::uint32_t bytes;         // of each lane
  bool counted_order = false;  // volatile, relaxed and the like: no race
};

inline std::string describe(reaching const& r, std::uint64_t address) {
  static char const* const names[] = {"generic", "global", "constant", "shared", "local", "parameter"};
  return std::string(r.how == access::read    ? "read"
                     : r.how == access::write ? "write"
                                              : "atomic") +
         " of " + std::to_string(r.bytes) + " bytes of " + names[int(r.where)] + " memory at " + hex(address);
}

// ---- numbers of a request ----

/// 32-byte pieces that the lanes touch.
inline std::uint64_t sectors(warp const& w, addresses const& a) {
  std::array<std::uint64_t, lane_count> first;
  int n = 0;
  bool sorted = true;
  w.each_in_order([&](int l) {
    first[std::size_t(n)] = a[std::size_t(l)] / 32;
    sorted &= !n || first[std::size_t(n - 1)] <= first[std::size_t(n)];
    ++n;
  });
  if (!sorted) std::sort(first.begin(), first.begin() + n);
  std::uint64_t distinct = 0;
  for (int k = 0; k < n; ++k) distinct += !k || first[std::size_t(k)] != first[std::size_t(k - 1)];
  return distinct;  // of up to 32 bytes each, aligned: none reaches into another
}

/// Adds what the access costs: a part of the warp at once, and one word of each bank in a wavefront.
inline void count_banks(warp const& w, addresses const& a, std::uint32_t bytes, shared_traffic& t) {
  int const at_once = bytes <= 4 ? 32 : bytes == 8 ? 16 : 8;
  const std::uint64_t words = bytes <= 4 ? 1 : bytes / 4;
  for (int part = 0; part < lane_count; part += at_once) {
    std::array<std::uint64_t, 32 * 8> seen;  // by bank, the words so far
    std::array<std::uint8_t, 32> n{};
    std::uint8_t most = 0;
    for (int l = part; l < part + at_once; ++l)
      if (w.exec >> l & 1)
        for (std::uint64_t k = 0; k < words; ++k) {
          const std::uint64_t word = a[std::size_t(l)] / 4 + k, bank = word % 32;
          auto* const first = seen.data() + bank * 8;
          const std::uint8_t have = n[bank] < 8 ? n[bank] : std::uint8_t(8);
          if (std::find(first, first + have, word) != first + have) continue;
          if (n[bank] < 8) first[n[bank]] = word;
          most = std::max(most, ++n[bank]);
        }
    t.wavefronts += most;
    t.conflicts += most ? std::uint64_t(most - 1) : 0;
  }
}

// ---- each space ----

inline std::byte* reach_buffer(warp& w, reaching const& r, std::uint64_t address, int lane) {
  buffer*& hint = w.in.hints[std::size_t(w.pc)];
  if (!hint || !hint->holds(address, r.bytes)) hint = w.in.memory.holding(address, r.bytes);
  if (!hint) w.fail(wrong::bounds, describe(r, address) + ", " + w.in.memory.near(address) + ',', lane);
  if (r.how != access::read && !hint->writable) w.fail(wrong::read_only, describe(r, address) + ", in " + hint->name + ',', lane);
  return hint->host + (address - hint->address);
}

inline void check_blocks(warp& w, reaching const& r, std::uint64_t address, int lane) {
  buffer& b = *w.in.hints[std::size_t(w.pc)];  // where it has just been reached
  const std::size_t grain = w.in.code.global_grain;
  for (std::uint64_t at = (address - b.address) / grain, end = (address - b.address + r.bytes + grain - 1) / grain; at < end; ++at)
    if (const std::uint32_t other = b.shadow.touch(at, r.how, w.of.stamp, w.in.first_stamp))
      w.fail(wrong::race,
             describe(r, address) + ", in " + b.name + ", races with " +
                 (other == block_shadow::many ? "other blocks" : "block " + to_string(w.in.how.grid.at(other - w.in.first_stamp))),
             lane);
}

inline void check_threads(warp& w, reaching const& r, std::uint64_t address, int lane, std::byte const* to, std::byte const* from) {
  using verdict = thread_shadow::verdict;
  checks const& check = w.in.how.check;
  const std::size_t grain = w.in.code.shared_grain;
  const thread_shadow::who me = w.who(lane);
  for (std::size_t k = 0; k < r.bytes; k += grain) {
    const std::size_t cell = (address + k) / grain;
    verdict v;
    if (r.how == access::read) v = w.of.shadow.read(cell, me);
    else v = w.of.shadow.write(cell, me, from && std::memcmp(to + k, from + k, grain) == 0, r.how == access::atomic);
    if (v == verdict::fine) continue;
    if (v == verdict::unlanded)
      w.fail(wrong::unlanded, describe(r, address + k) + " before an asynchronous copy to it has landed,", lane);
    if (v == verdict::uninitialised && check.uninitialised)
      w.fail(wrong::uninitialised, describe(r, address + k) + ", which the block has not written,", lane);
    if (v == verdict::race && check.shared_races && !r.counted_order)
      w.fail(wrong::race,
             describe(r, address + k) + " races with thread " + to_string(w.in.how.block.at(w.of.shadow.culprit(cell, me).thread)) +
                 " since the last barrier,",
             lane);
  }
}

inline void reach_shared(warp& w, reaching const& r, addresses const& a, pointers& p, std::byte const (*from)[32]) {
  checks const& check = w.in.how.check;
  w.each_in_order([&](int l) {
    const std::uint64_t at = a[std::size_t(l)];
    if (at > w.of.shared_size || r.bytes > w.of.shared_size - at)
      w.fail(wrong::bounds, describe(r, at) + ", which has " + std::to_string(w.of.shared_size) + " bytes,", l);
    p[std::size_t(l)] = w.of.shared.data() + at;
    if (at % r.bytes) w.fail(wrong::misaligned, describe(r, at) + ", which is not aligned,", l);
    if (check.shared_races || check.uninitialised) check_threads(w, r, at, l, p[std::size_t(l)], from ? from[l] : nullptr);
    if (from) std::memcpy(p[std::size_t(l)], from[l],
                          r.bytes);  // at once: lanes may write the same bytes to one place
  });
  if (!check.traffic || r.how == access::atomic) return;
  shared_traffic& t = r.how == access::read ? w.in.counted.shared_loads : w.in.counted.shared_stores;
  ++t.requests;
  t.bytes += std::uint64_t(std::popcount(w.exec)) * r.bytes;
  count_banks(w, a, r.bytes, t);
}

inline void reach_global(warp& w, reaching const& r, addresses const& a, pointers& p) {
  checks const& check = w.in.how.check;
  w.each_in_order([&](int l) {
    const std::uint64_t at = a[std::size_t(l)];
    p[std::size_t(l)] = reach_buffer(w, r, at, l);
    if (at % r.bytes) w.fail(wrong::misaligned, describe(r, at) + ", which is not aligned,", l);
    if (check.global_races && !r.counted_order && r.how != access::atomic && r.where != space::constant) check_blocks(w, r, at, l);
  });
  if (!check.traffic || r.how == access::atomic || r.where == space::constant) return;
  global_traffic& t = r.how == access::read ? w.in.counted.global_loads : w.in.counted.global_stores;
  ++t.requests;
  t.bytes += std::uint64_t(std::popcount(w.exec)) * r.bytes;
  t.sectors += sectors(w, a);
}

inline void reach_parameters(warp& w, reaching const& r, addresses const& a, pointers& p) {
  w.each_in_order([&](int l) {
    const std::uint64_t at = a[std::size_t(l)] - param_window, size = w.in.arguments.size();
    if (at > size || r.bytes > size - at)
      w.fail(wrong::bounds, describe(r, at) + ", which has " + std::to_string(size) + " bytes,", l);
    if (r.how != access::read) w.fail(wrong::read_only, describe(r, at), l);
    if (at % r.bytes) w.fail(wrong::misaligned, describe(r, at) + ", which is not aligned,", l);
    p[std::size_t(l)] = const_cast<std::byte*>(w.in.arguments.data()) + at;
  });
}

inline void reach_local(warp& w, reaching const& r, addresses const& a, pointers& p) {
  const std::size_t size = w.in.code.local;
  w.each_in_order([&](int l) {
    const std::uint64_t at = a[std::size_t(l)];
    if (at > size || r.bytes > size - at)
      w.fail(wrong::bounds, describe(r, at) + ", which has " + std::to_string(size) + " bytes,", l);
    if (at % r.bytes) w.fail(wrong::misaligned, describe(r, at) + ", which is not aligned,", l);
    p[std::size_t(l)] = w.local.data() + std::size_t(l) * size + at;
  });
}

/// from: the bytes that each lane writes. Those for shared memory are there afterwards, others are the caller's matter.
inline void reach(warp& w, reaching r, addresses& a, pointers& p, std::byte const (*from)[32] = nullptr) {
  switch (r.where) {
    case space::shared: return reach_shared(w, r, a, p, from);
    case space::local: return reach_local(w, r, a, p);
    case space::global:
    case space::constant: return reach_global(w, r, a, p);
    default: break;
  }
  // Generic addresses, and those of parameters, which may be the kernel's or a function's: as their windows tell.
  const mask all = w.exec;
  for (mask left = all; left;) {
    const std::uint64_t top = a[std::size_t(std::countr_zero(left))] >> 56;
    w.exec = 0;
    for (mask m = left; m; m &= m - 1)
      if (a[std::size_t(std::countr_zero(m))] >> 56 == top) w.exec |= m & -m;
    left &= ~w.exec;
    const std::uint64_t window = top << 56;
    bool const inside = window == shared_window || window == local_window;
    if (inside) w.each_in_order([&](int l) { a[std::size_t(l)] -= window; });
    if (window == shared_window) reach_shared(w, {space::shared, r.how, r.bytes, r.counted_order}, a, p, from);
    else if (window == local_window) reach_local(w, {space::local, r.how, r.bytes, r.counted_order}, a, p);
    else if (window == param_window) reach_parameters(w, {space::param, r.how, r.bytes, r.counted_order}, a, p);
    else reach_global(w, {space::global, r.how, r.bytes, r.counted_order}, a, p);
  }
  w.exec = all;
}

}  // namespace ptx::detail
