// SPDX-License-Identifier: BSL-1.0
// csv.hpp -- in: a file of numbers separated by commas. out: a table with named columns, or where a mistake is.
#pragma once
#include <cctype>
#include <charconv>
#include <knit/io/file.hpp>
#include <string_view>

namespace knit {

/// How a file of comma-separated values is written.
struct csv_options {
  char separator = ',';
  bool header = true;  ///< the first line has the names of the columns
  bool nan_and_inf = false;  ///< these are numbers, too, where T has them; else they are refused, as what is missing is
};

/// A table: one row for each line, one column for each field. Columns are named or counted from 0.
template <class T> struct csv_table : file_array<T> {
  std::vector<std::string> names;  ///< of columns; none without a header

  int rows() const { return this->extent[0]; }
  int columns() const { return this->extent[1]; }
  /// A column as a list, whose values become U: whole numbers, where U is one. Throws data_error if they are not, if
  /// they are so large, 2^24 or more, that a T of float may have rounded them, or if there is no such column.
  template <number_of_file U = T> file_array<U> column(int c) const {
    check(c);
    file_array<U> list{this->path, {rows()}, {}};
    for (int r = 0; r < rows(); ++r) {
      const T value = (*this)(r, c);
      if (!detail::fits<U>(value))
        detail::refuse(this->path, "has " + std::to_string(value) + " in row " + std::to_string(r) + " of column " +
                                       std::to_string(c) + ", counted from 0, which is no " + detail::type_name<U>());
      if constexpr (std::is_same_v<T, float> && std::is_integral_v<U>)
        if (std::abs(value) >= 0x1p24f)
          detail::refuse(this->path, "has " + std::to_string(value) + " in row " + std::to_string(r) + " of column " +
                                         std::to_string(c) + ", counted from 0, where float rounds; read it as double");
      list.values.push_back(static_cast<U>(value));
    }
    return list;
  }
  template <number_of_file U = T> file_array<U> column(std::string const& name) const { return column<U>(number_of(name)); }
  /// The table without a column.
  file_array<T> without(int c) const {
    check(c);
    file_array<T> rest{this->path, {rows(), columns() - 1}, {}};
    for (int r = 0; r < rows(); ++r)
      for (int k = 0; k < columns(); ++k)
        if (k != c) rest.values.push_back((*this)(r, k));
    return rest;
  }
  file_array<T> without(std::string const& name) const { return without(number_of(name)); }
  T operator()(int row, int column) const { return this->values[std::size_t(row) * std::size_t(columns()) + std::size_t(column)]; }

 private:
  void check(int c) const {
    if (c < 0 || c >= columns())
      detail::refuse(this->path, "has no column " + std::to_string(c) + "; it has 0 .. " + std::to_string(columns() - 1));
  }
  int number_of(std::string const& name) const {
    auto const at = std::ranges::find(names, name);
    if (at != names.end() && std::find(at + 1, names.end(), name) == names.end()) return int(at - names.begin());
    detail::refuse(this->path, std::string(at == names.end() ? "has no column" : "has several columns") + " of the name " +
                                   detail::in_quotes(name));
  }
};

namespace detail {

struct csv_field {
  std::string text;
  bool quoted;
  long line;
};

/// Cuts text into lines of fields as RFC 4180 does: a separator between fields, LF or CR LF behind a line, quotes
/// around a field that has a separator, a line's end or, written twice, a quote.
class csv_lines {
 public:
  csv_lines(std::string_view text, char separator, std::string const& path) : text_(text), separator_(separator), path_(path) {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);  // what some programs begin UTF-8 with
  }

  bool over() const { return text_.empty(); }
  void next(std::vector<csv_field>& fields) {
    fields.clear();
    do {
      column_ = fields.size();
      fields.push_back({{}, text_.starts_with('"'), line_});
      if (fields.back().quoted) take_quoted(fields.back().text);
      else take_plain(fields.back().text);
    } while (take(separator_));
    take('\r');
    if (!text_.empty() && !take('\n')) fail(line_, column_, "something stands behind a quoted field");
    ++line_;
  }
  /// Columns are counted from 0 here and from 1 in the message.
  [[noreturn]] void fail(long line, std::size_t column, std::string const& reason) const {
    refuse(path_, "has a mistake in line " + std::to_string(line) + ", column " + std::to_string(column + 1) + ": " + reason);
  }

 private:
  bool take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void take_plain(std::string& to) {
    char const ends[] = {separator_, '\n', '"'};
    std::string_view s = text_.substr(0, text_.find_first_of(std::string_view(ends, sizeof ends)));
    auto const behind = text_.substr(s.size());
    if (behind.starts_with('"')) fail(line_, column_, "a quote stands within a field that has none around it");
    if (s.ends_with('\r') && !behind.starts_with(separator_)) s.remove_suffix(1);
    text_.remove_prefix(s.size());
    to = s;
  }
  void take_quoted(std::string& to) {
    long const line = line_;
    take('"');
    do {
      auto const end = text_.find('"');
      if (end == text_.npos) fail(line, column_, "a quote has no end");
      to += text_.substr(0, end + 1);  // with the quote, of two the first
      text_.remove_prefix(end + 1);
    } while (take('"'));
    to.pop_back();
    line_ += std::ranges::count(to, '\n');
  }

  std::string_view text_;
  char separator_;
  std::string const& path_;
  long line_ = 1;
  std::size_t column_ = 0;
};

/// The number that is the whole of a text, but for spaces around it; "" or the reason why there is none.
template <class T> std::string read_number(std::string_view text, T& to) {
  constexpr std::string_view spaces = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(spaces), text.size()));
  text = text.substr(0, text.find_last_not_of(spaces) + 1);
  if (text.empty()) return "the field is empty";
  char const* const end = text.data() + text.size();
  char const* const first = text.data() + (text.size() > 1 && text[0] == '+' && text[1] != '-');
  auto [at, error] = std::from_chars(first, end, to);
  if constexpr (std::is_same_v<T, float>)
    if (double wide = 0;
        error == std::errc::result_out_of_range && std::from_chars(first, end, wide).ec == std::errc() && std::abs(wide) < 1) {
      to = float(wide);  // too small for a float's digits, which is no mistake
      error = {};
    }
  if (error == std::errc::result_out_of_range) return in_quotes(std::string(text)) + " is out of the range of " + type_name<T>();
  if (error != std::errc() || at != end)
    return in_quotes(std::string(text)) + " is no " + (std::is_integral_v<T> ? "whole " : "") + "number";
  return "";
}

inline std::vector<std::string> csv_names(csv_lines const& lines, std::vector<csv_field> const& fields) {
  std::vector<std::string> names;
  bool numbers = true;
  for (auto const& f : fields) {
    double ignored = 0;
    numbers = numbers && !f.quoted && read_number(f.text, ignored).empty();
    names.push_back(f.text);
  }
  if (numbers)
    lines.fail(1, 0, "names of columns are expected and there are numbers; where a file has no names, say {.header = false}");
  return names;
}

template <class T> csv_table<T> read_csv(std::string_view text, std::string const& path, csv_options options) {
  if (std::string_view("\"\r\n+-.").find(options.separator) != std::string_view::npos ||
      std::isalnum(static_cast<unsigned char>(options.separator)))
    throw std::invalid_argument("knit: fields of a CSV file cannot be separated by " +
                                in_quotes(std::string(1, options.separator)));
  csv_table<T> table{{path, {0, 0}, {}}, {}};
  csv_lines lines(text, options.separator, path);
  if (lines.over()) refuse(path, "is empty");
  std::vector<csv_field> fields;
  for (bool first = true; !lines.over(); first = false) {
    lines.next(fields);
    if (first) table.extent[1] = int(fields.size());
    if (int(fields.size()) != table.columns())
      lines.fail(fields.back().line, fields.size() - 1,
                 "the line has " + std::to_string(fields.size()) + " fields, but the first has " + std::to_string(table.columns()));
    if (first && options.header) {
      table.names = csv_names(lines, fields);
      continue;
    }
    for (std::size_t c = 0; c < fields.size(); ++c) {
      T& value = table.values.emplace_back();
      if (auto const reason = read_number(fields[c].text, value); !reason.empty()) lines.fail(fields[c].line, c, reason);
      if (!options.nan_and_inf && !std::isfinite(double(value)))
        lines.fail(fields[c].line, c, in_quotes(fields[c].text) + " is not finite; where that is meant, say {.nan_and_inf = true}");
    }
    if (++table.extent[0] == std::numeric_limits<int>::max()) refuse(path, "has too many lines");
  }
  return table;
}
template <class T> csv_table<T> read_csv(unpacked& in, csv_options options) {
  auto const bytes = read_rest(in);
  return read_csv<T>(std::string_view(reinterpret_cast<char const*>(bytes.data()), bytes.size()), in.path(), options);
}

}  // namespace detail

/// Reads a table of numbers, `read_csv<float>("houses.csv")`, plain or packed by gzip: RFC 4180 with any separator, a
/// point in numbers, and spaces around them. Throws data_error with line and column, counted from 1, if a field is
/// empty, no T or, unless `options` says that they are meant, nan or inf, a line has more or fewer fields than the first, a
/// quote is out of place, or where names are expected are numbers; std::invalid_argument if the separator may be part of a
/// number.
template <number_of_file T> csv_table<T> read_csv(std::string const& path, csv_options options = {}) {
  detail::unpacked in(path);
  return detail::read_csv<T>(in, options);
}
/// The same of bytes in memory; `name` is for messages.
template <number_of_file T>
csv_table<T> read_csv(std::span<std::uint8_t const> bytes, std::string const& name, csv_options options = {}) {
  detail::unpacked in(bytes, name, detail::packing::by_content);
  return detail::read_csv<T>(in, options);
}

}  // namespace knit
