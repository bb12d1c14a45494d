// SPDX-License-Identifier: BSL-1.0
// checkpoint.cpp -- in: lines, `name=text` and `name`. out: a checkpoint with these texts in its metadata, and without these names, is
// refused, or loaded, saved and loaded the same, and training goes on. (What is no safetensors file: safetensors.cpp.)

#include <knit/knit.hpp>
#include <knit/train/checkpoint.hpp>

#include <cmath>
#include <cstdlib>
#include <sstream>
#include <string>

#include "file_of.hpp"

namespace {

using namespace knit;

struct training {
  using model_type = decltype(make_chain(make_dense<2, 2>()));
  instances<2> data{file_array<std::uint8_t>{"x", {5, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
                    file_array<std::uint8_t>{"y", {5}, {0, 1, 1, 0, 1}}, 2};
  model_type model = make_chain(make_dense<2, 2>());
  minibatch_view<2, 2> batches = data | minibatch<2>(shuffle_by{1});
  training_step<scalar_backend<float>, model_type, adam_rule, view<unorm8, 2, 2>, view<std::uint8_t, 2>> step{model, {}};

  bool goes_on() {
    for (float loss : batches | train(step) | take(1)) return std::isfinite(loss);
    return false;
  }
};
bool operator==(batch_position const& p, batch_position const& q) {
  return p.seed == q.seed && p.epoch == q.epoch && p.batch == q.batch && p.batch_size == q.batch_size && p.instances == q.instances;
}

void change(safetensors_file& file, std::string const& line) {
  for (std::string_view rest = line; !rest.empty();) {
    const std::size_t n = detail::utf8_length(rest);
    if (n == 0) return;  // it cannot be written
    rest.remove_prefix(n);
  }
  if (auto const at = line.find('='); at != line.npos) file.metadata[line.substr(0, at)] = line.substr(at + 1);
  else file.metadata.erase(line), file.arrays.erase(line);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static training first, second;
  static auto const& path = file_of(nullptr, 0);
  static const safetensors_file sound = [] {
    if (!first.goes_on()) std::abort();
    save(path, first.step, first.batches);
    return read_safetensors(path);
  }();
  safetensors_file file = sound;
  std::istringstream lines(std::string(reinterpret_cast<char const*>(data), size));
  for (std::string line; std::getline(lines, line);) change(file, line);
  write_safetensors(path, file);
  try {
    load(path, first.model);
    load(path, first.step, first.batches);
  } catch (data_error const&) {
    return 0;
  }
  save(path, first.step, first.batches);
  load(path, second.step, second.batches);
  if (second.step.steps() != first.step.steps() || !(second.batches.position() == first.batches.position())) std::abort();
  if (!first.goes_on() || !second.goes_on()) std::abort();
  return 0;
}
