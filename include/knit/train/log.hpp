// SPDX-License-Identifier: BSL-1.0
// log.hpp -- in: a file or a stream, values by name. out: what tap calls to write a line of JSON for each loss.
#pragma once
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <knit/io/json.hpp>
#include <memory>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace knit {

/// What is logged beside the loss: names, and functions that are called once for each line.
using logged_values = std::vector<std::pair<std::string, std::function<double()>>>;

/// What log_to counts and by which clock.
struct log_options {
  long every = 1;  ///< steps from one line to the next: n behind takenth(n)
  long after = 0;  ///< steps made before the first that is logged, as of a training that goes on
  std::function<double()> now = {};  ///< in seconds; a steady clock if none is given
};

namespace detail {

/// As short as reads back the same; JSON has no numbers that are none.
template <class T> std::string json_number(T v) {
  char text[32];
  return std::isfinite(v) ? std::string(text, std::to_chars(text, text + sizeof text, v).ptr) : "null";
}
/// A name twice in an object of JSON means what its reader likes.
inline void check_log(logged_values const& values, log_options const& o) {
  if (o.every < 1) throw std::invalid_argument("knit: log_to counts from 1 step on for each line, not " + std::to_string(o.every));
  std::set<std::string> names{"step", "seconds", "loss"};
  for (auto const& [name, value] : values)
    if (!names.insert(name).second)
      throw std::invalid_argument("knit: a logged value is named `" + name +
                                  "`, and so is another of the line, which has step, "
                                  "seconds and loss already; give it another name");
}

}  // namespace detail

/// Copies write to one log.
class json_log {
 public:
  json_log(std::shared_ptr<std::ostream> to, logged_values values, log_options o)
      : state_(std::make_shared<state>(state{std::move(to), std::move(values), std::move(o)})) {
    detail::check_log(state_->values, state_->options);
    if (!state_->options.now)
      state_->options.now = [] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
      };
    state_->start = state_->options.now();
    state_->step = state_->options.after;
  }
  /// Throws std::runtime_error where the line cannot be written.
  template <class Loss> void operator()(Loss const& loss) {
    state& s = *state_;
    s.step += s.options.every;
    const double seconds = std::round(1e6 * (s.options.now() - s.start)) / 1e6;
    std::string line = "{\"step\":" + std::to_string(s.step) + ",\"seconds\":" + detail::json_number(seconds) +
                       ",\"loss\":" + detail::json_number(loss);
    for (auto const& [name, value] : s.values) line += "," + detail::json_text(name) + ":" + detail::json_number(value());
    if (!(*s.to << line + "}\n" << std::flush)) throw std::runtime_error("knit: a log cannot be written; is the disk full?");
  }

 private:
  struct state {
    std::shared_ptr<std::ostream> to;
    logged_values values;
    log_options options;
    double start = 0;
    long step = 0;
  };
  std::shared_ptr<state> state_;
};

/// `losses | takenth(600) | tap(log_to("run.jsonl", {{"accuracy", [&] { return accuracy(model, test); }}}, {.every = 600}))`:
/// a line {"step":600,"seconds":1.25,"loss":0.31,"accuracy":0.92} for each element, seconds since the log was made. Numbers
/// read back the same; one that is infinite or NaN is null. Each line is written whole and flushed, so that a run that
/// ends in any way leaves all of them. A file that is there is replaced, so a training that goes on gives a stream that appends;
/// data_error where it cannot be opened; std::invalid_argument where a name stands twice or `every` is below 1.
inline json_log log_to(std::string const& path, logged_values values = {}, log_options o = {}) {
  detail::check_log(values, o);  // before a file is replaced
  errno = 0;
  auto file = std::make_shared<std::ofstream>(path);
  if (!*file) detail::refuse_errno(path, "opened");
  return json_log(std::move(file), std::move(values), std::move(o));
}
/// The same to a stream, which must outlive the range: `log_to(std::cout)`.
inline json_log log_to(std::ostream& to, logged_values values = {}, log_options o = {}) {
  return json_log(std::shared_ptr<std::ostream>(std::shared_ptr<void>(), &to), std::move(values), std::move(o));
}

}  // namespace knit
