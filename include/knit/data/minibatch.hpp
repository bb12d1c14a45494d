// SPDX-License-Identifier: BSL-1.0
// minibatch.hpp -- in: labelled instances. out: a range of batches, shuffled anew each pass.
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

/// B instances, or of a named extent so many as there are: x is Features x B, if nothing else is said bytes that stand for
/// byte / 255; y holds B labels. It refers to the memory of the range that made it, and lasts until the next one is read.
template <int Features, long B, class X = unorm8, class Y = std::uint8_t> struct batch_of {
  view<X, Features, B> x;
  view<Y, B> y;
};

/// A single-pass range of batches. Of B instances each, those left over wait for another shuffle; if B is a named extent,
/// as dyn<"batch", 100>, they make a last, smaller batch. Each call of begin starts an epoch. Copies of the range share
/// its position.
template <int Features, long B, class X = unorm8, class Y = std::uint8_t> class minibatch_view
    : public ranges::view_facade<minibatch_view<Features, B, X, Y>, ranges::finite> {
  using data_type = instances<Features, X, Y>;

 public:
  minibatch_view() = default;
  /// Throws data_error if there are too few instances for a batch: fewer than B, or none.
  minibatch_view(data_type const& data, bool shuffled, std::uint64_t seed)
      : state_(std::make_shared<state>(data, shuffled, seed)) {
    if (data.size < (partial ? 1 : most))
      throw data_error("knit: " + std::to_string(data.size) + " instances are fewer than a batch of " + std::to_string(partial ? 1 : most) +
                       (partial ? "" : "; make the batch smaller"));
  }
  /// Batches of an epoch.
  std::size_t size() const { return std::size_t(batches(*state_->data)); }
  /// Epochs begun.
  std::uint64_t epoch() const { return state_->epoch; }

 private:
  friend ranges::range_access;
  static constexpr int most = detail::bound_of(B);
  static constexpr bool partial = B < 0;
  static int batches(data_type const& data) { return (data.size + (partial ? most - 1 : 0)) / most; }

  struct state {
    data_type const* data;
    bool shuffled;
    std::uint64_t seed, epoch = 0;
    std::vector<int> order;
    int next = 0;           // batch
    bool gathered = false;  // x and y hold batch `next`
    alignas(64) detail::stored_t<X> x[std::size_t(Features) * most];
    alignas(64) Y y[most];

    state(data_type const& d, bool s, std::uint64_t k) : data(&d), shuffled(s), seed(k), order(std::size_t(d.size)) {}

    void begin() {
      std::iota(order.begin(), order.end(), 0);
      if (shuffled) shuffle(order, seed, epoch);
      ++epoch;
      next = 0;
      gathered = false;
    }
    /// Instances of the batch.
    int count() const { return partial && data->size - next * most < most ? data->size - next * most : most; }
    void gather() {
      if (gathered) return;
      for (int i = 0; i < count(); ++i) {
        const int from = order[std::size_t(next * most + i)];
        std::memcpy(x + std::size_t(i) * Features, data->x.data() + std::size_t(from) * Features, sizeof(X) * Features);
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
    batch_of<Features, B, X, Y> read() const {
      state_->gather();
      auto const* const x = reinterpret_cast<X const*>(state_->x);
      if constexpr (partial) return {view<X, Features, B>(x, state_->count()), view<Y, B>(state_->y, state_->count())};
      else return {view<X, Features, B>(x), view<Y, B>(state_->y)};
    }
    void next() {
      ++state_->next;
      state_->gathered = false;
    }
    bool equal(ranges::default_sentinel_t) const { return state_->next == batches(*state_->data); }

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
template <long B> struct minibatch_closure {
  bool shuffled;
  std::uint64_t seed;
  /// The data must outlive the range, so a temporary is refused.
  template <int Features, class X, class Y>
  friend minibatch_view<Features, B, X, Y> operator|(instances<Features, X, Y> const& data, minibatch_closure c) {
    return {data, c.shuffled, c.seed};
  }
  template <int Features, class X, class Y> friend void operator|(instances<Features, X, Y> const&&, minibatch_closure) = delete;
};
}  // namespace detail

/// `data | minibatch<100>(shuffle_by{seed})`: batches of 100, every epoch in another order. With
/// `minibatch<dyn<"batch", 100>>` an epoch has every instance, those left over in a batch of their own.
template <long B> constexpr detail::minibatch_closure<B> minibatch(shuffle_by order) { return {true, order.seed}; }
template <long B> constexpr detail::minibatch_closure<B> minibatch(in_order = {}) { return {false, 0}; }

}  // namespace knit
