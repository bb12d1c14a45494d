// SPDX-License-Identifier: BSL-1.0
// fault.hpp -- in: what went wrong, and where. out: the exception that says so.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>

namespace ptx {

/// What a kernel, or the text of one, did wrong.
enum class wrong {
  syntax,         // the text cannot be read
  launch,         // grid, block, shared memory or arguments do not fit the kernel
  unknown,        // an instruction or a called function that is not interpreted
  bounds,         // an access outside of every buffer
  misaligned,     // an address that is not a multiple of the access's size
  read_only,      // a write to what may only be read
  uninitialised,  // a read of shared memory that the block has not written
  race,           // two threads, one of them writing, with nothing between them
  unlanded,       // shared memory used while an asynchronous copy to it is under way
  barrier,        // a barrier that not all threads of the block reach
  warp,           // lanes of a warp that wait for, or read from, lanes that do not take part
  trap,           // trap, or a failed assertion
  endless         // more instructions than the launch allows
};

/// A grid, a block, or a place in one.
struct extent {
  std::uint32_t x = 1, y = 1, z = 1;
  constexpr extent(std::uint32_t x = 1, std::uint32_t y = 1, std::uint32_t z = 1) : x(x), y(y), z(z) {}
  constexpr std::uint64_t count() const { return std::uint64_t(x) * y * z; }
  constexpr extent at(std::uint64_t n) const { return {std::uint32_t(n % x), std::uint32_t(n / x % y), std::uint32_t(n / x / y)}; }
};

inline std::string to_string(extent const& e) {
  return '(' + std::to_string(e.x) + ',' + std::to_string(e.y) + ',' + std::to_string(e.z) + ')';
}

inline std::string hex(std::uint64_t x) {
  std::string digits;
  do digits.insert(digits.begin(), "0123456789abcdef"[x % 16]);
  while (x /= 16);
  return "0x" + digits;
}

/// Names the kernel, the line of its PTX, the block, the thread and the address, as far as there are any.
class fault : public std::runtime_error {
 public:
  fault(wrong kind, std::string const& what) : std::runtime_error(what), kind_(kind) {}
  wrong kind() const { return kind_; }

 private:
  wrong kind_;
};

}  // namespace ptx
