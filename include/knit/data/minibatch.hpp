// SPDX-License-Identifier: BSL-1.0
// minibatch.hpp -- in: labelled instances. out: a range of batches of a fixed size, shuffled anew each pass.
#pragma once
#include <cstring>
#include <knit/core/philox.hpp>
#include <knit/core/tensor.hpp>
#include <knit/data/labelled.hpp>
#include <memory>
#include <numeric>
#include <range/v3/view/facade.hpp>

namespace knit {

/// The order of instances: another permutation each epoch, the same for one seed everywhere.
struct shuffle_by {
  std::uint64_t seed = 1;
};
/// The order of the file, each epoch.
struct in_order {};

/// B instances: x is Features x B, bytes that stand for byte / 255; y holds B labels. It refers to the memory
/// of the range that made it, and lasts until the next one is read.
template <int Features, int B> struct batch_of {
  view<unorm8, Features, B> x;
  view<std::uint8_t, B> y;
};

/// A single-pass range of size / B batches; the instances left over wait for another shuffle. Each call of
/// begin starts an epoch. Copies of the range share its position.
template <int Features, int B> class minibatch_view
    : public ranges::view_facade<minibatch_view<Features, B>, ranges::finite> {
 public:
  minibatch_view() = default;
  /// Throws data_error if there are fewer than B instances.
  minibatch_view(instances<Features> const& data, bool shuffled, std::uint64_t seed)
      : state_(std::make_shared<state>(data, shuffled, seed)) {
    if (data.size < B)
      throw data_error("knit: " + std::to_string(data.size) + " instances are fewer than a batch of " + std::to_string(B) +
                       "; make the batch smaller");
  }
  /// Batches of an epoch.
  std::size_t size() const { return std::size_t(state_->data->size / B); }
  /// Epochs begun.
  std::uint64_t epoch() const { return state_->epoch; }

 private:
  friend ranges::range_access;

  struct state {
    instances<Features> const* data;
    bool shuffled;
    std::uint64_t seed, epoch = 0;
    std::vector<int> order;
    int next = 0;           // batch
    bool gathered = false;  // x and y hold batch `next`
    alignas(64) std::uint8_t x[std::size_t(Features) * B], y[B];

    state(instances<Features> const& d, bool s, std::uint64_t k) : data(&d), shuffled(s), seed(k), order(std::size_t(d.size)) {}

    void begin() {
      std::iota(order.begin(), order.end(), 0);
      if (shuffled) shuffle(order, seed, epoch);
      ++epoch;
      next = 0;
      gathered = false;
    }
    void gather() {
      if (gathered) return;
      for (int i = 0; i < B; ++i) {
        const int from = order[std::size_t(next * B + i)];
        std::memcpy(x + std::size_t(i) * Features, data->x.data() + std::size_t(from) * Features, Features);
        y[i] = data->y[std::size_t(from)];
      }
      gathered = true;
    }
  };

  class cursor {
   public:
    using single_pass = std::true_type;
    cursor() = default;
    explicit cursor(state* s) : state_(s) {}
    batch_of<Features, B> read() const {
      state_->gather();
      return {view<unorm8, Features, B>(reinterpret_cast<unorm8 const*>(state_->x)), view<std::uint8_t, B>(state_->y)};
    }
    void next() {
      ++state_->next;
      state_->gathered = false;
    }
    bool equal(ranges::default_sentinel_t) const { return state_->next == state_->data->size / B; }

   private:
    state* state_ = nullptr;
  };

  cursor begin_cursor() {
    state_->begin();
    return cursor(state_.get());
  }
  ranges::default_sentinel_t end_cursor() const { return {}; }

  std::shared_ptr<state> state_;
};

namespace detail {
template <int B> struct minibatch_closure {
  bool shuffled;
  std::uint64_t seed;
  /// The data must outlive the range, so a temporary is refused.
  template <int Features> friend minibatch_view<Features, B> operator|(instances<Features> const& data, minibatch_closure c) {
    return {data, c.shuffled, c.seed};
  }
  template <int Features> friend void operator|(instances<Features> const&&, minibatch_closure) = delete;
};
}  // namespace detail

/// `data | minibatch<100>(shuffle_by{seed})`: batches of 100, every epoch in another order.
template <int B> constexpr detail::minibatch_closure<B> minibatch(shuffle_by order) { return {true, order.seed}; }
template <int B> constexpr detail::minibatch_closure<B> minibatch(in_order = {}) { return {false, 0}; }

}  // namespace knit
