// SPDX-License-Identifier: BSL-1.0
// tensor.hpp -- in: an element type and extents. out: arrays that own their elements, and views that borrow.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <knit/core/sentence.hpp>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace knit {

/// A byte that stands for byte / 255: pixels and other measured levels, converted as they are loaded.
enum class unorm8 : std::uint8_t {};

/// Element types as a value, for plans: what a leaf's memory holds.
enum class element : unsigned char { f32, f64, u8, u8norm, i32 };
namespace detail {
/// How a type of numbers is written in C++.
template <class T> constexpr char const* number_name() {
  if constexpr (std::is_same_v<T, unorm8>) return "unorm8";
  else if constexpr (std::is_floating_point_v<T>) return sizeof(T) == 4 ? "float" : sizeof(T) == 8 ? "double" : "long double";
  else if constexpr (std::is_same_v<T, bool>) return "bool";
  else if constexpr (std::is_integral_v<T>) {
    constexpr char const* names[2][4] = {{"std::uint8_t", "std::uint16_t", "std::uint32_t", "std::uint64_t"},
                                         {"std::int8_t", "std::int16_t", "std::int32_t", "std::int64_t"}};
    return names[std::is_signed_v<T>][sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3];
  } else return "no number";
}
template <class T> constexpr sentence no_element_type() {
  return sentence() << "the elements of an array in an expression are float, double, std::uint8_t, knit::unorm8 or "
                       "std::int32_t, and these are of "
                    << number_name<T>() << "; convert them, to float say";
}
}  // namespace detail
/// The number of an element type: float, double, std::uint8_t, unorm8 or std::int32_t; others are an error of the compiler.
template <class T> constexpr element element_of() {
  if constexpr (std::is_same_v<T, float>) return element::f32;
  else if constexpr (std::is_same_v<T, double>) return element::f64;
  else if constexpr (std::is_same_v<T, std::uint8_t>) return element::u8;
  else if constexpr (std::is_same_v<T, unorm8>) return element::u8norm;
  else {
    if constexpr (!std::is_same_v<T, std::int32_t>) complain<detail::no_element_type<T>()>();
    return element::i32;
  }
}
/// The size of an element.
constexpr std::size_t bytes_of(element e) {
  switch (e) {
    case element::f64: return 8;
    case element::f32:
    case element::i32: return 4;
    default: return 1;
  }
}

/// How it is written in C++.
constexpr char const* element_name(element e) {
  constexpr char const* names[] = {"float", "double", "std::uint8_t", "unorm8", "std::int32_t"};
  return names[int(e)];
}

/// How many rows stand side by side in a panel of a matrix that owns its elements. A panel is what the
/// register tile of a product reads: rows 0..31 of column 0, of column 1, ... so that every load is a whole
/// aligned vector and no two columns fall on one cache set. 0 means plain: first index fastest, no gaps. Both numbers
/// are whole vectors of floats and of doubles.
inline constexpr int panel_rows = 32;
/// The last panel is padded to a multiple of this many rows only.
inline constexpr int panel_pad = 16;

/// Where a logical element of an array lies: one rule per shape, shared by all programs over the array.
/// The type of an array names its layout, so two programs cannot disagree about it.
struct layout {
  bool panels = false;

  /// Number of elements that storage needs, padding included.
  constexpr std::size_t storage(shape s) const {
    if (!panels) return std::size_t(s.size());
    const int rows = s.extent[0], full = rows / panel_rows * panel_rows, rest = rows - full;
    return std::size_t(full + (rest + panel_pad - 1) / panel_pad * panel_pad) * std::size_t(s.extent[1]);
  }
  /// Rows of the panel that holds `row`.
  static constexpr int panel_width(int rows, int row) {
    const int first = row / panel_rows * panel_rows, left = rows - first;
    return left >= panel_rows ? panel_rows : (left + panel_pad - 1) / panel_pad * panel_pad;
  }
  constexpr std::size_t offset(shape s, int row, int column) const {
    if (!panels) return std::size_t(row) + std::size_t(column) * std::size_t(s.extent[0]);
    const int first = row / panel_rows * panel_rows;
    return std::size_t(first) * std::size_t(s.extent[1]) + std::size_t(column) * std::size_t(panel_width(s.extent[0], row)) +
           std::size_t(row - first);
  }
  /// Storage offset of the logical element i in order of first index fastest.
  constexpr std::size_t offset(shape s, long i) const {
    return panels ? offset(s, int(i % s.extent[0]), int(i / s.extent[0])) : std::size_t(i);
  }
  constexpr bool operator==(layout const&) const = default;
};

/// The layout of an owning array: a function of its element type and shape alone. Panels are for weights, whose extents
/// the compiler knows.
template <class T> constexpr layout layout_of(shape s) {
  return {std::is_floating_point_v<T> && s.rank == 2 && s.extent[0] > 1 && s.extent[1] > 1 && !s.named()};
}

namespace detail {
struct tensor_base {};
template <class T> constexpr sentence index_count(shape const& s, int n) {
  return sentence() << "an element of an array of shape " << s << " is asked for by " << n << (n == 1 ? " index" : " indices")
                    << " in parentheses; give one for each axis, or [i] for element i in order of first index fastest";
}
/// Number of an element in order of first index fastest, counted over the extents of s, at indices below those of `now`.
template <class... Index> constexpr long element_index(shape const& s, shape const& now, Index... i) {
  const int at[] = {int(i)..., 0};
  long e = 0, stride = 1;
  for (int k = 0; k < int(sizeof...(Index)); ++k) {
    if (at[k] < 0 || at[k] >= now.extent[k]) throw std::out_of_range("knit: index outside an array");
    e += at[k] * stride;
    stride *= s.extent[k];
  }
  return e;
}

/// The extents of an array now: those of its type, but for the named ones.
template <class Extents> class extents_now {
 public:
  constexpr shape const& now() const { return now_; }
  /// The extent of an axis, counted from 0.
  constexpr int extent(int axis) const { return now_.extent[axis]; }
  /// Sets a named extent. Elements within it stay what they are. Throws std::invalid_argument if the axis has no name, or n is not
  /// from 1 to the most that the type allows.
  constexpr void resize(int axis, int n) {
    if (axis < 0 || axis >= max_rank || Extents::value.name[axis] == 0)
      throw std::invalid_argument("knit: resize of an axis that has no name");
    if (n < 1 || n > Extents::value.extent[axis])
      throw std::invalid_argument("knit: a named extent of " + std::to_string(n) + " is not from 1 to " +
                                  std::to_string(Extents::value.extent[axis]) + ", the most that its type allows");
    now_.extent[axis] = n;
  }

 protected:
  /// Number of logical element i among all that there is room for.
  constexpr long place(long i) const {
    long e = 0, stride = 1;
    for (int k = 0; k < Extents::value.rank; ++k) {
      e += i % now_.extent[k] * stride;
      i /= now_.extent[k];
      stride *= Extents::value.extent[k];
    }
    return e;
  }

 private:
  shape now_ = Extents::value;
};
template <class Extents> requires(Extents::named == 0) class extents_now<Extents> {
 public:
  static constexpr shape now() { return Extents::value; }
  static constexpr int extent(int axis) { return Extents::value.extent[axis]; }

 protected:
  static constexpr long place(long i) { return i; }
};
}  // namespace detail

template <class T, long... N> class tensor;

namespace detail {
/// A std::vector, std::array or std::span, say: numbers that lie side by side, and how many they are.
template <class R> concept list =
    !std::is_base_of_v<tensor_base, R> && !std::is_array_v<R> && requires(R const& r) { std::span(r); };
/// The same of numbers of type T.
template <class R, class T> concept list_of = list<R> && std::is_constructible_v<std::span<T const>, R const&>;
/// Does the memory of a list outlive the R&& that it is given by?
template <class R> inline constexpr bool outlives =
    std::is_lvalue_reference_v<R> || std::ranges::enable_borrowed_range<std::remove_cvref_t<R>>;
/// The elements of a list for an array of so many; throws if they are not.
template <class T> std::span<T const> elements(std::span<T const> list, long wanted) {
  if (std::size_t(wanted) != list.size())
    throw std::invalid_argument("knit: an array of " + std::to_string(wanted) + " elements is made of a list of " +
                                std::to_string(list.size()));
  return list;
}
template <class T, class A> constexpr sentence wrong_memory(shape s, bool owns) {
  sentence t;
  t << (owns ? "a tensor of " : "a view of ") << number_name<T>() << " " << s << " is made of "
    << (owns ? "a vector, array or span of " : "an address, or of a vector or array that has a name, or a span, of ")
    << number_name<T>() << "; this ";
  if constexpr (std::is_pointer_v<A>) t << "address is of " << number_name<std::remove_cv_t<std::remove_pointer_t<A>>>();
  else if constexpr (list_of<A, T>) t << "one is a temporary, and the view refers to it";
  else t << "one is of " << number_name<typename decltype(std::span(std::declval<A const&>()))::value_type>();
  return t;
}
}  // namespace detail

/// A borrowed, plain, read-only array: first index fastest, no gaps. Does not own its elements. Where extents are named,
/// elements lie as those of an array of the most that they may be.
template <class T, long... N> struct view : detail::tensor_base, detail::extents_now<extents<N...>> {
  using value_type = T;
  using extents_type = extents<N...>;
  static constexpr knit::shape shape = extents_type::value;
  static constexpr knit::layout layout{};
  static constexpr bool owns = false;

  constexpr view() = default;
  /// Of size() elements at an address; nothing is copied.
  constexpr explicit view(T const* p) requires(extents_type::named == 0) : data_(p) {}
  /// Of the elements of a std::vector or std::array that has a name, or of a std::span; nothing is copied. Throws
  /// std::invalid_argument unless there are size() of them.
  template <class R> requires(extents_type::named == 0 && detail::list_of<std::remove_cvref_t<R>, T> && detail::outlives<R>)
  explicit view(R&& list) : data_(detail::elements<T>(list, shape.size()).data()) {}
  /// A mistake.
  template <class A, class R = std::remove_cvref_t<A>>
  requires(extents_type::named == 0 && ((std::is_pointer_v<R> && !std::is_convertible_v<A, T const*>) ||
                                        (detail::list<R> && !(detail::list_of<R, T> && detail::outlives<A>)))) explicit view(A&&) {
    complain<detail::wrong_memory<T, R>(shape, false)>();
  }
  /// Of a tensor without named extents whose elements lie as a view's do, first index fastest: so do those of all but matrices of
  /// float and double. Of a temporary it would outlive them.
  constexpr view(tensor<T, N...> const& t) requires(extents_type::named == 0 && !layout_of<T>(extents<N...>::value).panels)
      : data_(t.data()) {}
  view(tensor<T, N...> const&&) = delete;
  /// With the named extents, first axis first; each from 1 to what its type says, else std::invalid_argument.
  template <class... Extent>
  requires(sizeof...(Extent) > 0 && sizeof...(Extent) == extents_type::named && (std::is_convertible_v<Extent, int> && ...))
  constexpr view(T const* p, Extent... named) : data_(p) {
    int axis = 0;
    auto next = [&](int n) {
      while (shape.name[axis] == 0) ++axis;
      this->resize(axis++, n);
    };
    (next(int(named)), ...);
  }

  /// The address of the first element.
  constexpr T const* data() const { return data_; }
  /// Logical element i in order of first index fastest; i is not checked.
  constexpr T const& operator[](long i) const { return data_[this->place(i)]; }
  /// The element at an index for each axis, counted from 0. Throws std::out_of_range outside the array.
  template <class... Index> T const& operator()(Index... i) const {
    if constexpr (sizeof...(Index) != sizeof...(N))
      return complain<detail::index_count<T>(shape, int(sizeof...(Index)))>(), data_[0];
    else return data_[detail::element_index(shape, this->now(), i...)];
  }
  /// The number of elements that it has now.
  constexpr long size() const { return this->now().size(); }
  /// A view of other memory with the same extents.
  constexpr view of(T const* p) const {
    view other = *this;
    other.data_ = p;
    return other;
  }

 private:
  T const* data_ = nullptr;
};

/// An array that owns its elements. Matrices of float and double lie in panels (see layout); indices are logical.
/// Constructing one allocates, and its elements stay where they are: an assignment writes them there, unless it is a
/// move of another array. One that was moved from may have no elements until the next assignment.
template <class T, long... N> class tensor : public detail::tensor_base, public detail::extents_now<extents<N...>> {
 public:
  using value_type = T;
  using extents_type = extents<N...>;
  static constexpr knit::shape shape = extents_type::value;
  static constexpr knit::layout layout = layout_of<T>(shape);
  static constexpr bool owns = true;
  static constexpr std::size_t storage = layout.storage(shape);
  static constexpr std::align_val_t alignment{64};

  /// All elements zero; named extents are the most that they may be (`resize`).
  tensor() : data_(memory()) { std::fill_n(data_, storage, T{}); }
  /// All elements equal.
  explicit tensor(T value) : tensor() {
    fill([=](long) { return value; });
  }
  /// Elements in order of first index fastest. Throws std::invalid_argument unless there are size() of them.
  tensor(std::initializer_list<T> values) : tensor() {
    if (long(values.size()) != size()) throw std::invalid_argument("knit: the list has another number of elements than the tensor");
    fill([it = values.begin()](long i) { return it[i]; });
  }
  /// Elements of a std::vector, std::array or std::span in order of first index fastest, copied. Throws std::invalid_argument
  /// unless there are size() of them.
  template <detail::list_of<T> R> explicit tensor(R const& values) : tensor() {
    fill([from = detail::elements<T>(values, size())](long i) { return from[std::size_t(i)]; });
  }
  /// A mistake.
  template <detail::list R> requires(!detail::list_of<R, T>) explicit tensor(R const&) : tensor() {
    complain<detail::wrong_memory<T, R>(shape, true)>();
  }
  /// Evaluates an expression into a new array.
  template <class E> requires requires(E const& e, tensor& t) { evaluate_into(e, t); }
  [[gnu::always_inline]] tensor(E const& e) noexcept(noexcept(evaluate_into(e, std::declval<tensor&>()))) : tensor() {
    evaluate_into(e, *this);  // inline: see operator= below
  }

  /// Copies elements and named extents; the other way of both below moves them.
  tensor(tensor const& o) : detail::tensor_base(), now_type(o), data_(o.data_ ? memory() : nullptr) {
    if (data_) std::copy_n(o.data_, storage, data_);
  }
  tensor(tensor&& o) noexcept : now_type(o), data_(std::exchange(o.data_, nullptr)) {}
  tensor& operator=(tensor const& o) {
    if (!data_ || !o.data_) *this = tensor(o);
    else if (data_ != o.data_) {
      std::copy_n(o.data_, storage, data_);
      now_type::operator=(o);
    }
    return *this;
  }
  tensor& operator=(tensor&& o) noexcept {
    std::swap(static_cast<now_type&>(*this), static_cast<now_type&>(o));
    std::swap(data_, o.data_);
    return *this;
  }
  /// Evaluates an expression into this array; the expression may read it. Always inline, for the name does not say for
  /// which processor the unit is compiled that it stands in, and what it calls does.
  template <class E> requires requires(E const& e, tensor& t) { evaluate_into(e, t); }
  [[gnu::always_inline]] tensor& operator=(E const& e) noexcept(noexcept(evaluate_into(e, std::declval<tensor&>()))) {
    evaluate_into(e, *this);
    return *this;
  }
  ~tensor() { ::operator delete(data_, alignment); }

  /// The storage, in the order that `layout` says.
  T* data() { return data_; }
  T const* data() const { return data_; }

  /// Logical element i in order of first index fastest; i is not checked.
  T& operator[](long i) { return data_[layout.offset(shape, this->place(i))]; }
  T const& operator[](long i) const { return data_[layout.offset(shape, this->place(i))]; }
  /// An array without axes is the number in it.
  operator T() const requires(sizeof...(N) == 0) { return data_[0]; }
  /// The element at an index for each axis, counted from 0. Throws std::out_of_range outside the array.
  template <class... Index> T& operator()(Index... i) { return data_[offset(i...)]; }
  template <class... Index> T const& operator()(Index... i) const { return data_[offset(i...)]; }
  /// The number of elements that it has now, padding not counted.
  static constexpr long size() requires(extents_type::named == 0) { return shape.size(); }
  constexpr long size() const requires(extents_type::named > 0) { return this->now().size(); }

  /// Sets every logical element i to f(i).
  template <class F> void fill(F&& f) {
    for (long i = 0; i < size(); ++i) (*this)[i] = f(i);
  }

 private:
  using now_type = detail::extents_now<extents<N...>>;
  template <class... Index> std::size_t offset(Index... i) const {
    if constexpr (sizeof...(Index) != sizeof...(N)) return complain<detail::index_count<T>(shape, int(sizeof...(Index)))>(), 0;
    else return layout.offset(shape, detail::element_index(shape, this->now(), i...));
  }
  static T* memory() { return static_cast<T*>(::operator new(storage * sizeof(T), alignment)); }

  T* data_;
};

/// `tensor y = ...` of a mistake is one too.
template <> class tensor<poisoned> : public poisoned {
 public:
  constexpr tensor(poisoned) {}
};
/// A mistake stays one.
tensor(poisoned) -> tensor<poisoned>;
/// A mistake has been reported, and changes nothing.
template <class T, long... N> void evaluate_into(poisoned, tensor<T, N...>&) {}

/// A tensor or a view.
template <class T> concept array_like = std::is_base_of_v<detail::tensor_base, std::remove_cvref_t<T>>;

}  // namespace knit
