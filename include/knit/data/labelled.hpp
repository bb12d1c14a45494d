// SPDX-License-Identifier: BSL-1.0
// labelled.hpp -- in: a file of instances and a file of labels. out: both in memory, checked against each other.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <knit/io/idx.hpp>
#include <limits>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace knit {

/// `size` instances of `features` bytes each, and one label of 0 .. classes - 1 each. x is a features x size
/// matrix, first index fastest: an instance is a column, contiguous.
struct labelled {
  int features, classes, size;
  std::vector<std::uint8_t> x;
  std::vector<std::uint8_t> y;
};

namespace detail {

inline labelled join(std::filesystem::path const& images, idx_file x, std::filesystem::path const& labels,
                     idx_file y, int classes) {
  if (x.extent.size() < 2)
    refuse(images, "has extents " + times(x.extent) +
                       ", but instances need two or more: their number and their size");
  if (y.extent.size() != 1) refuse(labels, "has extents " + times(y.extent) + ", but labels are a list");
  if (x.extent[0] != y.extent[0])
    refuse(labels, "has " + std::to_string(y.extent[0]) + " labels, but " + images.string() + " has " +
                       std::to_string(x.extent[0]) + " instances");
  std::int64_t features = 1;
  for (std::size_t k = 1; k < x.extent.size(); ++k) {
    features *= x.extent[k];
    if (features == 0 || features > std::numeric_limits<int>::max())
      refuse(images, "has extents " + times(x.extent) + ", but an instance has from 1 to 2^31 - 1 features");
  }
  for (std::size_t i = 0; i < y.bytes.size(); ++i)
    if (y.bytes[i] >= classes)
      refuse(labels, "has " + std::to_string(y.bytes[i]) + " as label number " + std::to_string(i) +
                         ", but labels are 0 .. " + std::to_string(classes - 1));
  return {int(features), classes, x.extent[0], std::move(x.bytes), std::move(y.bytes)};
}

}  // namespace detail

/// Reads instances (two extents or more, the first their number, the others one instance, flattened as it lies in
/// the file) and labels (one extent, numbered from 0) from IDX files, plain or gzip. Throws data_error if a file is
/// bad (see read_idx), an extent is not as said, the counts differ or a label is none of 0 .. classes - 1; throws
/// std::invalid_argument unless classes is 1 .. 256, as a label is a byte.
inline labelled read_labelled(std::filesystem::path const& images, std::filesystem::path const& labels,
                              int classes) {
  if (classes < 1 || classes > 256)
    throw std::invalid_argument("knit: classes must be 1 .. 256, not " + std::to_string(classes));
  auto y = read_idx(labels);
  return detail::join(images, read_idx(images), labels, std::move(y), classes);
}

/// Labelled instances whose number of features is known to the compiler, as shapes of expressions are.
template <int Features> struct instances : labelled {
  static constexpr int feature_count = Features;
  instances() : labelled{Features, 1, 0, {}, {}} {}
  /// Throws data_error unless every instance has `Features` features.
  explicit instances(labelled data) : labelled(std::move(data)) {
    if (features != Features)
      throw data_error("knit: instances of " + std::to_string(features) + " features given where the program has " +
                       std::to_string(Features));
  }
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
    return instances<784>(detail::join(images, std::move(x), labels, std::move(y), 10));
  };
  auto train = part("train");
  return {std::move(train), part("t10k")};
}

}  // namespace knit
