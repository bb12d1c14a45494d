// SPDX-License-Identifier: BSL-1.0
// descriptor.hpp -- in: what the system calls an open file. out: it is closed once.
#pragma once
#include <unistd.h>

#include <utility>

namespace knit::detail {

class descriptor {
 public:
  explicit descriptor(int number) : number_(number) {}
  descriptor(descriptor const&) = delete;
  descriptor& operator=(descriptor const&) = delete;
  ~descriptor() { close(); }
  operator int() const { return number_; }
  bool close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

}  // namespace knit::detail
