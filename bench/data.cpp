// SPDX-License-Identifier: BSL-1.0
// data.cpp -- in: MNIST. out: how many shuffled batches of 100 a second can be had, from memory, ahead on another thread,
// from a mapped file and from one that is larger than memory, beside how many the training step of 784-256-10 takes; epochs
// with and without.
//
//     bench/run data [--rounds N]
//
// A round is 600 batches of each, an epoch of MNIST, one after the other; figures are medians of rounds. Where only batches are
// made, their bytes are converted to float and added up, as the step converts them. The file that is larger than memory has
// half as many bytes again, and is a hole, in $TMPDIR: pages that are not there are made by the system, and others are dropped for
// them, but no disk is waited for. It is read through first, so that memory is full of it. Of its epoch a small part is read;
// the order, made once, is timed apart.
#include <knit/knit.hpp>

#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

using namespace knit;

namespace {

constexpr int batch_size = 100;
using images = view<unorm8, 784, batch_size>;
using labels = view<std::uint8_t, batch_size>;
using network = decltype(make_chain(make_dense<784, 256>(relu), make_dense<256, 10>()));

struct contestant {
  char const *name, *what;
  std::function<long()> epoch;  // gives the number of its batches
  std::vector<double> seconds = {};

  double median() {
    std::nth_element(seconds.begin(), seconds.begin() + long(seconds.size() / 2), seconds.end());
    return seconds[seconds.size() / 2];
  }
};

/// Adds up what a batch holds.
struct adding_step {
  using value_type = float;
  tensor<float> total;
  float operator()(images const& x, labels const&) {
    total = sum(x);
    return total[0];
  }
};

/// A file of MNIST without its packing, in a folder of the system for such; it is there until the program ends.
class unpacked_file {
 public:
  unpacked_file(std::filesystem::path const& packed, std::string const& name)
      : path(std::filesystem::temp_directory_path() / ("knit_bench_data_" + name)) {
    gzFile from = gzopen(packed.c_str(), "rb");
    std::ofstream to(path, std::ios::binary);
    std::vector<char> part(1 << 20);
    for (int n; (n = gzread(from, part.data(), unsigned(part.size()))) > 0;) to.write(part.data(), n);
    gzclose(from);
  }
  ~unpacked_file() { std::filesystem::remove(path); }
  unpacked_file(unpacked_file const&) = delete;
  const std::filesystem::path path;
};

/// As many zeros as images of MNIST's size as make the file larger than memory by half; without a name, and gone with the
/// last that maps it.
mapped_array<std::uint8_t> images_larger_than_memory() {
  const auto folder = std::filesystem::temp_directory_path();
  struct statfs about {};
  constexpr long in_memory = 0x01021994;  // of tmpfs
  if (statfs(folder.c_str(), &about) != 0 || about.f_type == in_memory) {
    std::fprintf(stderr, "%s is in memory, where nothing larger lies; let TMPDIR say a folder on a disk\n", folder.c_str());
    std::exit(1);
  }
  const long memory = sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGE_SIZE), count = memory / 2 * 3 / 784;
  const auto path = folder / ("knit_bench_data_large_" + std::to_string(getpid()));
  std::string header = {0, 0, 8, 2};
  for (long extent : {count, 784l})
    for (int shift : {24, 16, 8, 0}) header.push_back(char(extent >> shift));
  std::ofstream(path, std::ios::binary) << header;
  std::filesystem::resize_file(path, header.size() + std::uintmax_t(count) * 784);
  auto images = map_idx(path);
  std::filesystem::remove(path);
  return images;
}
long major_faults() {
  rusage now{};
  getrusage(RUSAGE_SELF, &now);
  return now.ru_majflt;
}

void race(std::vector<contestant>& all, int rounds) {
  for (int r = -1; r < rounds; ++r)  // once for nothing
    for (auto& c : all) {
      const auto start = std::chrono::steady_clock::now();
      const long batches = c.epoch();
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      if (batches != 600) std::fprintf(stderr, "%s has %ld batches\n", c.name, batches), std::exit(1);
      if (r >= 0) c.seconds.push_back(seconds);
    }
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = 9;
  if (argc == 3 && !std::strcmp(argv[1], "--rounds")) rounds = std::atoi(argv[2]);
  if ((argc != 1 && argc != 3) || rounds < 1) {
    std::fprintf(stderr, "usage: bench_data [--rounds N]\n");
    return 2;
  }
  const std::filesystem::path folder = KNIT_EXAMPLE_DATA "/mnist";
  const auto mnist = read_mnist(folder);
  const unpacked_file x(folder / "train-images-idx3-ubyte.gz", "images"), y(folder / "train-labels-idx1-ubyte.gz", "labels");
  const instances<784> mapped(map_idx(x.path), map_idx(y.path), 10);

  auto model = make_chain(make_dense<784, 256>(relu), make_dense<256, 10>());
  training_step<simd_backend, network, sgd_rule, images, labels> step(model, {.lr = 0.1});
  adding_step add;
  auto batches = mnist.train | minibatch<batch_size>(shuffle_by{1});
  auto of_file = mapped | minibatch<batch_size>(shuffle_by{1});
  auto larger_file = images_larger_than_memory();
  const int count = larger_file.extent[0];
  const instances<784> larger(std::move(larger_file), std::vector<std::uint8_t>(std::size_t(count)), 10);
  std::uint8_t sum_of_pages = 0;
  for (std::size_t at = 0; at < larger.x.size(); at += 4096) sum_of_pages = std::uint8_t(sum_of_pages + larger.x[at]);
  if (sum_of_pages != 0) return 1;
  auto all_of_larger = larger | minibatch<batch_size>(shuffle_by{1}) | cycle | train(add);
  auto of_larger = ranges::begin(all_of_larger);
  const auto start = std::chrono::steady_clock::now();
  *of_larger;
  const double order = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%d instances in a file of %.1f GiB; their order takes %.2f s, of each batch %.2f us\n\n", count,
              784.0 * count / (1 << 30), order, 1e6 * order / (count / batch_size));
  long faults = 0;  // of the last 600 batches of it
  const auto shifted = augment(random_shift{28, 28, 2});
  const images first(reinterpret_cast<unorm8 const*>(mnist.train.x.data()));
  const labels of_first(mnist.train.y.data());

  std::vector<contestant> all = {
      {"step", "the step alone, on one batch",
       [&] {
         for (int n = 0; n < 600; ++n) step(first, of_first);
         return 600l;
       }},
      {"memory", "batches alone", [&] { return batches | train(add) | run(); }},
      {"prefetch", "... ahead", [&] { return batches | prefetch | train(add) | run(); }},
      {"file", "... of a mapped file", [&] { return of_file | train(add) | run(); }},
      {"shift", "... shifted at random", [&] { return batches | shifted | train(add) | run(); }},
      {"larger", "... of a file larger than memory",
       [&] {
         const long before = major_faults();
         for (int n = 0; n < 600; ++n, ++of_larger) *of_larger;
         faults = major_faults() - before;
         return 600l;
       }},
      {"epoch", "batches and steps", [&] { return batches | train(step) | run(); }},
      {"epoch_prefetch", "... ahead", [&] { return batches | prefetch | train(step) | run(); }},
      {"epoch_file", "... of a mapped file", [&] { return of_file | train(step) | run(); }},
      {"epoch_shift", "... shifted at random", [&] { return batches | shifted | train(step) | run(); }},
      {"epoch_shift_prefetch", "... shifted at random, ahead", [&] { return batches | shifted | prefetch | train(step) | run(); }}};

  std::string lines;
  for (const int threads : {1, simd::team::cores()}) {
    thread_count() = threads;
    for (auto& c : all) c.seconds.clear();
    race(all, rounds);
    std::printf("%d thread%s for programs, %d rounds\n%-32s %12s %12s\n", threads, threads > 1 ? "s" : "", rounds, "", "batches/s",
                "ms an epoch");
    for (auto& c : all) std::printf("%-32s %12.0f %12.2f\n", c.what, 600 / c.median(), 1e3 * c.median());
    std::printf("\nof each batch of the file larger than memory %.1f pages were not there\n\n", double(faults) / 600);
    const std::string which = threads == 1 ? "data_1thread_" : "data_";
    const auto line = [&](std::string const& name, double value) {
      char text[100];
      std::snprintf(text, sizeof text, "%s%s %.4g\n", which.c_str(), name.c_str(), value);
      lines += text;
    };
    for (std::size_t k = 0; k < 6; ++k) line(std::string(all[k].name) + "_batches_per_s", 600 / all[k].median());
    for (std::size_t k = 1; k < 6; ++k) line(std::string(all[k].name) + "_vs_step", all[0].median() / all[k].median());
    for (std::size_t k = 6; k < all.size(); ++k) line(std::string(all[k].name) + "_ms", 1e3 * all[k].median());
    if (threads == simd::team::cores()) break;  // one core only
  }
  std::fputs(lines.c_str(), stdout);
}
