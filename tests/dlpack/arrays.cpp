// SPDX-License-Identifier: BSL-1.0
// arrays.cpp -- in: arrays of Python. out: what knit reads in them, and one of knit's own; for arrays.py, as a library.
#include <algorithm>
#include <knit/io/dlpack.hpp>

namespace {

using namespace knit;

/// The sum of 3 x 4 floats where each counts as often as its place in knit's order says; what was said in place of it.
template <class Managed> double weighted(Managed* a, char* said, std::size_t room) try {
  const auto x = from_dlpack<view<float, 4, 3>>(a);
  double sum = 0;
  for (long i = 0; i < x->size(); ++i) sum += double(i + 1) * (*x)[i];
  return sum;
} catch (std::exception const& e) {
  const std::string text(e.what());
  text.copy(said, std::min(text.size(), room - 1));
  return 0;
}

// As DLPack has it from version 1 on, of which Debian's header knows nothing.
struct versioned {
  struct {
    std::uint32_t major, minor;
  } version;
  void* manager_ctx;
  void (*deleter)(versioned*);
  std::uint64_t flags;
  DLTensor dl_tensor;
};

}  // namespace

extern "C" {
double knit_weighted(DLManagedTensor* a, char* said, std::size_t room) { return weighted(a, said, room); }
double knit_weighted_versioned(versioned* a, char* said, std::size_t room) { return weighted(a, said, room); }
/// A matrix in panels, 40 x 3, whose element (row, column) is 100 row + column.
DLManagedTensor* knit_matrix() {
  tensor<double, 40, 3> w;
  w.fill([](long i) { return double(100 * (i % 40) + i / 40); });
  return to_dlpack(std::move(w)).release();
}
}
