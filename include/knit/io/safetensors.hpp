// SPDX-License-Identifier: BSL-1.0
// safetensors.hpp -- in: the path of a safetensors file. out: its arrays by name, or a sentence why not; and back.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <istream>
#include <knit/core/tensor.hpp>
#include <knit/io/json.hpp>
#include <knit/io/replace_file.hpp>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace knit {

/// An array as it lies in a file: extents and elements as PyTorch and NumPy count them, the last index fastest.
struct stored_array {
  std::string type;  ///< U64, I64, F64, F32, U32, I32, BF16, F16, U16, I16, I8, U8 or BOOL
  std::vector<std::uint64_t> extent;
  std::vector<std::byte> bytes;
  bool operator==(stored_array const&) const = default;
};
/// Arrays by name, and texts by name. All names and texts are UTF-8.
struct safetensors_file {
  std::map<std::string, stored_array> arrays;
  std::map<std::string, std::string> metadata;
  bool operator==(safetensors_file const&) const = default;
};

namespace detail {

static_assert(std::endian::native == std::endian::little,
              "knit: safetensors files have the lowest byte first, and this machine has not");

struct stored_type {
  std::string_view name;
  std::uint64_t bytes;
};
/// In the order in which the format's own library stores arrays: so each begins at a multiple of its element.
inline constexpr stored_type stored_types[] = {{"U64", 8}, {"I64", 8}, {"F64", 8}, {"F32", 4}, {"U32", 4}, {"I32", 4}, {"BF16", 2},
                                               {"F16", 2}, {"U16", 2}, {"I16", 2}, {"I8", 1},  {"U8", 1},  {"BOOL", 1}};
inline constexpr std::string_view metadata_name = "__metadata__";
inline constexpr std::uint64_t longest_header = 100'000'000, header_begins = 8;  // the format's numbers

inline stored_type const* find_type(std::string_view name) { return std::ranges::find(stored_types, name, &stored_type::name); }

/// The number of bytes of an array; nothing if its type is unknown or they are 2^64 or more.
inline std::optional<std::uint64_t> count_bytes(std::string_view type, std::vector<std::uint64_t> const& extent) {
  stored_type const* const known = find_type(type);
  if (known == std::end(stored_types)) return {};
  std::uint64_t n = known->bytes;
  for (std::uint64_t e : extent)
    if (__builtin_mul_overflow(n, e, &n)) return {};
  return n;
}

template <class Numbers> std::string json_list(Numbers const& numbers) {
  std::string s;
  for (auto n : numbers) s += (s.empty() ? "" : ",") + std::to_string(n);
  return '[' + s + ']';
}
inline std::string spell_array(std::string_view type, std::vector<std::uint64_t> const& extent) {
  return std::string(type) + " of shape " + printable(json_list(extent));
}

// ---- reading -------------------------------------------------------------------------------------------

/// An array that a header promises, and which byte of the header says so.
struct promised_array {
  std::string name;
  stored_array* array;
  std::size_t at;
};
/// By where they begin and end behind the header.
using promised_arrays = std::multimap<std::pair<std::uint64_t, std::uint64_t>, promised_array>;

inline void read_promise(json_reader& in, std::string const& name, stored_array& array, promised_arrays& to) {
  const std::size_t at = in.here();
  auto const fail = [&](std::string const& reason) { throw json_error(at, "array " + in_quotes(name) + ' ' + reason); };
  std::optional<std::string> type;
  std::optional<std::vector<std::uint64_t>> extent, offsets;
  in.object([&](std::string const& member, std::size_t at_member) {
    if (member == "dtype") type = in.text();
    else if (member == "shape") extent = in.numbers();
    else if (member == "data_offsets") offsets = in.numbers();
    else throw json_error(at_member, "array " + in_quotes(name) + " has a " + in_quotes(member) + ", which the format has not");
  });
  if (!type || !extent || !offsets) fail("lacks its dtype, its shape or its data_offsets");
  if (find_type(*type) == std::end(stored_types)) fail("has elements of type " + in_quotes(*type) + ", which is unknown");
  auto const bytes = count_bytes(*type, *extent);
  if (!bytes) fail("has " + spell_array(*type, *extent) + ", which is 2^64 bytes or more");
  if (offsets->size() != 2 || offsets->front() > offsets->back() || offsets->back() - offsets->front() != *bytes)
    fail("has " + spell_array(*type, *extent) + ", so " + std::to_string(*bytes) + " bytes, but its data_offsets are " +
         printable(json_list(*offsets)));
  array.type = std::move(*type);
  array.extent = std::move(*extent);
  to.emplace(std::pair(offsets->front(), offsets->back()), promised_array{name, &array, at});
}

/// Reads a header into a file whose arrays have no bytes yet. They lie one behind the other, or it throws.
inline promised_arrays read_header(std::string_view header, safetensors_file& to) {
  if (!header.starts_with('{')) throw json_error(0, "a { is missing");
  promised_arrays all;
  json_reader in(header);
  in.object([&](std::string const& name, std::size_t) {
    if (name == metadata_name) in.object([&](std::string const& key, std::size_t) { to.metadata[key] = in.text(); });
    else read_promise(in, name, to.arrays[name], all);
  });
  in.end();
  std::uint64_t due = 0;
  for (auto const& [place, p] : all) {
    if (place.first != due)
      throw json_error(p.at,
                       "array " + in_quotes(p.name) + " begins at byte " + std::to_string(place.first) + " of the data, " +
                           (place.first < due ? "within another, which ends at byte " : "behind a gap, which begins at byte ") +
                           std::to_string(due));
    due = place.second;
  }
  return all;
}

inline void read_bytes(std::istream& in, std::string const& file, void* to, std::uint64_t count) {
  if (!in.read(static_cast<char*>(to), std::streamsize(count))) refuse(file, "cannot be read to its end");
}
inline safetensors_file read_safetensors(std::istream& in, std::string const& file) {
  in.seekg(0, std::ios::end);
  auto const end = in.tellg();
  if (!in.seekg(0) || end < 0) refuse(file, "cannot be read: it has no size");
  const std::uint64_t size = std::uint64_t(end);
  if (size < header_begins)
    refuse(file, "is truncated: it ends at byte " + std::to_string(size) + ", within the length of its header");
  std::uint64_t length = 0;
  read_bytes(in, file, &length, header_begins);
  if (length > longest_header)
    refuse(file, "is no safetensors file: its first 8 bytes say that its header has " + std::to_string(length) +
                     " bytes, and none has more than " + std::to_string(longest_header));
  const std::uint64_t data_begins = header_begins + length;
  if (data_begins > size)
    refuse(file,
           "is truncated: it ends at byte " + std::to_string(size) + ", and its header at byte " + std::to_string(data_begins));
  std::string header(length, '\0');
  read_bytes(in, file, header.data(), length);

  safetensors_file out;
  promised_arrays promised;
  try {
    promised = read_header(header, out);
  } catch (json_error const& e) {
    refuse(file, "is no sound safetensors file: at byte " + std::to_string(header_begins + e.at) + ' ' + e.what());
  }
  const std::uint64_t there = size - data_begins, due = promised.empty() ? 0 : promised.rbegin()->first.second;
  if (there != due)
    refuse(file, std::string(there < due ? "is truncated" : "is too long") + ": it has " + std::to_string(there) +
                     " bytes behind its header, which ends at byte " + std::to_string(data_begins) + ", and its arrays have " +
                     std::to_string(due));
  for (auto const& [place, p] : promised) {
    auto& bytes = p.array->bytes;
    bytes.resize(place.second - place.first);
    read_bytes(in, file, bytes.data(), bytes.size());
  }
  return out;
}

// ---- writing -------------------------------------------------------------------------------------------

inline void check_text(std::string_view text) {
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t n = utf8_length(rest);
    if (n == 0)
      throw std::invalid_argument("knit: names and texts of a safetensors file are UTF-8, and " + in_quotes(std::string(text)) +
                                  " is not");
    rest.remove_prefix(n);
  }
}
inline void check_array(std::string const& name, stored_array const& a) {
  check_text(name);
  if (name == metadata_name) throw std::invalid_argument("knit: an array of a safetensors file cannot have the name " + name);
  if (count_bytes(a.type, a.extent) != a.bytes.size())
    throw std::invalid_argument("knit: array " + in_quotes(name) + " has " + std::to_string(a.bytes.size()) +
                                " bytes, which does not make it " + spell_array(a.type, a.extent));
}

/// What stands in a file: its header, filled up with spaces to a multiple of 8 bytes, and the arrays in their order.
struct file_parts {
  std::string header;
  std::vector<std::span<std::byte const>> arrays;
};
/// To the byte what the format's own library writes.
inline file_parts parts_of(safetensors_file const& file) {
  for (auto const& [name, a] : file.arrays) check_array(name, a);
  file_parts parts;
  std::string metadata, arrays;
  for (auto const& [key, text] : file.metadata) {
    check_text(key), check_text(text);
    metadata += (metadata.empty() ? "" : ",") + json_text(key) + ':' + json_text(text);
  }
  std::uint64_t at = 0;
  for (auto const& type : stored_types)
    for (auto const& [name, a] : file.arrays)
      if (a.type == type.name) {
        arrays += (arrays.empty() ? "" : ",") + json_text(name) + R"(:{"dtype":")" + a.type + R"(","shape":)" +
                  json_list(a.extent) + R"(,"data_offsets":)" + json_list(std::array{at, at + a.bytes.size()}) + '}';
        at += a.bytes.size();
        parts.arrays.push_back(a.bytes);
      }
  if (!metadata.empty()) metadata = json_text(metadata_name) + ":{" + metadata + '}' + (arrays.empty() ? "" : ",");
  const std::string text = '{' + metadata + arrays + '}';
  const std::uint64_t length = (text.size() + 7) / 8 * 8;
  if (length > longest_header)
    throw std::invalid_argument("knit: the header of a safetensors file has at most " + std::to_string(longest_header) +
                                " bytes, not " + std::to_string(length));
  parts.header.assign(reinterpret_cast<char const*>(&length), header_begins);
  parts.header += text + std::string(length - text.size(), ' ');
  return parts;
}

// ---- knit's arrays -------------------------------------------------------------------------------------------

constexpr char const* stored_name(element e) {
  switch (e) {
    case element::f64: return "F64";
    case element::f32: return "F32";
    case element::i32: return "I32";
    default: return "U8";
  }
}
template <class A> std::vector<std::uint64_t> stored_extent(A const& a) {
  std::vector<std::uint64_t> extent;
  for (int k = 0; k < A::shape.rank; ++k) extent.push_back(std::uint64_t(a.extent(k)));
  if (A::shape.rank != 2) std::ranges::reverse(extent);
  return extent;
}
template <class A> std::string wanted(A const& a) {
  return spell_array(stored_name(element_of<typename A::value_type>()), stored_extent(a));
}
/// Calls f(element, its number in a file) for each.
template <class A, class F> void each_element(A& a, F&& f) {
  if constexpr (A::shape.rank == 2)
    for (long i = 0, columns = a.extent(1); i < a.size(); ++i) f(a(i / columns, i % columns), i);
  else
    for (long i = 0; i < a.size(); ++i) f(a[i], i);
}

}  // namespace detail

/// Reads a whole file in the safetensors format: eight bytes with the length of a header, the header, which is JSON,
/// and the bytes of the arrays. Throws data_error if the file is missing or unreadable, is truncated or too long, if
/// its header is no such JSON, has a name twice or has an array whose bytes overlap another's, leave a gap or are not
/// as many as its shape needs; it says at which byte of the file. Memory grows with what is there, not with what a
/// header promises. Source: github.com/huggingface/safetensors.
inline safetensors_file read_safetensors(std::string const& path) {
  detail::expect_file(path);
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) detail::refuse_errno(path, "opened");
  return detail::read_safetensors(in, path);
}

/// Writes such a file, by replace_file: all of it or nothing. Throws data_error where that fails, and
/// std::invalid_argument where an array has not the bytes that its type and extents need, or a name or text is not
/// UTF-8.
inline void write_safetensors(std::string const& path, safetensors_file const& file) {
  auto parts = detail::parts_of(file);
  parts.arrays.insert(parts.arrays.begin(), std::as_bytes(std::span(parts.header)));
  replace_file(path, parts.arrays);
}

/// An array for a file, in the order that PyTorch has for what it is used for: a matrix by its rows, w(i, j) at [i, j],
/// like the weight of a Linear; any other with its axes from the last to the first, so filters of W x H x C x O at [o,
/// c, h, w].
template <array_like A> stored_array to_stored(A const& a) {
  using T = typename A::value_type;
  stored_array to{detail::stored_name(element_of<T>()), detail::stored_extent(a),
                  std::vector<std::byte>(std::size_t(a.size()) * sizeof(T))};
  detail::each_element(a, [&](T const& x, long i) { std::memcpy(to.bytes.data() + std::size_t(i) * sizeof(T), &x, sizeof(T)); });
  return to;
}
/// Is an array of a file of the type and extents of `to`?
template <array_like A> bool fits(stored_array const& from, A const& to) {
  return from.type == detail::stored_name(element_of<typename A::value_type>()) && from.extent == detail::stored_extent(to) &&
         from.bytes.size() == std::size_t(to.size()) * sizeof(typename A::value_type);
}
/// The same way back. Throws data_error, and changes nothing, where the array is not of the type and extents of `to`: none is
/// converted, so F16 and BF16, which no array of knit holds, are always refused.
template <array_like A> void from_stored(stored_array const& from, A& to) {
  using T = typename A::value_type;
  if (!fits(from, to))
    throw data_error("knit: an array is " + detail::spell_array(from.type, from.extent) + ", where " + detail::wanted(to) +
                     " is wanted");
  detail::each_element(to, [&](T& x, long i) { std::memcpy(&x, from.bytes.data() + std::size_t(i) * sizeof(T), sizeof(T)); });
}

}  // namespace knit
