// SPDX-License-Identifier: BSL-1.0
// Trains 784-256-10 on MNIST and prints each epoch's loss, accuracy and seconds.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <knit/knit.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>

using namespace knit;

struct options {
  int epochs = 10;
  float lr = 0.1f;
  int threads = 0;
  std::uint64_t seed = 1;
  std::string backend = "simd";
  std::filesystem::path data = KNIT_EXAMPLE_DATA "/mnist";
  bool explain = false, help = false;
};

static constexpr char help[] =
    "usage: mnist_mlp [OPTION...]\n"
    "  --epochs N             passes over the data; 10\n"
    "  --lr X                 learning rate; 0.1\n"
    "  --threads N            threads, on which no result depends; one for each core\n"
    "  --seed N               of the weights and the order of the data; 1\n"
    "  --backend scalar|simd  scalar is the plain loops that all else is checked against; simd\n"
    "  --data FOLDER          of the four MNIST files, packed by gzip or not; " KNIT_EXAMPLE_DATA "/mnist\n"
    "  --explain              prints the plan first: kernels, what each computes, why they are not one, memory\n"
    "  --test                 one epoch\n"
    "  --help                 prints this\n";

/// A command line that cannot be meant.
struct wrong_option : std::invalid_argument {
  using invalid_argument::invalid_argument;
};

/// What is written after an option: a number from `low` to `high`.
template <class T> static T number_of(std::string const& option, std::string_view text, T low, T high, char const* allowed) {
  T v{};
  const auto end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, v);
  if (fault != std::errc() || stop != end || !(v >= low && v <= high))
    throw wrong_option(option + " takes " + allowed + ", not '" + std::string(text) + "'");
  return v;
}

static options parse(int argc, char** argv) {
  options o;
  for (int i = 1; i < argc; ++i) {
    const std::string a = argv[i];
    auto value = [&]() -> char const* {
      if (i + 1 == argc) throw wrong_option(a + " needs a value; --help lists what there is");
      return argv[++i];
    };
    if (a == "--help" || a == "-h") o.help = true;
    else if (a == "--explain") o.explain = true;
    else if (a == "--test") o.epochs = 1;
    else if (a == "--epochs") o.epochs = number_of(a, value(), 1, 1'000'000, "a whole number from 1 to a million");
    else if (a == "--lr") o.lr = number_of(a, value(), 1e-30f, 1e30f, "a number above 0");
    // The work of a program is cut into so many runs; more threads would have none.
    else if (a == "--threads") o.threads = number_of(a, value(), 1, tuning{}.most_runs, "a whole number from 1 to 32");
    else if (a == "--seed") o.seed = number_of(a, value(), std::uint64_t(0), ~std::uint64_t(0), "a whole number below 2^64");
    else if (a == "--backend") o.backend = value();
    else if (a == "--data") o.data = value();
    else throw wrong_option("there is no option '" + a + "'; --help lists those that there are");
  }
  if (o.backend != "simd" && o.backend != "scalar") throw wrong_option("--backend takes scalar or simd, not '" + o.backend + "'");
  static_assert(tuning{}.most_runs == 32, "as the sentence on --threads says");
  return o;
}

template <class Backend> static void run(options const& o, mnist_data const& mnist) {
  auto mlp = make_chain(make_dense<784, 256>(relu, xavier_uniform{o.seed}, 0), make_dense<256, 10>(identity, xavier_uniform{o.seed}, 1));
  auto batches = mnist.train | minibatch<100>(shuffle_by{o.seed});
  using step = training_step<Backend, decltype(mlp), sgd_rule, view<unorm8, 784, 100>, view<std::uint8_t, 100>>;
  static_assert(plan_of<step>::kernels <= 3, "the step is at most three fused kernels");
  if (o.explain) std::fputs(explain(step(mlp, {.lr = o.lr})).c_str(), stdout);

  const bool live = isatty(STDERR_FILENO);
  double test = 0;
  for (int epoch = 1; epoch <= o.epochs; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    double sum = 0;
    long steps = 0;
    for (float loss : batches | sgd<Backend>(mlp, {.lr = o.lr})) {
      sum += loss;
      ++steps;
      if (live && steps % 50 == 0)
        std::fprintf(stderr, "\repoch %d/%d  %3ld%%  loss %.4f ", epoch, o.epochs, 100 * steps / long(batches.size()), sum / double(steps));
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    test = accuracy<Backend>(mlp, mnist.test);
    if (live) std::fputs("\r\033[K", stderr);
    std::printf("epoch %2d  loss %.4f  accuracy %.4f  %.2f s\n", epoch, sum / double(steps), test, seconds.count());
    std::fflush(stdout);
  }
  std::printf("accuracy %.4f\n", test);
}

int main(int argc, char** argv) try {
  const options o = parse(argc, argv);
  if (o.help) return std::fputs(help, stdout), 0;
  thread_count() = o.threads;
  const auto mnist = read_mnist(std::filesystem::absolute(o.data).lexically_normal());
  if (o.backend == "simd") run<simd_backend>(o, mnist);
  else run<scalar_backend<float>>(o, mnist);
} catch (wrong_option const& e) {
  std::fprintf(stderr, "mnist_mlp: %s\n", e.what());
  return 2;
} catch (data_error const& e) {
  std::fprintf(stderr, "mnist_mlp: %s; --data FOLDER says where the files are\n", e.what());
  return 1;
} catch (std::exception const& e) {
  std::fprintf(stderr, "mnist_mlp: %s\n", e.what());
  return 1;
}
