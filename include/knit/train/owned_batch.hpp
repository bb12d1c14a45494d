// SPDX-License-Identifier: BSL-1.0
// owned_batch.hpp -- in: a batch that refers to memory of others. out: the same in memory of its own.
#pragma once
#include <algorithm>
#include <cstddef>
#include <knit/core/tensor.hpp>
#include <optional>
#include <type_traits>

namespace knit::detail {

/// An element of a range that a step of training can read.
template <class T> concept batch_like = requires(T& batch) {
  batch.x;
  batch.y;
};

/// Memory for the elements of a view. What owns its elements needs none.
template <class T> struct memory_of_array {
  T copy(T const& from) { return from; }
};
template <class T, long... N> struct memory_of_array<view<T, N...>> {
  tensor<T, view<T, N...>::shape.size()> memory;

  view<T, N...> copy(view<T, N...> const& from) {
    // Up to the last element that there is: of a smaller last batch the memory may end there.
    const std::ptrdiff_t last = &from[from.size() - 1] - from.data();
    std::copy_n(from.data(), last + 1, memory.data());
    return from.of(memory.data());
  }
};

/// A batch whose x and y, where they are views, are of memory that is kept here: it lasts until another is kept.
template <class Batch> class owned_batch {
 public:
  void keep(Batch const& from) {
    batch_.emplace(from);
    batch_->x = x_.copy(from.x);
    batch_->y = y_.copy(from.y);
  }
  Batch const& batch() const { return *batch_; }
  auto* x() { return x_.memory.data(); }

 private:
  memory_of_array<std::remove_cvref_t<decltype(Batch::x)>> x_;
  memory_of_array<std::remove_cvref_t<decltype(Batch::y)>> y_;
  std::optional<Batch> batch_;
};

}  // namespace knit::detail
