// SPDX-License-Identifier: BSL-1.0
// minibatch.hpp -- in: instances and labels. out: a range of batches, shuffled anew each pass.
#pragma once
#include <algorithm>
#include <cstring>
#include <knit/core/philox.hpp>
#include <knit/core/tensor.hpp>
#include <knit/data/instances.hpp>
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

/// The part of each epoch that is one of `size` processes', numbered by rank from 0: of the order of all instances
/// those at rank, rank + size, ... Parts have no instance in common, and equal counts, so that all make as many steps;
/// the up to size - 1 left over wait for another shuffle. Instances are dealt and not batches: so the n-th batches of
/// all are together the n-th of one that is `size` times as large, a smaller last one is equally small everywhere, and
/// fewer are left over.
struct shard {
  int rank = 0, size = 1;
};

/// B instances, or of a named extent so many as there are: x is Features x B, if nothing else is said bytes that stand for
/// byte / 255; y holds B labels, or is, of labels of N numbers, N x B. It refers to the memory of the range that made it, and
/// lasts until the next one is read.
template <int Features, long B, class X = unorm8, class Y = std::uint8_t> struct batch_of {
  view<X, Features, B> x;
  typename detail::label_of<Y>::template batch<B> y;
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
/// its position, and it shares the data.
template <int Features, long B, class X = unorm8, class Y = std::uint8_t> class minibatch_view
    : public ranges::view_facade<minibatch_view<Features, B, X, Y>, ranges::finite> {
  using data_type = instances<Features, X, Y>;

 public:
  minibatch_view() = default;
  /// Throws data_error if there are too few instances for a batch: fewer than B, or none; std::invalid_argument if there
  /// is no such part.
  minibatch_view(data_type data, std::optional<std::uint64_t> seed, shard part = {})
      : state_(std::make_shared<state>(std::move(data), seed, part)) {
    if (state_->size < (partial ? 1 : most))
      throw data_error(
          "knit: " + std::to_string(state_->size) + " instances" +
          (part.size == 1 ? "" : ", one of " + std::to_string(part.size) + " parts of " + std::to_string(state_->data.size) + ",") +
          " are fewer than a batch of " + std::to_string(partial ? 1 : most) + (partial ? "" : "; make the batch smaller"));
  }
  /// Batches of the next pass: of an epoch, or behind `seek` of the rest of one.
  std::size_t size() const { return std::size_t(state_->batches() - (state_->sought ? state_->next : 0)); }
  /// Batches of each pass after that.
  std::size_t later_size() const { return std::size_t(state_->batches()); }
  /// Epochs begun.
  std::uint64_t epoch() const { return state_->epoch; }

  /// What has been read up to now. Not while another thread reads it, as behind prefetch: see position_after.
  batch_position position() const { return {state_->seed, state_->epoch, state_->next + state_->gathered, most, state_->size}; }
  /// Where it is when n batches have been read in all, of whole passes and the last: so behind prefetch after step n.
  batch_position position_after(std::uint64_t n) const {
    const std::uint64_t count = std::uint64_t(state_->batches()), passed = n == 0 ? 0 : (n - 1) / count;
    return {state_->seed, n == 0 ? 0 : passed + 1, int(n - passed * count), most, state_->size};
  }
  /// Puts the range where one was, with that one's seed: the next pass goes on in the middle of the epoch. Throws
  /// data_error where the position is of batches of another size or of other data, or none. Not while a pass is read.
  void seek(batch_position const& to) {
    const int count = state_->batches();
    if (to.batch_size != most || to.instances != state_->size)
      throw data_error("knit: a position in batches of " + std::to_string(to.batch_size) + " of " + std::to_string(to.instances) +
                       " instances means nothing in batches of " + std::to_string(most) + " of " + std::to_string(state_->size));
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

  struct state {
    using label = detail::label_of<Y>;

    data_type data;
    std::optional<std::uint64_t> seed;
    std::uint64_t epoch = 0;
    shard part;
    int size;                // instances of the part
    std::vector<int> order;  // of all instances, where it is not theirs
    int next = 0;            // batch
    bool gathered = false;   // x and y hold batch `next`
    bool sought = false;     // the next pass goes on at `next` of this epoch
    alignas(64) detail::stored_t<X> x[std::size_t(Features) * most];
    alignas(64) detail::stored_t<typename label::type> y[std::size_t(label::count) * most];

    state(data_type d, std::optional<std::uint64_t> k, shard p) : data(std::move(d)), seed(k), part(p) {
      if (p.rank < 0 || p.rank >= p.size)
        throw std::invalid_argument("knit: a shard has a rank of 0 .. size - 1, not " + std::to_string(p.rank) + " of a size of " +
                                    std::to_string(p.size));
      size = data.size / p.size;
    }

    void begin() {
      if (!std::exchange(sought, false)) ++epoch, next = 0;
      order.resize(seed ? std::size_t(data.size) : 0);
      std::iota(order.begin(), order.end(), 0);
      if (seed) shuffle(order, *seed, epoch - 1);
      data.advise(seed.has_value());
      gathered = false;
    }
    /// Instances of the batch.
    int count() const { return int(std::min<long>(most, size - long(next) * most)); }
    int batches() const { return size / most + (partial && size % most != 0); }
    void gather() {
      if (gathered) return;
      for (int i = 0; i < count(); ++i) {
        std::size_t from = std::size_t(part.rank) + (std::size_t(next) * most + std::size_t(i)) * std::size_t(part.size);
        if (!order.empty()) from = std::size_t(order[from]);
        std::memcpy(x + std::size_t(i) * Features, data.x.data() + from * Features, sizeof(X) * Features);
        std::copy_n(data.y.data() + from * label::count, label::count, y + std::size_t(i) * label::count);
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
      using batch = batch_of<Features, B, X, Y>;
      return {columns<decltype(batch::x)>(state_->x), columns<decltype(batch::y)>(state_->y)};
    }
    void next() {
      ++state_->next;
      state_->gathered = false;
    }
    bool equal(ranges::default_sentinel_t) const { return state_->next >= state_->batches(); }

   private:
    template <class View> View columns(void const* memory) const {
      auto const* const first = static_cast<typename View::value_type const*>(memory);
      if constexpr (partial) return View(first, state_->count());
      else return View(first);
    }

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
  shard part;
  template <int Features, class X, class Y>
  friend minibatch_view<Features, B, X, Y> operator|(instances<Features, X, Y> data, minibatch_closure c) {
    return {std::move(data), c.seed, c.part};
  }
};
template <long B> struct minibatch_fn : minibatch_closure<B> {
  constexpr minibatch_closure<B> operator()(shuffle_by order, shard process = {}) const { return {order.seed, process}; }
  constexpr minibatch_closure<B> operator()(in_order = {}, shard process = {}) const { return {{}, process}; }
};
}  // namespace detail

/// `data | minibatch<100>(shuffle_by{seed})`: batches of 100, every epoch in another order. With
/// `minibatch<dyn<"batch", 100>>(...)` an epoch has every instance, those left over in a batch of their own.
/// `minibatch<100>(shuffle_by{seed}, shard{rank, size})` has one process's part of each. `minibatch<100>` and
/// `minibatch<100>(in_order{}, shard{rank, size})` are in the order of the data, in each epoch.
template <long B> inline constexpr detail::minibatch_fn<B> minibatch{};

}  // namespace knit
