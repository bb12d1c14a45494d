// SPDX-License-Identifier: BSL-1.0
// minibatch.hpp -- in: labelled instances. out: a range of batches, shuffled anew each pass.
#pragma once
#include <cstring>
#include <knit/core/philox.hpp>
#include <knit/core/tensor.hpp>
#include <knit/data/labelled.hpp>
#include <memory>
#include <numeric>
#include <optional>
#include <range/v3/view/facade.hpp>
#include <string>
#include <utility>
#include <vector>

namespace knit {

/// The order of instances: another permutation each epoch, the same for one seed everywhere.
struct shuffle_by {
  std::uint64_t seed = 1;
};
/// The order of the file, each epoch.
struct in_order {};

/// B instances, or of a named extent so many as there are: x is Features x B, bytes that stand for byte / 255; y holds B
/// labels. It refers to the memory of the range that made it, and lasts until the next one is read.
template <int Features, long B> struct batch_of {
  view<unorm8, Features, B> x;
  view<std::uint8_t, B> y;
};

/// Where a range of batches is: what it gives next follows from this and its data.
struct batch_position {
  std::optional<std::uint64_t> seed;  ///< of shuffle_by; none in the order of the file
  std::uint64_t epoch = 0;            ///< epochs begun
  int batch = 0;                      ///< batches of the last of them that have been read
  int batch_size = 0, instances = 0;  ///< of the range: in another one a position means nothing
};

/// A single-pass range of batches. Of B instances each, those left over wait for another shuffle; if B is a named extent,
/// as dyn<"batch", 100>, they make a last, smaller batch. Each call of begin starts an epoch. Copies of the range share
/// its position.
template <int Features, long B> class minibatch_view
    : public ranges::view_facade<minibatch_view<Features, B>, ranges::finite> {
 public:
  minibatch_view() = default;
  /// Throws data_error if there are too few instances for a batch: fewer than B, or none.
  minibatch_view(instances<Features> const& data, std::optional<std::uint64_t> seed) : state_(std::make_shared<state>(data, seed)) {
    if (data.size < (partial ? 1 : most))
      throw data_error("knit: " + std::to_string(data.size) + " instances are fewer than a batch of " + std::to_string(partial ? 1 : most) +
                       (partial ? "" : "; make the batch smaller"));
  }
  /// Batches of the next pass: of an epoch, or behind `seek` of the rest of one.
  std::size_t size() const { return std::size_t(batches(*state_->data) - (state_->sought ? state_->next : 0)); }
  /// Epochs begun.
  std::uint64_t epoch() const { return state_->epoch; }

  batch_position position() const {
    return {state_->seed, state_->epoch, state_->next + state_->gathered, most, state_->data->size};
  }
  /// Puts the range where one was, with that one's seed, if any: the next pass goes on in the middle of the epoch. Throws data_error
  /// where the position is of batches of another size or of other data, or none. Not while a pass is being read.
  void seek(batch_position const& to) {
    const int count = batches(*state_->data);
    if (to.batch_size != most || to.instances != state_->data->size)
      throw data_error("knit: a position in batches of " + std::to_string(to.batch_size) + " of " + std::to_string(to.instances) +
                       " instances means nothing in batches of " + std::to_string(most) + " of " + std::to_string(state_->data->size));
    if (to.batch < 0 || to.batch > (to.epoch == 0 ? 0 : count))
      throw data_error("knit: a position behind " + std::to_string(to.batch) + " batches of epoch " + std::to_string(to.epoch) +
                       " is none, as epochs count from 1 and have " + std::to_string(count));
    state_->seed = to.seed;
    state_->epoch = to.epoch;
    state_->next = to.batch;
    state_->gathered = false;
    state_->sought = to.epoch > 0 && to.batch < count;
  }

 private:
  friend ranges::range_access;
  static constexpr int most = detail::bound_of(B);
  static constexpr bool partial = B < 0;
  static int batches(instances<Features> const& data) { return (data.size + (partial ? most - 1 : 0)) / most; }

  struct state {
    instances<Features> const* data;
    std::optional<std::uint64_t> seed;
    std::uint64_t epoch = 0;
    std::vector<int> order;
    int next = 0;           // batch
    bool gathered = false;  // x and y hold batch `next`
    bool sought = false;    // the next pass goes on at `next` of this epoch
    alignas(64) std::uint8_t x[std::size_t(Features) * most], y[most];

    state(instances<Features> const& d, std::optional<std::uint64_t> k) : data(&d), seed(k), order(std::size_t(d.size)) {}

    void begin() {
      if (!std::exchange(sought, false)) ++epoch, next = 0;
      std::iota(order.begin(), order.end(), 0);
      if (seed) shuffle(order, *seed, epoch - 1);
      gathered = false;
    }
    /// Instances of the batch.
    int count() const { return partial && data->size - next * most < most ? data->size - next * most : most; }
    void gather() {
      if (gathered) return;
      for (int i = 0; i < count(); ++i) {
        const int from = order[std::size_t(next * most + i)];
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
      auto const* const x = reinterpret_cast<unorm8 const*>(state_->x);
      if constexpr (partial) return {view<unorm8, Features, B>(x, state_->count()), view<std::uint8_t, B>(state_->y, state_->count())};
      else return {view<unorm8, Features, B>(x), view<std::uint8_t, B>(state_->y)};
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
  std::optional<std::uint64_t> seed;
  /// The data must outlive the range, so a temporary is refused.
  template <int Features> friend minibatch_view<Features, B> operator|(instances<Features> const& data, minibatch_closure c) {
    return {data, c.seed};
  }
  template <int Features> friend void operator|(instances<Features> const&&, minibatch_closure) = delete;
};
}  // namespace detail

/// `data | minibatch<100>(shuffle_by{seed})`: batches of 100, every epoch in another order. With
/// `minibatch<dyn<"batch", 100>>` an epoch has every instance, those left over in a batch of their own.
template <long B> constexpr detail::minibatch_closure<B> minibatch(shuffle_by order) { return {order.seed}; }
template <long B> constexpr detail::minibatch_closure<B> minibatch(in_order = {}) { return {}; }

}  // namespace knit
