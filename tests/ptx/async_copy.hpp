// SPDX-License-Identifier: BSL-1.0
// async_copy.hpp -- cp.async: what it copies arrives when the thread waits for it, and not before.
#pragma once
#include "load_store.hpp"

namespace ptx::detail {

template <class F> void each_cell(warp const& w, std::uint64_t address, std::uint64_t bytes, F const& f) {
  checks const& check = w.in.how.check;
  if (!check.shared_races && !check.uninitialised) return;
  const std::size_t grain = w.in.code.shared_grain;
  for (std::uint64_t at = address / grain; at * grain < address + bytes; ++at) f(std::size_t(at));
}

/// Slots: destination, source, how many bytes to read (zeros follow). more: bytes to write.
inline void copy_async(warp& w, instruction const& i) {
  addresses to, from;
  pointers t, f;
  addresses_of(w, i.s[0], i.width, 0, to);
  addresses_of(w, i.s[1], 64, i.imm, from);
  for (std::uint64_t& a : to) a += std::uint64_t(i.s[3]);
  auto const* const wanted = w.reg<std::uint32_t>(i.s[2]);
  const std::uint32_t bytes = std::uint32_t(i.more);
  mask const all = w.exec;
  reach_shared(w, {space::shared, access::write, bytes}, to, t, nullptr);
  w.each_in_order([&](int l) {
    if (!wanted[l]) w.exec &= ~(mask(1) << l);
  });
  if (w.exec) reach_global(w, {space::global, access::read, bytes}, from, f);
  w.exec = all;
  w.each_in_order([&](int l) {
    copy c{std::uint32_t(to[std::size_t(l)]), bytes, {}};
    if (wanted[l]) std::memcpy(c.bytes.data(), f[std::size_t(l)], std::min(bytes, wanted[l]));
    std::memset(t[std::size_t(l)], 0xff, bytes);  // NaN to whoever looks too early
    each_cell(w, c.to, bytes, [&](std::size_t cell) { w.of.shadow.depart(cell); });
    w.issued[std::size_t(l)].push_back(c);
  });
}

inline void commit(warp& w, instruction const&) {
  w.each_in_order([&](int l) { w.groups[std::size_t(l)].push_back(std::exchange(w.issued[std::size_t(l)], {})); });
}

/// imm groups may be under way still.
inline void wait_groups(warp& w, instruction const& i) {
  w.each_in_order([&](int l) {
    auto& groups = w.groups[std::size_t(l)];
    const std::size_t landing = groups.size() > i.imm ? groups.size() - i.imm : 0;
    for (std::size_t g = 0; g < landing; ++g)
      for (copy const& c : groups[g]) {
        std::memcpy(w.of.shared.data() + c.to, c.bytes.data(), c.size);
        each_cell(w, c.to, c.size, [&](std::size_t cell) { w.of.shadow.land(cell, w.who(l)); });
      }
    groups.erase(groups.begin(), groups.begin() + std::ptrdiff_t(landing));
  });
}

inline void cp(decoder& d) {
  if (!d.has("async") || d.has("bulk") || d.has("mbarrier")) return d.unknown();
  if (d.has("commit_group")) d.emit(commit, {});
  else if (d.has("wait_group")) d.emit(wait_groups, {}, d.argument(0).bits);
  else if (d.has("wait_all")) {
    d.emit(commit, {});
    d.emit(wait_groups, {}, 0);
  } else {
    const address_operand to = address_in(d, d.argument(0)), from = address_in(d, d.argument(1));
    const std::uint64_t bytes = d.argument(2).bits;
    if (from.width != 64 || (d.arguments() > 3 && d.width(d.argument(3)) == 1)) return d.unknown();
    const slot wanted = d.arguments() > 3 ? d.in(3, 32) : d.constant(bytes, 32);
    instruction& i = d.emit(copy_async, {to.base, from.base, wanted, slot(to.offset)}, from.offset);
    i.width = std::uint8_t(to.width);
    i.more = std::int32_t(bytes);
    d.grain(space::shared, bytes);
    d.grain(space::global, bytes);
  }
}

inline void add_async(opcode_table& t) { t["cp"] = cp; }

}  // namespace ptx::detail
