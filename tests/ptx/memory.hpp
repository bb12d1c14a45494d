// SPDX-License-Identifier: BSL-1.0
// memory.hpp -- the buffers that a kernel may reach, and the shadows in which races show.
#pragma once
#include "fault.hpp"

#include <bit>
#include <cstddef>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <vector>

namespace ptx::detail {

/// The highest byte of a generic address tells the space; none of these is an address of the host.
constexpr std::uint64_t window = std::uint64_t(1) << 56;
constexpr std::uint64_t shared_window = 1 * window, local_window = 2 * window, param_window = 3 * window;
constexpr std::uint64_t module_window = 8 * window, device_window = 16 * window;
/// Buffers lie this far apart, so that an index out of one never falls into another.
constexpr std::uint64_t buffer_distance = std::uint64_t(1) << 40;

/// Bytes at an address that suits every vector type.
class aligned_bytes {
 public:
  aligned_bytes() = default;
  explicit aligned_bytes(std::size_t size, unsigned char fill = 0)
      : data_(static_cast<std::byte*>(::operator new(size + 64, std::align_val_t(256)))), size_(size) {
    std::memset(data_.get(), fill, size + 64);
  }
  std::byte* data() const { return data_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct release {
    void operator()(std::byte* p) const { ::operator delete(p, std::align_val_t(256)); }
  };
  std::unique_ptr<std::byte, release> data_;
  std::size_t size_ = 0;
};

enum class access { read, write, atomic };

/// Who has touched a buffer in a launch, a cell for each few bytes. A block is known by a stamp that no other block of
/// any launch of the device has, and that grows: what is smaller than the launch's first stamp is history.
class block_shadow {
 public:
  /// The stamp of a block with which this access collides; 0: none.
  std::uint32_t touch(std::size_t cell, access how, std::uint32_t me, std::uint32_t first) {
    if (cell >= cells_.size()) cells_.resize(cell + 1 + cell / 2);
    auto& [written, read] = cells_[cell];
    if (written >= first && written != me) return written;
    if (how == access::read) {
      if ((read & ~many) < first) read = me;
      else if (read != me) read |= many;
      return 0;
    }
    if ((read & ~many) >= first && read != me) return (read & ~many) != me ? read & ~many : many;
    written = me;
    return 0;
  }
  void forget() { cells_.clear(); }
  static constexpr std::uint32_t many = 1u << 31;

 private:
  struct cell {
    std::uint32_t written = 0, read = 0;
  };
  std::vector<cell> cells_;
};

struct buffer {
  std::uint64_t address = 0, size = 0;
  std::byte* host = nullptr;
  bool writable = true;
  std::string name;
  aligned_bytes storage;  // empty: the host's own memory
  block_shadow shadow;

  bool holds(std::uint64_t first, std::uint64_t bytes) const {
    return first >= address && bytes <= size && first - address <= size - bytes;
  }
};

/// The buffers by their addresses.
class buffers {
 public:
  buffer& add(buffer b) {
    const std::uint64_t address = b.address;
    if (buffer const* other = overlapping(address, b.size))
      throw fault(wrong::launch, "buffer " + b.name + " overlaps " + other->name);
    return all_[address] = std::move(b);
  }
  void remove(std::uint64_t address) { all_.erase(address); }
  /// The buffer at or below the address.
  buffer* below(std::uint64_t address) {
    auto const after = all_.upper_bound(address);
    return after == all_.begin() ? nullptr : &std::prev(after)->second;
  }
  buffer* holding(std::uint64_t first, std::uint64_t bytes) {
    buffer* const b = below(first);
    return b && b->holds(first, bytes) ? b : nullptr;
  }
  /// In words, where an address outside of all buffers lies.
  std::string near(std::uint64_t address) {
    auto const after = all_.upper_bound(address);
    buffer const* const under = below(address);
    auto const told = [](buffer const& b) { return b.name + " of " + std::to_string(b.size) + " bytes"; };
    if (after != all_.end() && (!under || after->first - address < address - under->address))
      return std::to_string(after->first - address) + " bytes before " + told(after->second);
    return under ? std::to_string(address - under->address) + " bytes into " + told(*under) : "where no buffers are";
  }
  void forget_shadows() {
    for (auto& [address, b] : all_) b.shadow.forget();
  }

 private:
  buffer* overlapping(std::uint64_t first, std::uint64_t bytes) {
    if (buffer* const b = below(first); b && b->address + b->size > first) return b;
    auto const next = all_.lower_bound(first);
    return next != all_.end() && next->first < first + bytes ? &next->second : nullptr;
  }
  std::map<std::uint64_t, buffer> all_;
};

/// Who has touched the block's shared memory since its last barrier. Lanes of one warp are in order where a warp-level
/// synchronisation lies between them; one of some lanes counts for all of the warp, so that a race may stay unseen but
/// none is made up.
class thread_shadow {
 public:
  enum class verdict { fine, race, uninitialised, unlanded };
  struct who {
    std::uint32_t thread, syncs;  // syncs: how many synchronisations the thread's warp has passed
  };

  void resize(std::size_t cells) { cells_.resize(cells); }
  void next_block() { fresh_ = ++epoch_; }
  void barrier() { ++epoch_; }

  verdict read(std::size_t at, who me) {
    cell& c = cells_[at];
    if (c.landing) return verdict::unlanded;
    bool const written = c.written >= fresh_;
    bool const race = c.written == epoch_ && unordered(c.writer, me);
    if (c.read != epoch_) {
      c.read = epoch_;
      c.reader = me;
      c.warps = c.lanes = false;
    } else if (c.reader.thread != me.thread) {
      if (c.reader.thread / 32 != me.thread / 32) c.warps = true;
      else if (c.reader.syncs == me.syncs) c.lanes = true;
      else c.lanes = false, c.reader = me;
    } else if (c.reader.syncs != me.syncs) c.lanes = false, c.reader = me;
    return race ? verdict::race : written ? verdict::fine : verdict::uninitialised;
  }

  /// same: the bytes are those that are there already, which harms no other writer of them.
  verdict write(std::size_t at, who me, bool same, bool atomic = false) {
    cell& c = cells_[at];
    if (c.landing) return verdict::unlanded;
    bool race = c.written == epoch_ && unordered(c.writer, me) && !same && !(atomic && c.atomic);
    if (c.read == epoch_) race |= c.warps || unordered(c.reader, me) || (c.lanes && c.reader.syncs == me.syncs);
    c.written = epoch_;
    c.writer = me;
    c.atomic = atomic;
    return race ? verdict::race : verdict::fine;
  }

  /// An asynchronous copy to where this thread has just "written" is under way, until it lands.
  void depart(std::size_t at) { cells_[at].landing = true; }
  void land(std::size_t at, who me) {
    cell& c = cells_[at];
    c.landing = false;
    c.written = epoch_;
    c.writer = me;
  }
  /// The last who wrote, or read.
  who culprit(std::size_t at, who me) const {
    cell const& c = cells_[at];
    return c.written == epoch_ && c.writer.thread != me.thread ? c.writer : c.reader;
  }

 private:
  struct cell {
    std::uint32_t written = 0, read = 0;  // epochs
    who writer{}, reader{};
    bool warps = false,
         lanes = false;  // readers besides `reader`: of other warps, of its own since its last sync
    bool landing = false, atomic = false;
  };
  static bool unordered(who a, who b) { return a.thread != b.thread && (a.thread / 32 != b.thread / 32 || a.syncs == b.syncs); }
  std::vector<cell> cells_;
  std::uint32_t epoch_ = 1, fresh_ = 1;
};

}  // namespace ptx::detail
