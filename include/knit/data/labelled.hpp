// SPDX-License-Identifier: BSL-1.0
// labelled.hpp -- in: instances and labels, of files or of a program. out: both, checked against each other.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <knit/core/tensor.hpp>
#include <knit/io/idx.hpp>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace knit {

/// `size` instances of `features` bytes each, and one label of 0 .. classes - 1 each, for data that a program makes
/// or whose number of features the compiler does not know. x is a features x size matrix, first index fastest: an
/// instance is a column, contiguous.
struct labelled {
  int features, classes, size;
  std::vector<std::uint8_t> x;
  std::vector<std::uint8_t> y;
};

namespace detail {

/// Refuses what is no list of labels, and of whole ones those that are none of 0 .. classes - 1.
template <class Y, class Values> void check_labels(file_array<Y, Values> const& y, int classes) {
  if (y.extent.size() != 1) refuse(y.path, "has extents " + times(y.extent) + ", but labels are a list");
  if constexpr (std::is_integral_v<Y>) {
    const std::int64_t most =
        std::min<std::int64_t>(std::int64_t{std::numeric_limits<Y>::max()} + 1, std::numeric_limits<int>::max());
    if (classes < 1 || classes > most)
      throw std::invalid_argument("knit: classes must be 1 .. " + std::to_string(most) + ", not " +
                                  std::to_string(classes));
    for (std::size_t i = 0; i < y.values.size(); ++i)
      if (y.values[i] < 0 || y.values[i] >= classes)
        refuse(y.path, "has " + std::to_string(y.values[i]) + " as label number " + std::to_string(i) +
                           ", but labels are 0 .. " + std::to_string(classes - 1));
  }
}
/// How many features instances have. Refuses what are none, and labels of another number.
template <class Images, class Labels> int features_of(Images const& x, Labels const& y, int classes) {
  if (x.extent.size() < 2)
    refuse(x.path, "has extents " + times(x.extent) + ", but instances need two or more: their number and their size");
  check_labels(y, classes);
  if (x.extent[0] != y.extent[0])
    refuse(y.path, "has " + std::to_string(y.extent[0]) + " labels, but " + x.path.string() + " has " +
                       std::to_string(x.extent[0]) + " instances");
  std::int64_t features = 1;
  for (std::size_t k = 1; k < x.extent.size(); ++k) {
    features *= x.extent[k];
    if (features == 0 || features > std::numeric_limits<int>::max())
      refuse(x.path, "has extents " + times(x.extent) + ", but an instance has from 1 to 2^31 - 1 features");
  }
  return int(features);
}

/// What holds an element in memory: a byte, for unorm8.
template <class T> struct stored { using type = T; };
template <> struct stored<unorm8> { using type = std::uint8_t; };
template <class T> using stored_t = typename stored<T>::type;

}  // namespace detail

/// Reads instances (two extents or more, the first their number, the others one instance, flattened as it lies in
/// the file) and labels (one extent, numbered from 0) from IDX files, plain or gzip. Throws data_error if a file is
/// bad (see read_idx), an extent is not as said, the counts differ or a label is none of 0 .. classes - 1; throws
/// std::invalid_argument unless classes is 1 .. 256, as a label is a byte.
inline labelled read_labelled(std::filesystem::path const& images, std::filesystem::path const& labels, int classes) {
  auto y = read_idx(labels);
  auto x = read_idx(images);
  int const features = detail::features_of(x, y, classes);
  return {features, classes, x.extent[0], std::move(x.values), std::move(y.values)};
}

/// Labelled instances whose number of features is known to the compiler, as shapes of expressions are. X are their
/// elements, as a batch has them: unorm8, a byte that stands for byte / 255, float, double, or others of arrays; Y
/// are their labels, bytes or std::int32_t for classes, float or double for what is measured. x is Features x size,
/// first index fastest: an instance is a column, contiguous. Both may lie in vectors or in mapped files, which may be
/// larger than memory; copies share them.
template <int Features, class X = unorm8, class Y = std::uint8_t> class instances {
 public:
  using x_type = X;
  using y_type = Y;
  static constexpr int feature_count = Features;

  instances() = default;
  /// Throws data_error unless every instance has `Features` features.
  explicit instances(labelled data) requires(std::is_same_v<X, unorm8> && std::is_same_v<Y, std::uint8_t>)
      : size(data.size), classes(data.classes) {
    if (data.features != Features)
      throw data_error("knit: instances of " + std::to_string(data.features) +
                       " features given where the program has " + std::to_string(Features));
    keep(std::move(data.x), std::move(data.y));
  }
  /// Instances and labels of files, read or mapped, of classes 0 .. classes - 1. Throws as read_labelled does, and
  /// data_error unless every instance has `Features` features.
  template <class A, class Xs, class L, class Ys> requires std::is_integral_v<Y>
  instances(file_array<A, Xs> images, file_array<L, Ys> labels, int of_classes) : classes(of_classes) {
    join(std::move(images), std::move(labels));
  }
  /// The same with labels that are measured.
  template <class A, class Xs, class L, class Ys> requires std::is_floating_point_v<Y>
  instances(file_array<A, Xs> images, file_array<L, Ys> labels) {
    join(std::move(images), std::move(labels));
  }

  int size = 0;
  int classes = 0;  ///< of labels that are whole numbers
  std::span<detail::stored_t<X> const> x;
  std::span<Y const> y;

 private:
  template <class Images, class Labels> void join(Images images, Labels labels) {
    static_assert(std::is_same_v<typename Images::value_type, detail::stored_t<X>> &&
                      std::is_same_v<typename Labels::value_type, Y>,
                  "knit: instances and labels must be read as what the data set holds, as read_npy<float> for float");
    const int features = detail::features_of(images, labels, classes);
    if (features != Features)
      detail::refuse(images.path, "has instances of " + std::to_string(features) + " features, but the program has " +
                                      std::to_string(Features));
    size = images.extent[0];
    keep(std::move(images.values), std::move(labels.values));
  }
  template <class Xs, class Ys> void keep(Xs xs, Ys ys) {
    if (xs.size() != std::size_t(Features) * std::size_t(size) || ys.size() != std::size_t(size))
      throw std::invalid_argument("knit: " + std::to_string(size) + " instances of " + std::to_string(Features) +
                                  " features are given with " + std::to_string(xs.size()) + " values and " +
                                  std::to_string(ys.size()) + " labels");
    const auto kept = std::make_shared<std::pair<Xs, Ys> const>(std::move(xs), std::move(ys));
    x = kept->first, y = kept->second;
    kept_ = kept;
  }

  std::shared_ptr<void const> kept_;
};

/// MNIST: handwritten digits as 28 x 28 levels, 0 white to 255 black, feature 28 row + column, 10 classes.
struct mnist_data {
  instances<784> train, test;
};

namespace detail {
/// A file of MNIST in a folder: name.gz, or name where only that is there.
inline std::filesystem::path mnist_file(std::filesystem::path const& folder, std::string const& name) {
  const auto packed = folder / (name + ".gz"), plain = folder / name;
  std::error_code ignored;
  if (std::filesystem::exists(packed, ignored)) return packed;
  if (std::filesystem::exists(plain, ignored)) return plain;
  refuse(packed, "is missing, and so is that file without .gz; read_mnist needs a folder that holds the four files of MNIST");
}
}  // namespace detail

/// Reads train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz and the two t10k- files from a folder, each packed or,
/// without .gz, unpacked. Throws data_error as read_labelled does, and if an image is not 28 x 28.
inline mnist_data read_mnist(std::filesystem::path const& folder) {
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
