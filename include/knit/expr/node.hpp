// SPDX-License-Identifier: BSL-1.0
// node.hpp -- in: an op's number and operands. out: one node in 64 bits, and a builder that shares equal nodes.
#pragma once
#include <cstdint>

namespace knit {

/// Four fields of 16 bits: the op's number in its graph's op list, then up to three operands (ids of earlier
/// nodes). Fields past an op's arity may hold an immediate: a leaf's index, a call's offset, a shape's number.
/// Nodes are integers, not class values, because they are template arguments: one front end spells a class
/// value as the nested name of the constant that it came from, which grows without bound.
using node = std::uint64_t;
/// The number of a node in its graph.
using id = std::uint16_t;
/// No node.
inline constexpr id none = 0xffff;

/// A node of an op's number and up to three fields.
constexpr node pack(int op, int a = none, int b = none, int c = none) {
  return node(id(op)) << 48 | node(id(a)) << 32 | node(id(b)) << 16 | node(id(c));
}
/// The number of a node's op.
constexpr int op_of(node n) { return int(n >> 48); }
/// Field k, 0 to 2, of a node.
constexpr int field(node n, int k) { return int(n >> (32 - 16 * k)) & 0xffff; }
/// A node with another value in field k.
constexpr node with_field(node n, int k, int value) {
  const int s = 32 - 16 * k;
  return (n & ~(node(0xffff) << s)) | node(id(value)) << s;
}

/// Appends nodes, giving equal nodes one id (hash-consing, open addressing). What finds no room is given id 0, and `full` says so.
template <int Capacity> struct builder {
  static constexpr int buckets = Capacity * 2 + 1;
  node at[Capacity]{};
  id bucket[buckets]{};  // id + 1; 0 is free
  int size = 0;
  bool full = false;

  constexpr int put(node n) {
    const std::uint64_t h = (n ^ n >> 29) * 0x9e3779b97f4a7c15ull;
    for (int i = int((h >> 33) % buckets);; i = i + 1 == buckets ? 0 : i + 1) {
      if (bucket[i] == 0) {
        if (size == Capacity) {
          full = true;
          return 0;
        }
        at[size] = n;
        bucket[i] = id(size + 1);
        return size++;
      }
      if (at[bucket[i] - 1] == n) return bucket[i] - 1;
    }
  }
};

}  // namespace knit
