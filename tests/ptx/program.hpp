// SPDX-License-Identifier: BSL-1.0
// program.hpp -- a kernel with the functions that it calls, decoded: what warps execute.
#pragma once
#include "memory.hpp"

#include <string>
#include <vector>

namespace ptx::detail {

class warp;

/// Where an operand lies: an offset into the warp's registers or, with the sign bit, into the program's constants. A
/// register is an array of 32 lanes, a predicate a mask of them. So are constants: kernels of instructions know no
/// difference.
using slot = std::int32_t;
constexpr slot constant_bit = slot(1u << 31);
constexpr slot nowhere = -1;  // where a result is not wanted

struct instruction {
  void (*run)(warp&, instruction const&);
  slot const* s = nullptr;
  std::uint64_t imm = 0;  // the target of a branch, the offset of an address, a table's bits
  slot guard = nowhere;
  bool unless = false;
  std::uint8_t width = 0;  // of registers, in bits, where it may differ from the type's
  std::uint8_t flags = 0;
  std::uint8_t lanes = 1;  // of a vector access
  std::int32_t more = 0;   // a second number
};

struct origin {
  int line;
  int opcode;
  std::string const* text;
};

struct parameter {
  std::string name;
  std::uint64_t offset, size;
};

struct program {
  std::string name;
  std::vector<instruction> code;
  std::vector<origin> origins;
  std::vector<std::string> opcodes;
  std::vector<slot> slots;
  aligned_bytes constants;
  std::size_t frame = 0;  // bytes of registers of a warp
  std::size_t static_shared = 0, dynamic_shared_at = 0, shared_align = 16, local = 0, parameter_bytes = 0;
  std::vector<parameter> parameters;
  std::vector<std::pair<std::string, slot>> specials;  // registers that hold where a lane is
  std::size_t shared_grain = 16, global_grain = 16;    // the smallest access
  std::uint32_t most_threads = 0;
  int registers = 0;                 // declared, of the kernel and what it calls
  std::vector<std::string> unknown;  // instructions that raise a fault when they are reached
};

}  // namespace ptx::detail
