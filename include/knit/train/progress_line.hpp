// SPDX-License-Identifier: BSL-1.0
// progress_line.hpp -- in: how many elements passed, and when. out: Knet's line of progress, written at its three times.
#pragma once
#include <unistd.h>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <functional>
#include <optional>
#include <ostream>
#include <string>

namespace knit {

/// When, where and by which clock progress is shown.
struct progress_options {
  double seconds = 0;  ///< between two lines
  long steps = 0;      ///< or so many elements; if neither is above 0, a second
  std::ostream* to = nullptr;     ///< it must outlive the range; the standard error if none is given
  /// One line that is written over and over, or line after line; unless given, whether that is the standard error and a terminal.
  std::optional<bool> terminal = {};
  std::function<double()> now = {};  ///< in seconds; a steady clock if none is given
};

namespace detail {

template <class... A> std::string format(char const* how, A... a) {
  char text[160];
  std::snprintf(text, sizeof text, how, a...);
  return text;
}
/// 01:36, and past an hour 1:01:36.
inline std::string spell_time(double seconds) {
  const long s = std::lround(seconds);
  return s < 3600 ? format("%02ld:%02ld", s / 60, s % 60) : format("%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
}
/// Elements a second, or seconds an element.
inline std::string spell_rate(long elements, double seconds) {
  if (!(seconds > 0)) return "?i/s";
  const double rate = double(elements) / seconds;
  return rate >= 1 ? format("%.2fi/s", rate) : format("%.2fs/i", 1 / rate);
}
/// 20 columns, in eighths.
inline std::string spell_bar(double share) {
  constexpr char const* parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = share >= 1 ? 160 : int(share * 160);
  std::string bar = "┣";
  for (int k = 0; k < eighths / 8; ++k) bar += "█";
  bar += parts[eighths % 8];
  return bar.append(std::size_t(20 - eighths / 8 - (eighths % 8 > 0)), ' ') + "┫ ";
}

}  // namespace detail

/// `┣█████████████████▎  ┫ [86.83%, 903/1040, 01:36/01:50, 9.42i/s] 3.87835`: share, count, time elapsed and estimated, rate
/// since the last line, message. Without a total `[903, 01:36, 9.42i/s] 3.87835`, and off a terminal no bar. Source: Knet.jl.
class progress_line {
 public:
  explicit progress_line(progress_options o) : options_(std::move(o)) {
    if (!(options_.seconds > 0) && options_.steps <= 0) options_.seconds = 1;
    if (!options_.terminal) options_.terminal = !options_.to && isatty(STDERR_FILENO);
    if (!options_.now)
      options_.now = [] {  // and not by <chrono>, which each unit would read for this
        std::timespec t;
        ::clock_gettime(CLOCK_MONOTONIC, &t);
        return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
      };
  }

  void begin(std::optional<long> total) {
    total_ = total;
    count_ = shown_ = 0;
    start_ = at_ = options_.now();
  }
  /// An element has passed. `message` is called if that is worth a line.
  template <class Message> void pass(Message const& message) {
    ++count_;
    const double now = options_.now();
    const bool stepped = options_.steps > 0 && count_ % options_.steps == 0;
    if (count_ == 1 || stepped || (options_.seconds > 0 && now - at_ >= options_.seconds)) {
      write(line(now, detail::spell_rate(count_ - shown_, now - at_), message()) + (*options_.terminal ? "" : "\n"));
      shown_ = count_;
      at_ = now;
    }
  }
  /// No more elements will pass: the last line, with the rate of all. Nothing if it is written, or nothing has passed.
  template <class Message> void end(Message const& message) {
    if (count_ == 0) return;
    const double now = options_.now();
    write(line(now, detail::spell_rate(count_, now - start_), message()) + '\n');
    count_ = 0;
  }
  long count() const { return count_; }

 private:
  std::string line(double now, std::string const& rate, std::string const& message) const {
    const double elapsed = now - start_;
    std::string line;
    if (*options_.terminal) line += '\r';
    if (total_ && *total_ > 0) {
      const double share = double(count_) / double(*total_);
      if (*options_.terminal) line += detail::spell_bar(share);
      line += detail::format("[%.2f%%, %ld/%ld, ", 100 * share, count_, *total_) + detail::spell_time(elapsed) + "/" +
              detail::spell_time(elapsed / share) + ", ";
    } else line += detail::format("[%ld, ", count_) + detail::spell_time(elapsed) + ", ";
    line += rate + "] " + message;
    if (*options_.terminal) line += "\033[K";  // what a longer line has left
    return line;
  }
  void write(std::string const& text) const {
    if (options_.to) *options_.to << text << std::flush;
    else std::fputs(text.c_str(), stderr);  // std::cerr's header would have each unit set up streams
  }

  progress_options options_;
  std::optional<long> total_;
  long count_ = 0, shown_ = 0;
  double start_ = 0, at_ = 0;
};

}  // namespace knit
