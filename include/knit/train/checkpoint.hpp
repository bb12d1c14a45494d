// SPDX-License-Identifier: BSL-1.0
// checkpoint.hpp -- in: a model, or a training with all that it remembers. out: a file, and from the file it again.
#pragma once
#include <charconv>
#include <concepts>
#include <cstdint>
#include <knit/data/minibatch.hpp>
#include <knit/io/safetensors.hpp>
#include <knit/train/step.hpp>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace knit {

/// A range of batches that knows where it is, as minibatch_view does.
template <class T> concept has_position = requires(T& batches, batch_position p) {
  { std::as_const(batches).position() } -> std::same_as<batch_position>;
  batches.seek(p);
};
template <class T> concept position_or_range = has_position<T> || std::same_as<T, batch_position>;

namespace detail {

// A path is made of letters, digits, _ and dots, so a name with a slash is no parameter's.

/// Calls f(name, array) for each array of a model, or of a step: its parameters, and the rule's states of them.
template <class Saved, class F> void each_array(Saved& of, F&& f) {
  if constexpr (model<Saved>) for_each_parameter(of, f);
  else {
    std::vector<std::string> path;
    for_each_parameter(of.model(), [&](std::string const& p, auto& a) {
      path.push_back(p);
      f(p, a);
    });
    auto of_parameter = [&, p = path.begin()](auto& states) mutable {
      int s = 0;
      for (auto& a : states) f(*p + "/state" + std::to_string(s++), a);
      ++p;
    };
    std::apply([&](auto&... states) { (of_parameter(states), ...); }, of.states());
  }
}
template <class Saved> safetensors_file gather(Saved const& of) {
  safetensors_file file;
  each_array(of, [&](std::string const& name, auto const& a) { file.arrays.emplace(name, to_stored(a)); });
  return file;
}

/// Up to four names, for a sentence.
inline std::string some_names(std::map<std::string, stored_array> const& arrays) {
  std::string s;
  int n = 0;
  for (auto const& [name, a] : arrays) {
    if (n == 4) return s + ", ...";
    s += (n++ ? ", " : "") + in_quotes(name);
  }
  return n == 0 ? "none" : s;
}
/// Refuses a file unless its arrays are those of a model or step.
template <class Saved> void check(std::string const& path, safetensors_file const& file, Saved const& to) {
  std::set<std::string> wanted_names;
  each_array(to, [&](std::string const& name, auto const& a) {
    wanted_names.insert(name);
    const auto found = file.arrays.find(name);
    if (found == file.arrays.end()) refuse(path, "has no array " + in_quotes(name) + "; it has " + some_names(file.arrays));
    if (!fits(found->second, a))
      refuse(path, "has as " + in_quotes(name) + " an array " + spell_array(found->second.type, found->second.extent) + ", where " +
                       wanted(a) + " is wanted");
  });
  for (auto const& [name, a] : file.arrays)
    if (!wanted_names.contains(name) && !(model<Saved> && name.find('/') != name.npos && file.metadata.contains("steps")))
      refuse(path, "has an array " + in_quotes(name) + " that has no place here");
}
template <class Saved> void scatter(safetensors_file const& file, Saved& to) {
  each_array(to, [&](std::string const& name, auto& a) { from_stored(file.arrays.at(name), a); });
}

inline std::string const& text_in(std::string const& path, safetensors_file const& file, char const* name) {
  auto const found = file.metadata.find(name);
  if (found == file.metadata.end()) refuse(path, std::string("is no checkpoint of this training: its metadata has no ") + name);
  return found->second;
}
template <class Number> Number number_in(std::string const& path, safetensors_file const& file, char const* name) {
  std::string const& text = text_in(path, file, name);
  Number n = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || n < 0)
    refuse(path, std::string("is no checkpoint: its metadata has as ") + name + ' ' + in_quotes(text) +
                     ", where a whole number is wanted");
  return n;
}

/// What a rule is called. One around another is derived from it, remembers the same, and is called as it is.
template <class Rule> std::string rule_name() {
  if constexpr (requires { Rule::name; }) return Rule::name;
  else if constexpr (requires { typename Rule::by_parameter; })
    return rule_name<decltype(Rule::rule)>() + " or " + rule_name<decltype(Rule::otherwise)>();
  else return "an unnamed rule";
}

inline void put_position(safetensors_file& file, batch_position const& p) {
  if (p.seed) file.metadata["seed"] = std::to_string(*p.seed);
  file.metadata["epoch"] = std::to_string(p.epoch);
  file.metadata["batch"] = std::to_string(p.batch);
  file.metadata["batch_size"] = std::to_string(p.batch_size);
  file.metadata["instances"] = std::to_string(p.instances);
}
template <has_position Batches> void put_position(safetensors_file& file, Batches const& batches) {
  put_position(file, batches.position());
}
inline batch_position get_position(std::string const& path, safetensors_file const& file) {
  batch_position p{{},
                   number_in<std::uint64_t>(path, file, "epoch"),
                   number_in<int>(path, file, "batch"),
                   number_in<int>(path, file, "batch_size"),
                   number_in<int>(path, file, "instances")};
  if (file.metadata.contains("seed")) p.seed = number_in<std::uint64_t>(path, file, "seed");
  return p;
}

}  // namespace detail

/// Writes the parameters of a model to a safetensors file, each under its path, "layers.0.w", in the order that
/// to_stored says: a matrix is that of PyTorch's Linear, a filter that of its Conv2d. All of it or nothing, as
/// replace_file does. Throws data_error where it cannot be written.
template <model Model> void save(std::string const& path, Model const& m) { write_safetensors(path, detail::gather(m)); }

/// Reads parameters into a model: from such a file, from another program's, or from a checkpoint. Throws data_error,
/// and changes nothing, unless the file is sound (see read_safetensors) and has each parameter in its shape and type,
/// and nothing else.
template <model Model> void load(std::string const& path, Model& m) {
  if constexpr (std::is_const_v<Model>) complain<detail::constant_model<Model>()>();
  else {
    auto const file = read_safetensors(path);
    detail::check(path, file, m);
    detail::scatter(file, m);
  }
}

/// Writes a checkpoint of a training, `save(path, step, batches)`: besides the parameters the states of the rule,
/// "layers.0.w/state0", and in the file's metadata the rule's name, the number of steps, which is also the seed of dropout,
/// and, if they are given, the position of the batches, or a position. The numbers of the rule are not in it, they are the
/// program's. It is meant to be called behind a step and before the next batch is read: `batches | cycle | train(step)
/// | takenth(600) | tap([&](float) { save(path, step, batches); })`; with prefetch among it, which is ahead,
/// `save(path, step, batches.position_after(step.steps()))`.
template <class Backend, class Model, class Rule, class... X, position_or_range... Batches> requires(sizeof...(Batches) <= 1)
void save(std::string const& path, training_step<Backend, Model, Rule, X...> const& step, Batches const&... batches) {
  auto file = detail::gather(step);
  file.metadata["rule"] = detail::rule_name<Rule>();
  file.metadata["steps"] = std::to_string(step.steps());
  (detail::put_position(file, batches), ...);
  write_safetensors(path, file);
}

/// Puts a training where that one was: the same losses follow, to the bit, as if it had not stopped. Throws data_error, and
/// changes nothing, where the file is unsound, where names, shapes or types are others, where the rule has another name,
/// `static constexpr char const* name`, and where the batches are of another size or other data.
template <class Backend, class Model, class Rule, class... X, has_position... Batches> requires(sizeof...(Batches) <= 1)
void load(std::string const& path, training_step<Backend, Model, Rule, X...>& step, Batches&... batches) {
  auto const file = read_safetensors(path);
  if (file.metadata.contains("steps"))  // states of another rule may well have these shapes, so its name comes first
    if (auto const& rule = detail::text_in(path, file, "rule"); rule != detail::rule_name<Rule>())
      detail::refuse(
          path, "is of a training by " + detail::printable(rule) + ", where one by " + detail::rule_name<Rule>() + " is wanted");
  detail::check(path, file, step);
  long const steps = detail::number_in<long>(path, file, "steps");
  if (steps == std::numeric_limits<long>::max())
    detail::refuse(path, "is no checkpoint: it has so many steps that no other is left");
  (batches.seek(detail::get_position(path, file)), ...);  // the last that may throw
  step.set_steps(steps);
  detail::scatter(file, step);
}

}  // namespace knit
