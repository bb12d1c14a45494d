// SPDX-License-Identifier: BSL-1.0
// minibatches.cuh -- in: labelled instances of the host. out: all of them in the memory of a GPU, in batches, shuffled there.
#pragma once
#include <cstdint>
#include <knit/backend/cuda/device.cuh>
#include <knit/core/philox.hpp>
#include <numeric>
#include <tuple>
#include <vector>

namespace knit::cuda {

namespace detail {

/// What is copied at once: the most of 16, 4 or 1 bytes that instances are multiples of.
template <int Bytes> struct alignas(Bytes) piece {
  std::uint32_t at[Bytes / 4];
};
template <> struct piece<1> {
  std::uint8_t at[1];
};
template <int Features> using piece_of = piece<Features % 16 == 0 ? 16 : Features % 4 == 0 ? 4 : 1>;
/// From one batch to the next, in bytes: a multiple of whatever kernels load at once.
constexpr long apart(long bytes) { return (bytes + 15) / 16 * 16; }

struct gathered {
  std::uint8_t const *x, *y;
  int const* order;
  std::uint8_t *to_x, *to_y;
  int count;
};
/// A piece for each thread: instance order[i] is number i % B of batch i / B.
template <int Features, int B> __global__ void __launch_bounds__(block_threads) gather(const gathered a) {
  using piece = piece_of<Features>;
  constexpr int pieces = Features / int(sizeof(piece));
  const long at = long(blockIdx.x) * block_threads + threadIdx.x;
  const int i = int(at / pieces), part = int(at % pieces);
  if (i >= a.count) return;
  const int from = a.order[i], batch = i / B, column = i % B;
  reinterpret_cast<piece*>(a.to_x + batch * apart(long(Features) * B) + long(column) * Features)[part] =
      reinterpret_cast<piece const*>(a.x + long(from) * Features)[part];
  if (part == 0) a.to_y[batch * apart(B) + column] = a.y[from];
}

}  // namespace detail

/// Labelled bytes as batches of B that lie at the same addresses in each epoch, so that a graph of a step for each is recorded
/// once. Their order is that of `minibatch<B>(shuffle_by{seed})` on the host; what fills no batch waits for another epoch.
template <int Features, int B> class minibatches {
 public:
  using batch = std::tuple<device_view<unorm8, Features, B>, device_view<std::uint8_t, B>>;

  /// Copies the data, a knit::instances<Features>, and puts the first epoch's batches on the stream, which is to be that of the
  /// step that reads them: on another they would change under it. Throws
  /// std::invalid_argument where there are fewer instances than a batch has, cuda::error where the GPU has not the memory.
  template <class Data> requires(Data::feature_count == Features)
  minibatches(Data const& data, std::uint64_t seed, cudaStream_t stream)
      : seed_(seed),
        stream_(stream),
        count_(data.size / B * B),
        x_(data.x.size()),
        y_(data.y.size()),
        shuffled_x_(count_ / B * apart_x),
        shuffled_y_(count_ / B * apart_y),
        there_(std::size_t(data.size)),
        order_(std::size_t(data.size)) {
    if (count_ == 0)
      throw std::invalid_argument("knit: " + std::to_string(data.size) + " instances are fewer than a batch of " +
                                  std::to_string(B) + "; make the batch smaller");
    x_.write(data.x.data(), x_.size(), stream);
    y_.write(data.y.data(), y_.size(), stream);
    for (int b = 0; b < count_ / B; ++b)
      batches_.emplace_back(device_view<unorm8, Features, B>(reinterpret_cast<unorm8 const*>(shuffled_x_.data() + b * apart_x)),
                            device_view<std::uint8_t, B>(shuffled_y_.data() + b * apart_y));
    shuffle();
  }
  /// The next epoch's order. The host works it out while the GPU is busy with what is on the stream.
  void shuffle() {
    std::iota(order_.begin(), order_.end(), 0);
    knit::shuffle(order_, seed_, epoch_++);
    there_.write(order_.data(), order_.size(), stream_);
    constexpr int pieces = Features / int(sizeof(detail::piece_of<Features>));
    const long blocks = (long(count_) * pieces + block_threads - 1) / block_threads;
    detail::gather<Features, B><<<unsigned(blocks), block_threads, 0, stream_>>>(
        {x_.data(), y_.data(), there_.data(), shuffled_x_.data(), shuffled_y_.data(), count_});
    check(cudaGetLastError(), "launch of a kernel");
  }
  std::vector<batch> const& batches() const { return batches_; }

 private:
  static constexpr long apart_x = detail::apart(long(Features) * B), apart_y = detail::apart(B);

  std::uint64_t seed_, epoch_ = 0;
  cudaStream_t stream_;
  int count_;  // of instances in batches
  memory_of<std::uint8_t> x_, y_, shuffled_x_, shuffled_y_;
  memory_of<int> there_;
  std::vector<int> order_;
  std::vector<batch> batches_;
};

}  // namespace knit::cuda
