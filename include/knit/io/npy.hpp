// SPDX-License-Identifier: BSL-1.0
// npy.hpp -- in: a file of NumPy, .npy or .npz. out: its arrays, of the type that is asked for.
#pragma once
#include <bit>
#include <knit/io/mapped.hpp>
#include <knit/io/zip.hpp>
#include <string_view>

namespace knit {

namespace detail {

static_assert(std::endian::native == std::endian::little, "knit: .npy files are read as they lie, lowest byte first");

/// `type` is as NumPy writes it, "<f4".
struct npy_header {
  std::string type;
  bool fortran;
  std::vector<int> extent;
};

/// Reads the dictionary of a header: a Python literal with three keys, in any order.
class npy_dictionary {
 public:
  /// `first` is where the text begins in the file.
  npy_dictionary(std::string_view text, std::size_t first, std::string const& path) : text_(text), first_(first), path_(path) {}

  npy_header read() {
    npy_header h{};
    bool type = false, order = false, extent = false;
    expect('{');
    while (!take('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr" && !std::exchange(type, true)) h.type = element_type();
      else if (key == "fortran_order" && !std::exchange(order, true)) h.fortran = truth();
      else if (key == "shape" && !std::exchange(extent, true)) h.extent = numbers();
      else fail("there is a key too many, " + in_quotes(key));
      if (!take(',') && next() != '}') fail("a comma or } is expected");
    }
    next();
    if (at_ < text_.size()) fail("something stands behind the }");
    if (!type || !order || !extent) fail("it lacks descr, fortran_order or shape");
    return h;
  }

 private:
  [[noreturn]] void fail(std::string const& reason) const {
    refuse(path_, "has a bad .npy header: at byte " + std::to_string(first_ + at_) + ", " + reason);
  }
  /// The next character that is no space; 0 at the end.
  char next() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (next() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(std::string(1, c) + " is expected");
  }
  std::string quoted() {
    char const quote = next();
    if (quote != '\'' && quote != '"') fail("a quoted string is expected");
    auto const end = text_.find(quote, at_ + 1);
    if (end == text_.npos) fail("a quoted string has no end");
    const std::string s(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return s;
  }
  std::string element_type() {
    if (next() == '[') fail("a structured type is described, of which none is supported");
    return quoted();
  }
  bool truth() {
    next();
    for (bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return value;
    }
    fail("True or False is expected");
  }
  std::vector<int> numbers() {
    std::vector<int> all;
    expect('(');
    while (!take(')')) {
      all.push_back(number());
      take('L');  // Python 2
      if (!take(',') && next() != ')') fail("a comma or ) is expected");
    }
    return all;
  }
  int number() {
    std::int64_t n = -1;
    for (next(); at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      n = 10 * std::max<std::int64_t>(n, 0) + (text_[at_] - '0');
      if (n > std::numeric_limits<int>::max()) fail("an extent is beyond 2^31 - 1");
    }
    if (n < 0) fail("an extent is expected");
    return int(n);
  }

  std::string_view text_;
  std::size_t at_ = 0, first_;
  std::string const& path_;
};

/// Source: numpy.lib.format. The most that NumPy itself trusts in a header is 10000 bytes.
inline npy_header read_npy_header(unpacked& in) {
  std::uint8_t b[12];
  auto const next = [&](std::size_t from, std::size_t count) {
    if (in.read(std::span(b).subspan(from, count)) < count) refuse(in.path(), "is truncated: it ends within its .npy header");
  };
  next(0, 6);
  if (std::memcmp(b, "\x93NUMPY", 6) != 0)
    refuse(in.path(),
           "is no .npy file: it begins with the bytes " + hex(b[0]) + " " + hex(b[1]) + " " + hex(b[2]) + " " + hex(b[3]));
  next(6, 4);
  if (b[6] < 1 || b[6] > 3)
    refuse(in.path(),
           "is of version " + std::to_string(b[6]) + "." + std::to_string(b[7]) + " of .npy, of which 1 to 3 are supported");
  if (b[6] > 1) next(10, 2);
  const std::size_t first = in.position();
  const std::size_t size =
      b[6] == 1 ? std::size_t(b[8] | b[9] << 8) : std::size_t(b[8] | b[9] << 8 | b[10] << 16) | std::size_t(b[11]) << 24;
  constexpr std::size_t most = 1u << 16;
  if (size > most) refuse(in.path(), "has an absurd .npy header, of " + std::to_string(size) + " bytes");
  std::string text(size, ' ');
  if (in.read({reinterpret_cast<std::uint8_t*>(text.data()), size}) < size)
    refuse(in.path(), "is truncated: it ends within its .npy header");
  return npy_dictionary(text, first, in.path()).read();
}

/// Whether the header says S; where a byte is all, the order is not asked.
template <class S> bool has_type(npy_header const& h) {
  return h.type == "<" + type_name<S>() || (sizeof(S) == 1 && h.type == "|" + type_name<S>());
}

/// Throws data_error where a value is none of T.
template <class T, class S> std::vector<T> converted(std::vector<S> from, std::string const& path) {
  if constexpr (std::is_same_v<T, S>) return from;
  else {
    std::vector<T> to(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (!fits<T>(from[i]))
        refuse(path,
               "has " + std::to_string(from[i]) + " as value number " + std::to_string(i) + ", which is no " + type_name<T>());
      to[i] = static_cast<T>(from[i]);
    }
    return to;
  }
}

/// The same values with the last index fastest, of those with the first.
template <class T> std::vector<T> last_fastest(std::vector<T> from, std::vector<int> const& extent) {
  std::vector<T> to(from.size());
  std::vector<int> at(extent.size(), 0);
  for (T& value : to) {
    std::size_t place = 0;
    for (std::size_t k = extent.size(); k-- > 0;) place = place * std::size_t(extent[k]) + std::size_t(at[k]);
    value = from[place];
    for (std::size_t k = extent.size(); k-- > 0 && ++at[k] == extent[k];) at[k] = 0;
  }
  return to;
}

template <class T, class S> bool read_npy_as(unpacked& in, npy_header const& h, std::vector<T>& values) {
  if (has_type<S>(h)) values = converted<T>(read_values<S>(in, h.extent), in.path());
  return has_type<S>(h);
}
/// Of bool, whose bytes are 0 and 1.
template <class T> bool read_npy_as_bool(unpacked& in, npy_header const& h, std::vector<T>& values) {
  if (h.type != "|b1") return false;
  const auto bytes = read_values<std::uint8_t>(in, h.extent);
  const auto wrong = std::ranges::find_if(bytes, [](std::uint8_t b) { return b > 1; });
  if (wrong != bytes.end())
    refuse(in.path(),
           "has " + std::to_string(*wrong) + " as value number " + std::to_string(wrong - bytes.begin()) + ", which is no b1");
  values.assign(bytes.begin(), bytes.end());
  return true;
}
template <class T, class... S> std::vector<T> read_npy_values(unpacked& in, npy_header const& h) {
  std::vector<T> values;
  if (!(read_npy_as_bool(in, h, values) || ... || read_npy_as<T, S>(in, h, values)))
    refuse(in.path(), "has values of type " + in_quotes(h.type) +
                          ", of which only <f4, <f8, |b1 and the integers (|u1, <i4, ...) are supported");
  return h.fortran && h.extent.size() > 1 ? last_fastest(std::move(values), h.extent) : values;
}
template <class T> file_array<T> read_npy(unpacked& in) {
  const npy_header h = read_npy_header(in);
  auto values = read_npy_values<T, float, double, std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t,
                                std::int32_t, std::uint64_t, std::int64_t>(in, h);
  return {in.path(), h.extent, std::move(values)};
}

}  // namespace detail

/// Reads an array that NumPy has saved, `read_npy<float>("x.npy")`: versions 1 to 3, plain or packed by gzip, in C's
/// order or in Fortran's, which is put into C's. Values of another type become T: each must be in T's range, and
/// whole where T is; a whole number must be one that T has, while digits of an f8 behind those of an f4 are rounded. Throws
/// data_error if one is not, and if the file is missing, truncated, corrupt, no .npy file, larger than promised, or of
/// another type: highest byte first, f2, complex, text, objects, structures.
template <number_of_file T> file_array<T> read_npy(std::string const& path) {
  detail::unpacked in(path);
  return detail::read_npy<T>(in);
}
/// The same of bytes in memory; `name` is for messages.
template <number_of_file T> file_array<T> read_npy(std::span<std::uint8_t const> bytes, std::string const& name) {
  detail::unpacked in(bytes, name, detail::packing::by_content);
  return detail::read_npy<T>(in);
}
/// The same of a plain file, whose values stay where they are until they are touched: it may be larger than memory.
/// They must be of type T and in C's order, else data_error.
template <number_of_file T> mapped_array<T> map_npy(std::string const& path) {
  return detail::map_array<T>(path, [&](detail::unpacked& in) {
    detail::npy_header h = detail::read_npy_header(in);
    if (!detail::has_type<T>(h))
      detail::refuse(path, "has values of type " + detail::in_quotes(h.type) + ", which cannot be mapped as " +
                               detail::type_name<T>() + "; read it instead");
    if (h.fortran && h.extent.size() > 1) detail::refuse(path, "is in Fortran's order, which cannot be mapped; read it instead");
    return std::move(h.extent);
  });
}

/// The arrays that numpy.savez or savez_compressed has put into one file, a zip archive.
class npz_file {
 public:
  /// Throws data_error if the file is missing or no zip archive, or one of zip64, as NumPy writes where an array or all
  /// before one are 2 GiB or more, or where there are 65535 arrays or more, or if it has a name twice.
  explicit npz_file(std::string const& path) : path_(path) {
    detail::unpacked in(path);
    bytes_ = detail::read_rest(in);
    members_ = detail::zip_members(bytes_, path);
  }
  /// The same of bytes in memory; `name` is for messages.
  npz_file(std::vector<std::uint8_t> bytes, std::string const& name) : path_(name), bytes_(std::move(bytes)) {
    members_ = detail::zip_members(bytes_, name);
  }

  /// The names of the arrays, as numpy.savez was given them.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (auto const& m : members_)
      if (m.name.ends_with(".npy")) all.push_back(m.name.substr(0, m.name.size() - 4));
    return all;
  }
  /// Reads an array as read_npy does. Throws data_error as that, and if there is none of the name, if the archive is
  /// corrupt there (the checksum included), or if it is encrypted or packed by other means than deflate.
  template <number_of_file T> file_array<T> read(std::string const& name) const {
    for (auto const& m : members_)
      if (m.name == name + ".npy") return read_npy<T>(detail::unzipped(bytes_, m, path_), detail::member_path(path_, m));
    std::string all;
    for (auto const& n : names()) all += (all.empty() ? "" : ", ") + detail::in_quotes(n);
    detail::refuse(path_, "has no array " + detail::in_quotes(name) + "; it has: " + all);
  }

 private:
  std::string path_;
  std::vector<std::uint8_t> bytes_;
  std::vector<detail::zip_member> members_;
};

}  // namespace knit
