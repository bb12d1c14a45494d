// SPDX-License-Identifier: BSL-1.0
// convolution.hpp -- a convolution as a library's routine takes it: plain arrays, extents, window, what is added.
#pragma once

namespace knit::cuda {

/// What is computed of a convolution's three arrays, from the other two.
enum class convolution_part { result, image, filter };

/// Images of width x height x channels x instances, filters of width x height x channels x filters, results of width x height x
/// filters x instances, all float, first index (of a row) fastest. Element w of a result meets element i of a filter at element
/// stride * w + i - padding of an image, along both axes.
struct convolution {
  convolution_part computes;
  int width, height, channels, instances;
  int filter_width, filter_height, filters;
  int stride, padding;
  bool bias, relu;  ///< on a result: a number for each filter is added, then the larger of it and 0 is taken
  /// From one row of an array to the next, as a plan stores it. 0: they have no gaps.
  int image_leading = 0, filter_leading = 0, result_leading = 0;

  constexpr int result_width() const { return (width + 2 * padding - filter_width) / stride + 1; }
  constexpr int result_height() const { return (height + 2 * padding - filter_height) / stride + 1; }
};

}  // namespace knit::cuda
