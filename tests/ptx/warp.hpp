// SPDX-License-Identifier: BSL-1.0
// warp.hpp -- 32 lanes that execute a program, and the block and grid that they belong to.
#pragma once
#include "counters.hpp"
#include "program.hpp"

#include <array>
#include <limits>
#include <random>
#include <utility>

namespace ptx {

/// What a launch looks for besides what is always an error.
struct checks {
  bool shared_races = true, uninitialised = true;
  bool global_races = true;       // between blocks; atomic and volatile accesses are exempt
  bool exits_at_barriers = true;  // a barrier counts threads that have left the kernel as missing
  bool traffic = true;            // counts sectors and bank conflicts
};

struct launch {
  extent grid, block;
  std::uint32_t dynamic_shared = 0;
  std::uint64_t seed = 0;  // 0: blocks and warps in order; else in an order of that number
  checks check = {};
  std::uint64_t most_instructions = 20'000'000'000;  // of warps, before the kernel counts as endless
};

namespace detail {

using mask = std::uint32_t;
constexpr int lane_count = 32;
constexpr mask all_lanes = ~mask(0);

/// What all blocks of a launch share.
struct grid {
  program const& code;
  launch const& how;
  buffers& memory;
  std::vector<std::byte> const& arguments;
  counters& counted;
  std::uint32_t first_stamp = 0;
  std::vector<count> hits;     // by instruction
  std::vector<buffer*> hints;  // the buffer that each instruction used last
  std::uint64_t left = 0;      // instructions
};

/// Lanes at one place of the program.
struct fragment {
  enum state { ready, waiting, at_barrier };
  int pc;
  mask lanes;
  state is = ready;
  int barrier = -1;
};

/// Pieces of global memory on their way to shared memory.
struct copy {
  std::uint32_t to, size;
  std::array<std::byte, 16> bytes;
};

class block;

class warp {
 public:
  warp(block& b, int number, mask alive);

  /// Executes until all lanes wait or have left, or so many instructions are over. What is left of them.
  std::uint64_t run(std::uint64_t budget);
  bool done() const { return !alive; }
  bool ready() const {
    if (active) return true;
    for (fragment const& f : others)
      if (f.is == fragment::ready) return true;
    return false;
  }

  // ---- what instructions use ----

  template <class U> U* reg(slot s) const { return reinterpret_cast<U*>((s < 0 ? constants : frame.data()) + (s & ~constant_bit)); }
  mask pred(slot s) const { return *reg<mask>(s); }
  void set_pred(slot s, mask m) const {
    if (s != nowhere) *reg<mask>(s) = (*reg<mask>(s) & ~exec) | (m & exec);
  }
  /// Calls f(lane) for the lanes that execute. f works on each lane alone.
  template <class F> void each(F const& f) const {
    if (exec == all_lanes) {
#ifdef __clang__
#pragma clang loop vectorize(assume_safety)
#else
#pragma GCC ivdep
#endif
      for (int l = 0; l < lane_count; ++l) f(l);
    } else
      for (mask m = exec; m; m &= m - 1) f(std::countr_zero(m));
  }
  template <class F> void each_in_order(F const& f) const {
    for (mask m = exec; m; m &= m - 1) f(std::countr_zero(m));
  }

  void jump(mask lanes, int target) {
    const mask rest = active & ~lanes;
    if (rest) others.push_back({next, rest});
    active = lanes;
    next = target;
  }
  /// These lanes stay here, the others go on.
  void park(mask lanes, fragment::state state, int barrier = -1) {
    others.push_back({pc, lanes, state, barrier});
    active &= ~lanes;
  }
  void leave(mask lanes) {
    alive &= ~lanes;
    active &= ~lanes;
    for (fragment& f : others)
      if (f.is == fragment::waiting) f.is = fragment::ready;  // it may have waited for these
  }
  /// Narrows exec to the lanes whose members (a mask for each) are all here; the others wait. False: there are none.
  bool gather(std::uint32_t const* members);

  std::uint32_t thread(int lane) const { return std::uint32_t(number * lane_count + lane); }
  thread_shadow::who who(int lane) const { return {thread(lane), syncs}; }
  std::string place(int lane) const;
  [[noreturn]] void fail(wrong kind, std::string const& what, int lane) const;

  block& of;
  grid& in;
  int number;
  aligned_bytes frame, local;
  std::byte* constants;
  mask alive, active, exec = 0;
  int pc = 0, next = 0;
  std::uint32_t syncs = 0;
  std::vector<fragment> others;
  std::array<std::vector<copy>, lane_count> issued;               // asynchronous copies of no group yet
  std::array<std::vector<std::vector<copy>>, lane_count> groups;  // oldest first

 private:
  bool choose();
};

class block {
 public:
  explicit block(grid& g);

  void run(std::uint64_t number, std::mt19937_64& random);

  grid& in;
  extent at;
  std::uint32_t stamp = 0, threads;
  aligned_bytes shared;
  std::uint32_t shared_size;
  thread_shadow shadow;
  std::array<std::uint32_t, 16> arrived{};  // at each barrier, without waiting
  std::vector<warp> warps;

 private:
  void start(warp& w);
  bool release();
  bool release(int barrier);
  [[noreturn]] void stuck();
};

inline warp::warp(block& b, int number, mask alive)
    : of(b),
      in(b.in),
      number(number),
      frame(in.code.frame),
      local(in.code.local * lane_count),
      constants(in.code.constants.data()),
      alive(alive),
      active(alive) {}

inline std::string warp::place(int lane) const {
  origin const& o = in.code.origins[std::size_t(pc)];
  return "in " + in.code.name + ", line " + std::to_string(o.line) + " `" + *o.text + "`, block " + to_string(of.at) + ", thread " +
         to_string(in.how.block.at(thread(lane)));
}

inline void warp::fail(wrong kind, std::string const& what, int lane) const { throw fault(kind, what + ' ' + place(lane)); }

inline bool warp::gather(std::uint32_t const* members) {
  mask here = 0;
  each_in_order([&](int l) {
    if (!(members[l] >> l & 1)) fail(wrong::warp, "a lane is not among its own members", l);
    here |= mask((members[l] & alive & ~exec) == 0) << l;
  });
  if (mask const wait = exec & ~here) {
    park(wait, fragment::waiting);
    in.hits[std::size_t(pc)].lanes -= std::uint64_t(std::popcount(wait));  // these come again
    in.hits[std::size_t(pc)].warps -= !here;
  }
  exec = here;
  syncs += here != 0;
  return here != 0;
}

/// Lanes at the same place go on together; the place that comes first in the program is first.
inline bool warp::choose() {
  if (active) others.push_back({pc, active});
  active = 0;
  fragment const* first = nullptr;
  for (fragment const& f : others)
    if (f.is == fragment::ready && (!first || f.pc < first->pc)) first = &f;
  if (!first) return false;
  pc = first->pc;
  std::erase_if(others, [&](fragment const& f) {
    const bool joins = f.pc == pc && f.is != fragment::at_barrier;
    if (joins) active |= f.lanes;
    return joins;
  });
  return true;
}

inline std::uint64_t warp::run(std::uint64_t budget) {
  if ((!active || !others.empty()) && !choose()) return budget;
  instruction const* const code = in.code.code.data();
  count* const hits = in.hits.data();
  for (; budget; --budget) {
    instruction const& i = code[pc];
    exec = i.guard == nowhere ? active : active & (i.unless ? ~pred(i.guard) : pred(i.guard));
    hits[pc].warps += 1;
    hits[pc].lanes += std::uint64_t(std::popcount(exec));
    next = pc + 1;
    if (exec) i.run(*this, i);
    pc = next;
    if ((!active || !others.empty()) && !choose()) return budget - 1;
  }
  return 0;
}

}  // namespace detail
}  // namespace ptx
