// SPDX-License-Identifier: BSL-1.0
// dlpack.hpp -- in: an array of another library, as DLPack describes it. out: a view of it without a copy; and back.
#pragma once
#include <dlpack/dlpack.h>

#include <cstdint>
#include <knit/core/tensor.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace knit {

// DLPack counts axes from the slowest: an array of 100 x 784 in C's order is a knit array of 784 x 100, and one of the
// extents (a, b, c) there is (c, b, a) here. Nothing is copied or turned.

namespace detail {

/// The element types of knit as DLPack numbers them; a unorm8 is a byte there.
constexpr DLDataType dlpack_type(element e) {
  switch (e) {
    case element::f32: return {kDLFloat, 32, 1};
    case element::f64: return {kDLFloat, 64, 1};
    case element::i32: return {kDLInt, 32, 1};
    default: return {kDLUInt, 8, 1};
  }
}
inline std::string to_text(DLDataType t) {
  constexpr char const* code[] = {"int", "uint", "float", "opaque", "bfloat", "complex", "bool"};
  const std::string lanes = t.lanes == 1 ? "" : "x" + std::to_string(t.lanes);
  return t.code < 7 ? code[t.code] + std::to_string(t.bits) + lanes : "type " + std::to_string(t.code);
}
template <class Number> std::string to_text(Number const* n, int count) {
  std::string s = "(";
  for (int k = 0; k < count; ++k) s += (k ? ", " : "") + std::to_string(n[k]);
  return s + (count == 1 ? ",)" : ")");
}
[[noreturn]] inline void refuse_dlpack(std::string const& why) {
  throw std::invalid_argument("knit: an array of another library " + why);
}

/// Where its first element is, and in `now` the extents that it has of those that are named; throws std::invalid_argument
/// where it is no array of these extents and elements on this device, one after the other.
inline void* address_of(DLTensor const& from, shape const& wanted, element holds, bool on_gpu, int gpu, shape& now) {
  const int where = from.device.device_type;
  const bool managed = where == kDLCUDAManaged;
  if (on_gpu ? where != kDLCUDA && !managed : where != kDLCPU && where != kDLCUDAHost && !managed)
    refuse_dlpack("is on a device of DLPack's type " + std::to_string(where) + ", where " +
                  (on_gpu ? "memory of a GPU, type 2, is wanted" : "memory of the host, type 1, is wanted") +
                  "; copy it there first");
  if (on_gpu && !managed && from.device.device_id != gpu)
    refuse_dlpack("is in the memory of GPU " + std::to_string(from.device.device_id) + ", where that of GPU " +
                  std::to_string(gpu) + " is wanted; copy it there first");
  const DLDataType type = dlpack_type(holds);
  if (from.dtype.code != type.code || from.dtype.bits != type.bits || from.dtype.lanes != type.lanes)
    refuse_dlpack("has elements of " + to_text(from.dtype) + ", where " + to_text(type) + " is wanted; convert it first");

  std::int64_t extent[max_rank]{}, stride[max_rank]{};  // that are wanted, in DLPack's order
  long apart = 1;
  for (int k = 0; k < wanted.rank; ++k) {
    extent[wanted.rank - 1 - k] = wanted.extent[k];
    stride[wanted.rank - 1 - k] = apart;
    apart *= wanted.extent[k];
  }
  bool fits = from.ndim == wanted.rank;
  for (int k = 0; fits && k < wanted.rank; ++k) {
    const std::int64_t n = from.shape[wanted.rank - 1 - k];
    fits = wanted.name[k] ? n >= 1 && n <= wanted.extent[k] : n == wanted.extent[k];
    now.extent[k] = int(n);
  }
  if (!fits)
    refuse_dlpack("has the shape " + to_text(from.shape, from.ndim) + ", where " + to_text(extent, wanted.rank) +
                  (wanted.named() ? ", or less along an axis with a name," : "") +
                  " is wanted, knit's extents from the last to the first");
  std::int64_t packed = 1;  // without strides it has C's order
  for (int k = from.ndim - 1; k >= 0; packed *= from.shape[k--])
    if (from.shape[k] > 1 && (from.strides ? from.strides[k] : packed) != stride[k]) {
      const std::string got = from.strides ? "strides " + to_text(from.strides, from.ndim) : "no strides";
      refuse_dlpack("of shape " + to_text(from.shape, from.ndim) + " has " + got + ", where " + to_text(stride, wanted.rank) +
                    " is wanted; make it contiguous, or pass its transpose");
    }
  void* const p = static_cast<char*>(from.data) + from.byte_offset;
  if (from.data == nullptr || reinterpret_cast<std::uintptr_t>(p) % bytes_of(holds) != 0)
    refuse_dlpack(from.data == nullptr ? "has no memory" : "begins inside an element; copy it first");
  return p;
}
template <class View> inline constexpr bool is_on_gpu = requires { typename View::host_type; };

template <class View, int... Name> View view_at(void const* p, shape const& now, std::integer_sequence<int, Name...>) {
  int named[max_rank + 1]{}, n = 0;
  for (int k = 0; k < View::shape.rank; ++k)
    if (View::shape.name[k]) named[n++] = now.extent[k];
  return View(static_cast<typename View::value_type const*>(p), named[Name]...);
}

struct release_dlpack {
  template <class Managed> void operator()(Managed* m) const {
    if (m->deleter) m->deleter(m);
  }
};

}  // namespace detail

/// A view of an array that another library owns. View is a knit::view, for memory of the host, or a cuda::device_view, for
/// memory of that GPU. Throws std::invalid_argument where type, extents, strides or device are others.
template <class View> View from_dlpack(DLTensor const& from, int gpu = 0) {
  shape now = View::shape;
  void const* const p =
      detail::address_of(from, View::shape, element_of<typename View::value_type>(), detail::is_on_gpu<View>, gpu, now);
  return detail::view_at<View>(p, now, std::make_integer_sequence<int, View::extents_type::named>{});
}

/// A view together with what keeps its memory; copies share that. It is passed where a View is wanted.
template <class View> class kept {
 public:
  kept(View v, std::shared_ptr<void> keep) : view_(v), keep_(std::move(keep)) {}
  View const& operator*() const { return view_; }
  View const* operator->() const { return &view_; }
  operator View const&() const { return view_; }

 private:
  View view_;
  std::shared_ptr<void> keep_;
};

/// The same of an array with an owner, a DLManagedTensor or, of later versions, a DLManagedTensorVersioned. It is taken: its
/// deleter is called once, when the last copy of the result goes, or before this throws. What a stream of a GPU still
/// writes is the caller's to wait for.
template <class View, class Managed> requires requires(Managed& m) {
  m.dl_tensor;
  m.deleter(&m);
} kept<View> from_dlpack(Managed* from, int gpu = 0) {
  if (from == nullptr) throw std::invalid_argument("knit: an array of another library is wanted, and there is none");
  std::shared_ptr<void> keep(from, [](Managed* m) { detail::release_dlpack()(m); });
  if constexpr (requires { from->version.major; })
    if (from->version.major != 1)
      detail::refuse_dlpack("is of version " + std::to_string(from->version.major) + " of DLPack, where 1 is known");
  return {from_dlpack<View>(from->dl_tensor, gpu), std::move(keep)};
}

/// An array for another library; `release()` hands it over, and whoever has it then calls its deleter.
using dlpack_array = std::unique_ptr<DLManagedTensor, detail::release_dlpack>;

namespace detail {
template <class View, class Memory> struct exported {
  DLManagedTensor managed{};
  Memory memory;
  std::int64_t extent[max_rank], stride[max_rank];

  exported(Memory m, DLDevice where) : memory(std::move(m)) { managed.dl_tensor.device = where; }
};
/// Describes memory that is moved in; view_of: the view of it where it lies then.
template <class View, class Memory, class ViewOf> dlpack_array hand_over(Memory m, DLDevice where, ViewOf view_of) {
  auto all = std::make_unique<exported<View, Memory>>(std::move(m), where);
  const View v = view_of(all->memory);
  long apart = 1;
  for (int k = 0; k < View::shape.rank; ++k) {
    all->extent[View::shape.rank - 1 - k] = v.extent(k);
    all->stride[View::shape.rank - 1 - k] = apart;
    apart *= View::shape.extent[k];
  }
  DLTensor& t = all->managed.dl_tensor;
  t.data = const_cast<typename View::value_type*>(v.data());
  t.ndim = View::shape.rank;
  t.dtype = dlpack_type(element_of<typename View::value_type>());
  t.shape = all->extent;
  t.strides = all->stride;
  all->managed.manager_ctx = all.get();
  all->managed.deleter = [](DLManagedTensor* d) { delete static_cast<exported<View, Memory>*>(d->manager_ctx); };
  return dlpack_array(&all.release()->managed);
}
}  // namespace detail

/// An array of the host: its memory is moved, but for a matrix in panels, which is copied into C's order.
template <class T, long... N> dlpack_array to_dlpack(tensor<T, N...> a) {
  auto look = [](auto const& m, shape const& now) {
    return detail::view_at<view<T, N...>>(m.data(), now, std::make_integer_sequence<int, extents<N...>::named>{});
  };
  if constexpr (tensor<T, N...>::layout.panels) {
    tensor<T, tensor<T, N...>::shape.size()> plain;
    plain.fill([&](long i) { return a[i]; });
    return detail::hand_over<view<T, N...>>(std::move(plain), DLDevice{kDLCPU, 0}, [&](auto const& m) { return look(m, a.now()); });
  } else
    return detail::hand_over<view<T, N...>>(std::move(a), DLDevice{kDLCPU, 0}, [&](auto const& m) { return look(m, m.now()); });
}
/// Memory of a GPU, as `to_dlpack<cuda::device_view<float, 784, 100>>(std::move(memory))`: a cuda::memory_of or a
/// thrust::device_vector of as many elements. The other library's work has to wait for the stream that still writes it.
template <class View, class Memory> requires detail::is_on_gpu<View> dlpack_array to_dlpack(Memory memory, int gpu = 0) {
  return detail::hand_over<View>(std::move(memory), DLDevice{kDLCUDA, gpu}, [](auto const& m) { return View(m); });
}

}  // namespace knit
