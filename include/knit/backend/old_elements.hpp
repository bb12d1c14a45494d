// SPDX-License-Identifier: BSL-1.0
// old_elements.hpp -- in: the leaves of a program, some of which it overwrites. out: copies in the place of those that share memory.
#pragma once
#include <cstdint>
#include <cstring>
#include <knit/backend/runtime.hpp>
#include <new>
#include <utility>

namespace knit::detail {

/// Old elements of what a program overwrites. A plan knows leaves and not where they lie, so memory that is read as
/// one leaf and written as another is read from a copy.
class old_elements {
 public:
  old_elements() = default;
  old_elements(old_elements const&) = delete;
  old_elements& operator=(old_elements const&) = delete;
  ~old_elements() {
    while (last_) ::operator delete(std::exchange(last_, last_->before), alignment);
  }
  /// Puts copies in the place of those of leaves[read_from] .. leaves[read_to - 1] that share memory with any of
  /// leaves[write_from] .. leaves[write_to - 1]. Allocates only for these.
  template <class Spec>
  void keep(leaf_list<Spec>& list, std::size_t read_from, std::size_t read_to, std::size_t write_from, std::size_t write_to) {
    void const** const leaves = list.data();
    auto bytes = [&](std::size_t i) { return list.bytes(i); };
    auto place = [&](std::size_t i) { return reinterpret_cast<std::uintptr_t>(leaves[i]); };
    for (std::size_t r = read_from; r < read_to; ++r)
      for (std::size_t w = write_from; w < write_to; ++w)
        if (place(r) < place(w) + bytes(w) && place(w) < place(r) + bytes(r)) {
          leaves[r] = copy_of(leaves[r], bytes(r));
          break;
        }
  }

 private:
  static constexpr std::align_val_t alignment{64};  // as a tensor's
  struct alignas(64) copy {  // its elements lie behind it
    void const* of;
    std::size_t bytes;
    copy* before;
  };
  void const* copy_of(void const* p, std::size_t bytes) {
    for (copy const* c = last_; c; c = c->before)
      if (c->of == p && c->bytes == bytes) return c + 1;
    last_ = new (::operator new(sizeof(copy) + bytes, alignment)) copy{p, bytes, last_};
    return std::memcpy(last_ + 1, p, bytes);
  }
  copy* last_ = nullptr;
};

}  // namespace knit::detail
