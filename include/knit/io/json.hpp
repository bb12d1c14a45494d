// SPDX-License-Identifier: BSL-1.0
// json.hpp -- in: JSON of objects, lists, texts and whole numbers. out: each as it is asked for, or what is wrong.
#pragma once
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <knit/io/file.hpp>  // in_quotes
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace knit::detail {

/// The number of bytes of a text's first character, or 0 where that is none of UTF-8. Source: Unicode 15, table 3-7.
constexpr std::size_t utf8_length(std::string_view s) {
  auto const byte = [&](std::size_t i) { return i < s.size() ? unsigned(std::uint8_t(s[i])) : 0; };
  unsigned const first = byte(0), second = byte(1);
  const std::size_t n = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  unsigned const low = first == 0xe0   ? 0xa0
                       : first == 0xf0 ? 0x90
                                       : 0x80,
                 high = first == 0xed   ? 0x9f
                        : first == 0xf4 ? 0x8f
                                        : 0xbf;
  if (s.empty() || (n > 1 && (second < low || second > high))) return 0;
  for (std::size_t i = 2; i < n; ++i)
    if (byte(i) >> 6 != 2) return 0;
  return n;
}
/// A character by its number in Unicode, as UTF-8.
inline std::string utf8(std::uint32_t c) {
  auto const tail = [&](int shift) { return char(0x80 | (c >> shift & 0x3f)); };
  if (c < 0x80) return {char(c)};
  if (c < 0x800) return {char(0xc0 | c >> 6), tail(0)};
  if (c < 0x10000) return {char(0xe0 | c >> 12), tail(6), tail(0)};
  return {char(0xf0 | c >> 18), tail(12), tail(6), tail(0)};
}

inline constexpr std::string_view json_escaped = "\"\\\b\f\n\r\t/",
                                  json_letters = "\"\\bfnrt/";  // and what stands behind the backslash

/// A text as JSON.
inline std::string json_text(std::string_view text) {
  std::string s = "\"";
  for (char c : text) {
    const std::size_t k = json_escaped.find(c);
    if (k < json_escaped.size() - 1) s += {'\\', json_letters[k]};  // a slash need not be
    else if (std::uint8_t(c) < 0x20) s += {'\\', 'u', '0', '0', c < 0x10 ? '0' : '1', "0123456789abcdef"[c & 15]};
    else s += c;
  }
  return s + '"';
}

/// What is wrong with JSON, from which of its bytes on.
struct json_error : std::runtime_error {
  json_error(std::size_t byte, std::string const& reason) : std::runtime_error(reason), at(byte) {}
  std::size_t at;
};

/// Reads JSON from its begin. Each function takes what is next, or throws json_error where that is something else.
class json_reader {
 public:
  explicit json_reader(std::string_view text) : text_(text) {}

  /// Where what is next begins.
  std::size_t here() {
    at_ = std::min(text_.find_first_not_of(" \t\n\r", at_), text_.size());
    return at_;
  }
  void end() {
    if (here() < text_.size()) throw json_error(at_, "something follows the end");
  }
  /// Calls member(name, where it stands) where each value begins, to read it. No name stands twice.
  template <class F> void object(F&& member) {
    std::set<std::string> names;
    sequence('{', '}', [&] {
      const std::size_t at = here();
      const auto [name, is_new] = names.insert(text());
      if (!is_new) throw json_error(at, "the name " + in_quotes(*name) + " stands a second time");
      take(':');
      member(*name, at);
    });
  }
  std::vector<std::uint64_t> numbers() {
    std::vector<std::uint64_t> all;
    sequence('[', ']', [&] { all.push_back(number()); });
    return all;
  }
  std::uint64_t number() {
    const std::size_t at = here();
    std::uint64_t n = 0;
    auto const [end, error] = std::from_chars(text_.data() + at, text_.data() + text_.size(), n);
    const std::size_t digits = std::size_t(end - text_.data()) - at;
    if (error == std::errc::invalid_argument || (digits > 1 && text_[at] == '0')) throw json_error(at, "a whole number is missing");
    if (error != std::errc()) throw json_error(at, "a number is 2^64 or more");
    at_ += digits;
    return n;
  }
  std::string text() {
    std::string s;
    for (take('"'); !accept_next('"');) {
      if (accept_next('\\')) s += escaped();
      else {
        const std::size_t n = utf8_length(text_.substr(at_));
        if (n == 0 || std::uint8_t(text_[at_]) < 0x20)
          throw json_error(at_, at_ < text_.size() ? "no character of a text stands" : "the text has no end");
        s += text_.substr(at_, n);
        at_ += n;
      }
    }
    return s;
  }

 private:
  bool accept_next(char c) {
    bool const is = at_ < text_.size() && text_[at_] == c;
    at_ += is;
    return is;
  }
  bool accept(char c) {
    here();
    return accept_next(c);
  }
  void take(char c) {
    if (!accept(c)) throw json_error(at_, std::string("a ") + c + " is missing");
  }
  template <class F> void sequence(char open, char close, F&& element) {
    take(open);
    if (accept(close)) return;
    do element();
    while (accept(','));
    take(close);
  }
  /// What a backslash stands before.
  std::string escaped() {
    const std::size_t at = at_ - 1;
    if (accept_next('u')) {
      std::uint32_t c = hexadecimal(at);
      if (c >= 0xd800 && c < 0xdc00 && accept_next('\\') && accept_next('u')) {
        const std::uint32_t low = hexadecimal(at);
        c = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : 0xd800;
      }
      if (c >= 0xd800 && c < 0xe000) throw json_error(at, "half a character is escaped");
      return utf8(c);
    }
    const std::size_t k = at_ < text_.size() ? json_letters.find(text_[at_]) : json_letters.npos;
    if (k == json_letters.npos) throw json_error(at, "a backslash stands before no letter of an escape");
    ++at_;
    return {json_escaped[k]};
  }
  std::uint32_t hexadecimal(std::size_t escape) {
    std::uint32_t c = 0;
    const std::string_view digits = text_.substr(at_, 4);
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), c, 16);
    if (digits.size() < 4 || end != digits.data() + 4 || error != std::errc())
      throw json_error(escape, "\\u has no four hexadecimal digits");
    at_ += 4;
    return c;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace knit::detail
