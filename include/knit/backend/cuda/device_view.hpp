// SPDX-License-Identifier: BSL-1.0
// device_view.hpp -- in: memory of a GPU. out: an array there by type. No CUDA is needed to compile it.
#pragma once
#include <cstdint>
#include <knit/core/tensor.hpp>
#include <stdexcept>
#include <string>

namespace knit::cuda {

template <class T> class memory_of;

namespace detail {
template <class M> inline constexpr bool is_memory_of = false;
template <class T> inline constexpr bool is_memory_of<memory_of<T>> = true;
}  // namespace detail

/// Memory of a GPU that knows its size: `memory_of<T>`, and what keeps an address of Thrust's kind, as
/// `thrust::device_vector<T>` does.
template <class M, class T> concept device_memory = std::is_same_v<typename M::value_type, T> && requires(M const& m) {
  m.size();
} && (detail::is_memory_of<M> || requires(M const& m) {
                                                      { m.data().get() } -> std::convertible_to<T const*>;
                                                    });

/// An array of the types and extents of `knit::view`, in memory of the GPU that somebody else owns: what a host may
/// not read, and what no function for memory of the host takes. Named extents follow the address, as those of a view.
template <class T, long... N> class device_view : public knit::detail::extents_now<extents<N...>> {
 public:
  using value_type = T;
  using extents_type = extents<N...>;
  using host_type = view<T, N...>;
  static constexpr knit::shape shape = extents_type::value;
  /// Kernels load four elements at once, of doubles from sm_100 on, so an array begins at a multiple of so many bytes.
  static constexpr std::size_t alignment = 4 * sizeof(T);

  /// At an address of the GPU. Throws std::invalid_argument unless it is a multiple of `alignment`.
  template <class... Extent> requires(sizeof...(Extent) == extents_type::named && (std::is_convertible_v<Extent, int> && ...))
  explicit device_view(T const* p, Extent... named) : data_(p) {
    if (reinterpret_cast<std::uintptr_t>(p) % alignment != 0)
      throw std::invalid_argument("knit: a device_view at an address that is no multiple of " + std::to_string(alignment) +
                                  "; kernels load four elements at once, so begin an array at a multiple of four of them");
    static_cast<knit::detail::extents_now<extents_type>&>(*this) = host_type(nullptr, named...);
  }
  /// All of a GPU's memory that knows its size. Throws std::invalid_argument unless that is the size of the array; where
  /// extents are named, at least.
  template <device_memory<T> M, class... Extent> requires(sizeof...(Extent) == extents_type::named)
  explicit device_view(M const& m, Extent... named) : device_view(address(m), named...) {
    const std::size_t wanted = std::size_t(this->place(this->now().size() - 1)) + 1;  // to behind the last element
    if (m.size() < wanted || (m.size() > wanted && extents_type::named == 0))
      throw std::invalid_argument("knit: memory of " + std::to_string(m.size()) + " elements for a device_view of " +
                                  std::to_string(wanted) + "; pass the address, data(), where the array is a part of it");
  }
  template <device_memory<T> M, class... Extent> explicit device_view(M const&&, Extent...) = delete;  // nobody would keep it
  /// There is none of an array of the host, nor of memory of other elements.
  template <class Other> requires(array_like<Other> || (requires(Other const& o) {
                                    o.data();
                                    o.size();
                                  } && !device_memory<Other, T>)) device_view(Other const&) : data_(nullptr) {
    constexpr bool on_gpu = device_memory<Other, typename Other::value_type>;
    static_assert(!on_gpu, "knit: memory of a GPU whose elements are of another type than those of the device_view");
    static_assert(on_gpu,
                  "knit: an array of the host where one in the memory of a GPU is wanted; copy it there, memory_of<T>::write, "
                  "and pass a device_view of that");
  }
  T const* data() const { return data_; }

 private:
  template <class M> static T const* address(M const& m) {
    if constexpr (detail::is_memory_of<M>) return m.data();
    else return m.data().get();
  }
  T const* data_;
};

/// The same array in memory of the GPU.
template <class View> struct on_device;
/// A tensor's.
template <class T, long... N> struct on_device<tensor<T, N...>> {
  using type = device_view<T, N...>;
};
/// A view's.
template <class T, long... N> struct on_device<view<T, N...>> {
  using type = device_view<T, N...>;
};

}  // namespace knit::cuda
