// SPDX-License-Identifier: BSL-1.0
// instances.hpp -- in: instances and labels, of files or of a program. out: both, checked against each other.
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <knit/core/tensor.hpp>
#include <knit/io/idx.hpp>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace knit {

namespace detail {

/// What holds an element in memory: a byte, for unorm8.
template <class T> struct stored {
  using type = T;
};
template <> struct stored<unorm8> {
  using type = std::uint8_t;
};
template <class T> using stored_t = typename stored<T>::type;

/// What a label is: one number, or, of Y[N], a vector of N.
template <class Y> struct label_of {
  using type = Y;
  static constexpr int count = 1;
  template <long B> using batch = view<Y, B>;
};
template <class Y, std::size_t N> struct label_of<Y[N]> {
  using type = Y;
  static constexpr int count = int(N);
  template <long B> using batch = view<Y, long(N), B>;
};
/// Whether labels are classes, and not measured.
template <class Y> inline constexpr bool names_classes = std::is_integral_v<typename label_of<Y>::type>;

/// An array of a file, as it is; values of a program as an array of `each` values for each `what`.
template <class T, class Values> file_array<T, Values> as_array(file_array<T, Values> array, char const*, char const*, int) {
  return array;
}
template <class Values> requires requires(Values& v) { std::span(v); }
auto as_array(Values values, char const* name, char const* what, int each) {
  const std::size_t size = std::size(values), count = size / std::size_t(each);
  if (size % std::size_t(each) != 0)
    refuse(name, "has " + std::to_string(size) + " values, but each " + what + " has " + std::to_string(each));
  if (count > std::size_t(std::numeric_limits<int>::max()))
    refuse(name, "has " + std::to_string(size) + " values, but there are at most 2^31 - 1 of each " + what);
  using value = typename decltype(std::span(values))::value_type;
  return file_array<value, Values>{name, {int(count), each}, std::move(values)};
}

template <int Features, class Ys> constexpr sentence no_classes() {
  return sentence() << "labels that are classes are given with their number, instances<" << Features
                    << ">(x, y, 10); measured ones are float or, vectors of N, float[N], as in instances<" << Features
                    << ", float, float[1]>(x, y)";
}
template <int Features, class X, class Wanted, class Got> constexpr sentence other_values(bool labels) {
  sentence t;
  t << "the " << (labels ? "labels" : "instances") << " of this data set are given as " << number_name<Wanted>()
    << ", and these are of " << number_name<Got>() << "; convert them";
  if (std::is_same_v<Got, float> || std::is_same_v<Got, double> || std::is_same_v<Got, std::uint8_t> ||
      std::is_same_v<Got, std::int32_t>) {
    t << ", or make it a set of these, instances<" << Features << ", ";
    if (labels) t << number_name<X>() << ", ";
    t << number_name<Got>() << ">";
  }
  return t;
}
/// The product of all extents but the first, or 0 where there is none from 1 to 2^31 - 1.
inline int values_of_each(std::vector<int> const& extent) {
  std::int64_t product = 1;
  for (std::size_t k = 1; k < extent.size(); ++k) {
    product *= extent[k];
    if (product == 0 || product > std::numeric_limits<int>::max()) return 0;
  }
  return int(product);
}
/// Refuses classes that are none of 0 .. classes - 1, of `each` for a label.
template <class Y, class Values> void check_classes(file_array<Y, Values> const& y, int classes, int each) {
  const std::int64_t most =
      std::min<std::int64_t>(std::int64_t{std::numeric_limits<Y>::max()} + 1, std::numeric_limits<int>::max());
  if (classes < 1 || classes > most)
    throw std::invalid_argument("knit: classes must be 1 .. " + std::to_string(most) + ", not " + std::to_string(classes));
  for (std::size_t i = 0; i < y.values.size(); ++i)
    if (const std::int64_t named = y.values[i]; named < 0 || named >= classes)
      refuse(y.path, "has " + std::to_string(named) + " as label number " + std::to_string(i / std::size_t(each)) +
                         ", but labels are 0 .. " + std::to_string(classes - 1));
}

}  // namespace detail

/// Instances and their labels. An instance is `Features` elements X: unorm8, a byte that stands for byte / 255, float, double,
/// or another that arrays have. A label is one Y, a byte or std::int32_t for a class, float or double for what is
/// measured, or a vector of N such, Y[N]. x is Features x size and y is size, or N x size, first index fastest: an instance
/// is a column, contiguous. Copies share both.
template <int Features, class X = unorm8, class Y = std::uint8_t> class instances {
 public:
  using x_type = X;
  using y_type = Y;
  static constexpr int feature_count = Features;

  instances() = default;
  /// Instances and labels that are classes, 0 .. of_classes - 1. Each are an array of a file, read or mapped (which may be
  /// larger than memory), whose first extent is their number, or values that a program has, one instance behind the
  /// other: a vector, which is kept, moved or copied, or a std::span, whose memory must outlive all copies. Throws
  /// data_error where an extent or a number of values is not as said, the counts differ or a label is no class;
  /// std::invalid_argument unless there may be so many classes.
  template <class Xs, class Ys> requires(detail::names_classes<Y>) instances(Xs xs, Ys ys, int of_classes) : classes(of_classes) {
    join(as_instances(std::move(xs)), as_labels(std::move(ys)));
  }
  /// A mistake, which a sentence of the compiler names.
  template <class Xs, class Ys> requires(detail::names_classes<Y>) instances(Xs, Ys) {
    complain<detail::no_classes<Features, Ys>()>();
  }
  /// The same with labels that are measured.
  template <class Xs, class Ys> requires(!detail::names_classes<Y>) instances(Xs xs, Ys ys) {
    join(as_instances(std::move(xs)), as_labels(std::move(ys)));
  }

  /// Says whether the instances are going to be read in any order, which matters where they are mapped.
  void advise(bool any_order) const {
    if (mapped_) detail::advise({reinterpret_cast<std::uint8_t const*>(x.data()), x.size_bytes()}, any_order);
  }

  int size = 0;
  int classes = 0;  ///< of labels that are whole numbers
  std::span<detail::stored_t<X> const> x;
  std::span<detail::stored_t<typename detail::label_of<Y>::type> const> y;

 private:
  static constexpr int label_count = detail::label_of<Y>::count;

  static auto as_instances(auto values) { return detail::as_array(std::move(values), "x", "instance", Features); }
  static auto as_labels(auto values) {
    auto y = detail::as_array(std::move(values), "y", "label", label_count);
    if constexpr (requires { std::span(values); } && !std::is_array_v<Y>) y.extent.pop_back();
    return y;
  }
  template <class Xs, class Ys> void join(Xs xs, Ys ys) {
    using of_x = typename Xs::value_type;
    using of_y = typename Ys::value_type;
    if constexpr (!std::is_same_v<of_x, typename decltype(x)::value_type>)
      complain<detail::other_values<Features, X, detail::stored_t<X>, of_x>(false)>();
    else if constexpr (!std::is_same_v<of_y, typename decltype(y)::value_type>)
      complain<detail::other_values<Features, X, detail::stored_t<typename detail::label_of<Y>::type>, of_y>(true)>();
    else check_and_keep(std::move(xs), std::move(ys));
  }
  template <class Xs, class Ys> void check_and_keep(Xs xs, Ys ys) {
    using detail::refuse, detail::times;
    if (xs.extent.size() < 2)
      refuse(xs.path, "has extents " + times(xs.extent) + ", but instances need two or more: their number and their size");
    const int features = detail::values_of_each(xs.extent);
    if (features == 0) refuse(xs.path, "has extents " + times(xs.extent) + ", but an instance has from 1 to 2^31 - 1 features");
    if (std::is_array_v<Y> ? ys.extent.empty() || detail::values_of_each(ys.extent) != label_count : ys.extent.size() != 1)
      refuse(ys.path, "has extents " + times(ys.extent) + ", but labels are " +
                          (std::is_array_v<Y> ? "of " + std::to_string(label_count) + " numbers each" : "a list"));
    if constexpr (detail::names_classes<Y>) detail::check_classes(ys, classes, label_count);
    if (xs.extent[0] != ys.extent[0])
      refuse(ys.path, "has " + std::to_string(ys.extent[0]) + " labels, but " + xs.path + " has " + std::to_string(xs.extent[0]) +
                          " instances");
    if (features != Features)
      refuse(xs.path,
             "has instances of " + std::to_string(features) + " features, but the program has " + std::to_string(Features));
    size = xs.extent[0];
    keep(std::move(xs.values), std::move(ys.values));
  }
  template <class Xs, class Ys> void keep(Xs xs, Ys ys) {
    if (std::size(xs) != std::size_t(Features) * std::size_t(size) || std::size(ys) != std::size_t(label_count) * std::size_t(size))
      throw std::invalid_argument("knit: " + std::to_string(size) + " instances of " + std::to_string(Features) +
                                  " features are given with " + std::to_string(std::size(xs)) + " values and " +
                                  std::to_string(std::size(ys)) + " values of labels");
    const auto kept = std::make_shared<std::pair<Xs, Ys> const>(std::move(xs), std::move(ys));
    x = kept->first, y = kept->second;
    kept_ = kept;
    mapped_ = detail::is_mapped<Xs>;
  }

  std::shared_ptr<void const> kept_;
  bool mapped_ = false;
};

/// MNIST: handwritten digits as 28 x 28 levels, 0 white to 255 black, feature 28 row + column, 10 classes.
struct mnist_data {
  instances<784> train, test;
};

namespace detail {
/// A file of MNIST in a folder: name.gz, or name where only that is there.
inline std::string mnist_file(std::string const& folder, std::string const& name) {
  const std::string plain = folder + (folder.empty() || folder.ends_with('/') ? "" : "/") + name, packed = plain + ".gz";
  if (found(packed) != found_as::nothing) return packed;
  if (found(plain) != found_as::nothing) return plain;
  refuse(packed, "is missing, and so is that file without .gz; read_mnist needs a folder that holds the four files of MNIST");
}
}  // namespace detail

/// Reads train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz and the two t10k- files from a folder, each packed or,
/// without .gz, unpacked. Throws data_error where a file is bad (see read_idx), counts differ, a label is none of 0 .. 9 or
/// an image is not 28 x 28.
template <std::convertible_to<std::string> Folder = std::string>  // so that units that do not call it need not compile it
mnist_data read_mnist(Folder const& folder) {
  auto const part = [&](std::string const& name) {
    const auto labels = detail::mnist_file(folder, name + "-labels-idx1-ubyte"),
               images = detail::mnist_file(folder, name + "-images-idx3-ubyte");
    auto y = read_idx(labels);
    auto x = read_idx(images);
    if (x.extent.size() != 3 || x.extent[1] != 28 || x.extent[2] != 28)
      detail::refuse(images, "has extents " + detail::times(x.extent) + ", but MNIST's images are 28 x 28");
    return instances<784>(std::move(x), std::move(y), 10);
  };
  auto train = part("train");
  return {std::move(train), part("t10k")};
}

}  // namespace knit
