// SPDX-License-Identifier: BSL-1.0
// prefetch.hpp -- in: a range of batches. out: the same batches, the next ones made on another thread meanwhile.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <knit/core/sentence.hpp>
#include <knit/train/owned_batch.hpp>
#include <knit/train/pull.hpp>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace knit {

namespace detail {

/// One pass over a range on a thread of its own, which is at most as many batches ahead as there are places for them.
template <class Rng, class Batch> class pass_ahead {
 public:
  pass_ahead(upstream<Rng>& source, std::vector<owned_batch<Batch>>& places)
      : source_(source), places_(places), thread_([this] { make_all(); }) {}
  ~pass_ahead() {
    tell([this] { stopped_ = true; });
    thread_.join();
  }

  /// Waits until the next batch is there; false if there is none. Throws what the other thread threw in its place.
  bool wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return taken_ < made_ || ended_; });
    if (taken_ == made_ && error_) std::rethrow_exception(error_);
    return taken_ < made_;
  }
  Batch const& batch() const { return place(taken_).batch(); }
  void drop() {
    tell([this] { ++taken_; });
  }

 private:
  owned_batch<Batch>& place(std::size_t number) const { return places_[number % places_.size()]; }
  template <class F> void tell(F const& change) {
    {
      std::lock_guard lock(mutex_);
      change();
    }
    changed_.notify_one();
  }
  /// False if nobody wants more.
  bool wait_for_place() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return made_ - taken_ < places_.size() || stopped_; });
    return !stopped_;
  }
  void make_all() {
    std::exception_ptr error;
    try {
      for (source_.begin(); wait_for_place() && !source_.over(); source_.next()) {
        place(made_).keep(source_.read());
        tell([this] { ++made_; });
      }
    } catch (...) {
      error = std::current_exception();
    }
    tell([&] {
      error_ = std::move(error);
      ended_ = true;
    });
  }

  upstream<Rng>& source_;
  std::vector<owned_batch<Batch>>& places_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t made_ = 0, taken_ = 0;
  bool ended_ = false, stopped_ = false;
  std::exception_ptr error_;
  std::thread thread_;  // the last, for it uses the others
};

template <class T> constexpr sentence no_batches_ahead() {
  return sentence()
         << "prefetch makes batches ahead, and an element of this range has no members x and y; put it before what reads "
            "batches";
}

}  // namespace detail

/// What is before it is begun and read on the other thread, which is there from when something is asked for first. A pass
/// that begins anew, and the end of the view, wait for that thread and drop what it has made.
template <class Rng> struct prefetch_stage {
  static constexpr ranges::cardinality cardinality = upstream<Rng>::cardinality;
  using batch = std::remove_cvref_t<ranges::range_reference_t<Rng>>;
  upstream<Rng> all;
  std::size_t count = 0, later = 0;  // of the pass and of those after it, where the range is sized
  std::vector<detail::owned_batch<batch>> places;
  std::unique_ptr<detail::pass_ahead<Rng, batch>> pass;  // the last, for it uses the others

  explicit prefetch_stage(Rng r, int ahead = 2) : all(std::move(r)) {
    if (ahead < 1)
      throw std::invalid_argument("knit: prefetch makes a number of batches ahead from 1 on, not " + std::to_string(ahead));
    places = std::vector<detail::owned_batch<batch>>(std::size_t(ahead) + 1);  // and one that is being read
  }
  void begin() { pass.reset(); }
  bool over() { return !waited(); }
  batch read() {
    waited();
    return pass->batch();
  }
  void next() {
    waited();
    pass->drop();
  }
  std::size_t size() requires ranges::sized_range<Rng> { return pass ? count : all.size(); }
  std::size_t later_size() requires ranges::sized_range<Rng> { return pass ? later : all.later_size(); }

 private:
  bool waited() {
    if (!pass) {
      if constexpr (ranges::sized_range<Rng>) count = size(), later = later_size();  // then the range is the other thread's
      pass = std::make_unique<detail::pass_ahead<Rng, batch>>(all, places);
    }
    return pass->wait();
  }
};

namespace detail {
struct prefetch_fn {
  template <ranges::viewable_range Rng> auto operator()(Rng&& r, int ahead = 2) const {
    using element = std::remove_cvref_t<ranges::range_reference_t<ranges::views::all_t<Rng>>>;
    if constexpr (!batch_like<element>) return complain<no_batches_ahead<element>()>();
    else return stage_view(prefetch_stage(ranges::views::all(std::forward<Rng>(r)), ahead));
  }
  auto operator()(int ahead) const { return ranges::make_view_closure(ranges::bind_back(*this, ahead)); }
};
}  // namespace detail

/// `batches | prefetch | ...`, or `prefetch(n)`: the next 2, or n, batches are made on another thread while one is used.
/// Order and values are those without it, and what making a batch throws is thrown where that batch would be read. Batches
/// are copied to memory of the view's own where x and y are views; each lasts until the next one is read.
/// What stands before it runs on that thread and is ahead: of a pass that is left early more has been drawn than was read,
/// and a shuffle that was begun ahead counts as an epoch. So the views before it, and what they refer to, belong to that
/// thread until the pass is over, is begun anew or the view is gone.
inline constexpr view_closure<detail::prefetch_fn> prefetch{};

}  // namespace knit
