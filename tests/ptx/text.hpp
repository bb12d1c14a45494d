// SPDX-License-Identifier: BSL-1.0
// text.hpp -- in: PTX. out: its words, each with its line.
#pragma once
#include "fault.hpp"

#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ptx::detail {

/// A word is an identifier with its dots ("ld.global.L1::no_allocate.v4.f32", ".reg", "%tid.x"), a number, a string
/// with its quotes, or one other character. ".reg.b16" is two words, as if there were a space.
struct word {
  std::string_view text;
  int line;
};

inline bool is_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '%'; }

inline std::vector<word> words_of(std::string_view text) {
  std::vector<word> words;
  int line = 1;
  std::size_t at = 0;
  auto const here = [&](std::size_t ahead = 0) { return at + ahead < text.size() ? text[at + ahead] : '\0'; };
  while (at < text.size()) {
    char const c = text[at];
    if (c == '\n') ++line;
    if (std::isspace(static_cast<unsigned char>(c))) {
      ++at;
      continue;
    }
    if (text.substr(at, 2) == "//") {
      while (at < text.size() && text[at] != '\n') ++at;
      continue;
    }
    if (text.substr(at, 2) == "/*") {
      for (at += 2; at < text.size() && text.substr(at, 2) != "*/"; ++at) line += text[at] == '\n';
      at += 2;
      continue;
    }
    const std::size_t start = at++;
    if (c == '"') {
      while (at < text.size() && text[at] != '"') ++at;
      ++at;
    } else if (is_letter(c) || c == '.') {
      while (is_letter(here()) || (here() == '.' && c != '.') || (here() == ':' && (here(1) == ':' || text[at - 1] == ':'))) ++at;
    }
    words.push_back({text.substr(start, at - start), line});
  }
  return words;
}

/// The parts of "ld.global.v4.f32" between the dots.
inline std::vector<std::string_view> parts_of(std::string_view name) {
  std::vector<std::string_view> parts;
  for (std::size_t dot; (dot = name.find('.')) != name.npos; name.remove_prefix(dot + 1)) parts.push_back(name.substr(0, dot));
  parts.push_back(name);
  return parts;
}

/// Reads the words one after another.
class reader {
 public:
  explicit reader(std::string_view text) : words_(words_of(text)) {}

  bool done() const { return at_ >= words_.size(); }
  std::string_view peek(std::size_t ahead = 0) const {
    return at_ + ahead < words_.size() ? words_[at_ + ahead].text : std::string_view();
  }
  int line() const { return words_.empty() ? 0 : words_[at_ < words_.size() ? at_ : words_.size() - 1].line; }
  std::string_view take() {
    if (done()) fail("more text");
    return words_[at_++].text;
  }
  bool accept(std::string_view text) { return peek() == text && ++at_; }
  void expect(std::string_view text) {
    if (!accept(text)) fail("'" + std::string(text) + "'");
  }
  std::size_t position() const { return at_; }
  /// The words from there up to here, as they were written but on one line.
  std::string text(std::size_t first) const {
    std::string out;
    for (std::size_t k = first; k < at_; ++k) {
      bool const apart = k > first && words_[k].text.data() > words_[k - 1].text.data() + words_[k - 1].text.size();
      out += (apart ? " " : "") + std::string(words_[k].text);
    }
    return out;
  }
  void skip_line() {
    for (int const line = this->line(); !done() && words_[at_].line == line;) ++at_;
  }
  void skip_past(std::string_view text) {
    while (take() != text) {}
  }
  [[noreturn]] void fail(std::string const& expected) const {
    throw fault(wrong::syntax,
                "PTX line " + std::to_string(line()) + ": expected " + expected + ", found '" + std::string(peek()) + "'");
  }

 private:
  std::vector<word> words_;
  std::size_t at_ = 0;
};

}  // namespace ptx::detail
