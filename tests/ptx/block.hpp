// SPDX-License-Identifier: BSL-1.0
// block.hpp -- in: the number of a block. out: its warps have run, from barrier to barrier.
#pragma once
#include "control.hpp"

#include <algorithm>
#include <cstdio>

namespace ptx::detail {

inline block::block(grid& g)
    : in(g),
      threads(std::uint32_t(g.how.block.count())),
      shared_size(std::uint32_t(g.how.dynamic_shared ? g.code.dynamic_shared_at + g.how.dynamic_shared : g.code.static_shared)) {
  shared = aligned_bytes(shared_size);
  shadow.resize(shared_size / g.code.shared_grain + 1);
  const std::uint32_t n = (threads + lane_count - 1) / lane_count;
  warps.reserve(n);
  for (std::uint32_t k = 0; k < n; ++k) {
    const std::uint32_t left = threads - k * lane_count;
    warps.emplace_back(*this, int(k), left >= lane_count ? all_lanes : (mask(1) << left) - 1);
  }
}

/// Registers that say where the lanes are.
inline void block::start(warp& w) {
  extent const &g = in.how.grid, &b = in.how.block;
  const std::uint32_t left = threads - std::uint32_t(w.number * lane_count);
  w.alive = w.active = left >= lane_count ? all_lanes : (mask(1) << left) - 1;
  w.pc = 0;
  w.syncs = 0;
  w.others.clear();
  for (auto& c : w.issued) c.clear();
  for (auto& c : w.groups) c.clear();
  std::memset(w.local.data(), 0xff, w.local.size());
  for (auto const& [name, where] : in.code.specials) {
    const std::size_t slash = name.find('/');
    const std::string what = name.substr(0, slash);
    int const bits = std::atoi(name.c_str() + slash + 1);
    for (int l = 0; l < lane_count; ++l) {
      const extent t = b.at(w.thread(l) < threads ? w.thread(l) : 0);
      const std::map<std::string_view, std::uint64_t> known{{"%tid.x", t.x},
                                                            {"%tid.y", t.y},
                                                            {"%tid.z", t.z},
                                                            {"%ntid.x", b.x},
                                                            {"%ntid.y", b.y},
                                                            {"%ntid.z", b.z},
                                                            {"%ctaid.x", at.x},
                                                            {"%ctaid.y", at.y},
                                                            {"%ctaid.z", at.z},
                                                            {"%nctaid.x", g.x},
                                                            {"%nctaid.y", g.y},
                                                            {"%nctaid.z", g.z},
                                                            {"%laneid", std::uint64_t(l)},
                                                            {"%warpid", std::uint64_t(w.number)},
                                                            {"%nwarpid", warps.size()},
                                                            {"%lanemask_eq", 1u << l},
                                                            {"%lanemask_lt", (1u << l) - 1},
                                                            {"%lanemask_le", (2u << l) - 1},
                                                            {"%lanemask_gt", ~((2u << l) - 1)},
                                                            {"%lanemask_ge", ~((1u << l) - 1)},
                                                            {"%smid", 0},
                                                            {"%nsmid", 1},
                                                            {"%gridid", 0},
                                                            {"%clock", 0},
                                                            {"%clock64", 0},
                                                            {"%globaltimer", 0},
                                                            {"%dynamic_smem_size", in.how.dynamic_shared},
                                                            {"%total_smem_size", shared_size}};
      auto const found = known.find(what);
      if (found == known.end()) throw fault(wrong::unknown, "unknown register " + what + " in " + in.code.name);
      write_any(w, where, bits, l, found->second);
    }
  }
}

/// A barrier lets its threads go when enough of them are there. Whether all of them are at the same instruction is
/// checked too: barriers in different branches match by chance.
inline bool block::release(int barrier) {
  std::uint32_t here = arrived[std::size_t(barrier)];
  warp const* first = nullptr;
  int place = -1;
  for (warp const& w : warps)
    for (fragment const& f : w.others)
      if (f.is == fragment::at_barrier && f.barrier == barrier) {
        here += std::uint32_t(std::popcount(f.lanes));
        if (!first) first = &w, place = f.pc;
      }
  if (!first) return false;
  instruction const& i = in.code.code[std::size_t(place)];
  std::uint32_t expected = i.more ? std::uint32_t(i.more) : threads;
  if (!i.more && !in.how.check.exits_at_barriers) {
    expected = 0;
    for (warp const& w : warps) expected += std::uint32_t(std::popcount(w.alive));
  }
  if (here < expected) return false;
  std::uint32_t votes = 0;
  for (warp& w : warps)
    for (fragment& f : w.others) {
      if (f.is != fragment::at_barrier || f.barrier != barrier) continue;
      if (f.pc != place && !i.more) {
        w.pc = f.pc;
        w.fail(wrong::barrier,
               "threads of a block meet at barriers in different places, this one and line " +
                   std::to_string(in.code.origins[std::size_t(place)].line) + ':',
               std::countr_zero(f.lanes));
      }
      if (in.code.code[std::size_t(f.pc)].flags != wait_only)
        votes += std::uint32_t(std::popcount(w.pred(in.code.code[std::size_t(f.pc)].s[1]) & f.lanes));
    }
  for (warp& w : warps)
    for (fragment& f : w.others) {
      if (f.is != fragment::at_barrier || f.barrier != barrier) continue;
      instruction const& at = in.code.code[std::size_t(f.pc)];
      w.exec = f.lanes;
      if (at.flags == reduce_popc) w.each_in_order([&](int l) { w.reg<std::uint32_t>(at.s[0])[l] = votes; });
      if (at.flags == reduce_and) w.set_pred(at.s[0], votes == here ? all_lanes : 0);
      if (at.flags == reduce_or) w.set_pred(at.s[0], votes ? all_lanes : 0);
      f.is = fragment::ready;
      ++f.pc;
    }
  arrived[std::size_t(barrier)] = 0;
  shadow.barrier();
  ++in.counted.barriers;
  return true;
}

inline bool block::release() {
  bool any = false;
  for (int b = 0; b < 16; ++b) any |= release(b);
  return any;
}

/// Nobody can go on: says who waits where.
inline void block::stuck() {
  std::uint32_t at_barriers = 0, left = 0;
  for (warp& w : warps) {
    left += std::uint32_t(std::popcount(w.alive));
    for (fragment const& f : w.others) at_barriers += f.is == fragment::at_barrier ? std::uint32_t(std::popcount(f.lanes)) : 0;
  }
  for (const fragment::state state : {fragment::waiting, fragment::at_barrier})
    for (warp& w : warps)
      for (fragment const& f : w.others)
        if (f.is == state) {
          w.pc = f.pc;
          if (state == fragment::waiting)
            w.fail(wrong::warp, "a lane waits for lanes of its warp that wait elsewhere,", std::countr_zero(f.lanes));
          w.fail(wrong::barrier,
                 "only " + std::to_string(at_barriers) + " of " + std::to_string(threads) + " threads reach a barrier, " +
                     std::to_string(threads - left) + " have left the kernel:",
                 std::countr_zero(f.lanes));
        }
  throw fault(wrong::barrier, "block " + to_string(at) + " of " + in.code.name + " is stuck");
}

inline void block::run(std::uint64_t number, std::mt19937_64& random) {
  at = in.how.grid.at(number);
  stamp = in.first_stamp + std::uint32_t(number);
  std::memset(shared.data(), 0xff, shared.size());
  arrived.fill(0);
  shadow.next_block();
  for (warp& w : warps) start(w);
  std::vector<std::size_t> order(warps.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  while (true) {
    if (in.how.seed) std::shuffle(order.begin(), order.end(), random);
    bool running = false, done = true;
    for (const std::size_t k : order) {
      warp& w = warps[k];
      // Slices even without a seed: a warp may spin until another has written.
      const std::uint64_t most = in.how.seed ? 1 + random() % 256 : 1 << 20, slice = std::min(most, in.left);
      if (w.ready()) in.left -= slice - w.run(slice);
      running |= w.ready();
      done &= w.done();
    }
    if (done) return;
    if (!in.left)
      throw fault(wrong::endless, in.code.name + ", block " + to_string(at) + ": more than " +
                                      std::to_string(in.how.most_instructions) + " instructions");
    if (!release() && !running) stuck();
  }
}

}  // namespace ptx::detail
