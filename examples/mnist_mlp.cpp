// SPDX-License-Identifier: BSL-1.0
// Trains 784-256-10 on MNIST under any update rule and prints each epoch's loss, accuracy and seconds. The exit status is 1 where
// the accuracy is below what --at-least says.
#include "mnist_mlp/run.hpp"

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string_view>

static constexpr char help[] =
    "usage: mnist_mlp [OPTION...]\n"
    "  --epochs N             passes over the data; 10\n"
    "  --optimizer NAME       sgd, momentum, nesterov, adagrad, rmsprop, adadelta, adam, adamw or lion; sgd\n"
    "  --lr X                 learning rate, at first; the optimizer's own, of sgd 0.5\n"
    "  --constant             the learning rate stays, else it falls to 0 along half a cosine, over all epochs\n"
    "  --l1 X                 sgd only: a penalty of X times the sum of absolute weights\n"
    "  --dropout              sgd only: drops a fifth of the hidden layer in training\n"
    "  --threads N            threads, on which no result depends; one for each core\n"
    "  --seed N               of the weights and the order of the data; 1\n"
    "  --backend scalar|simd  scalar is the plain loops that all else is checked against; simd\n"
    "  --data FOLDER          of the four MNIST files, packed by gzip or not; " KNIT_EXAMPLE_DATA "/mnist\n"
    "  --explain              prints the plan first: kernels, what each computes, why they are not one, memory\n"
    "  --at-least X           the exit status is 1 unless the last accuracy is at least X; 0\n"
    "  --test                 one epoch, and an accuracy of at least 0.9\n"
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
    else if (a == "--test") o.epochs = 1, o.at_least = 0.9;
    else if (a == "--at-least") o.at_least = number_of(a, value(), 0.0, 1.0, "a number from 0 to 1");
    else if (a == "--epochs") o.epochs = number_of(a, value(), 1, 1'000'000, "a whole number from 1 to a million");
    else if (a == "--lr") o.lr = number_of(a, value(), 1e-30, 1e30, "a number above 0");
    else if (a == "--constant") o.constant = true;
    else if (a == "--optimizer") o.optimizer = value();
    else if (a == "--l1") o.l1 = number_of(a, value(), 0.0, 1e30, "a number from 0 on");
    else if (a == "--dropout") o.dropout = true;
    // The work of a program is cut into so many runs; more threads would have none.
    else if (a == "--threads") o.threads = number_of(a, value(), 1, tuning{}.most_runs, "a whole number from 1 to 32");
    else if (a == "--seed") o.seed = number_of(a, value(), std::uint64_t(0), ~std::uint64_t(0), "a whole number below 2^64");
    else if (a == "--backend") o.backend = value();
    else if (a == "--data") o.data = value();
    else throw wrong_option("there is no option '" + a + "'; --help lists those that there are");
  }
  if (o.backend != "simd" && o.backend != "scalar") throw wrong_option("--backend takes scalar or simd, not '" + o.backend + "'");
  const bool more = o.l1 > 0 || o.dropout;
  if (more && o.optimizer != "sgd") throw wrong_option("--l1 and --dropout are compiled for sgd alone, not for " + o.optimizer);
  if ((more || o.optimizer != "sgd") && o.backend == "scalar")
    throw wrong_option("--backend scalar is compiled for plain sgd alone");
  static_assert(tuning{}.most_runs == 32, "as the sentence on --threads says");
  return o;
}

double train_epochs(options const& o, mnist_data const& mnist, trainee mlp) {
  auto batches = mnist.train | minibatch<100>(shuffle_by{o.seed});
  int epoch = 0;
  double sum = 0, test = 0;
  auto start = std::chrono::steady_clock::now();
  const auto add = [&](float loss) { sum += loss; };
  const auto report = [&](float) {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    test = mlp.accuracy();
    if (isatty(STDERR_FILENO)) std::fputs("\r\033[K", stderr);  // the line of progress
    std::printf("epoch %2d  loss %.4f  accuracy %.4f  %.2f s\n", ++epoch, sum / double(batches.size()), test, seconds.count());
    std::fflush(stdout);
    sum = 0;
    start = std::chrono::steady_clock::now();
  };
  batches | repeat(o.epochs) | train(mlp) | progress | tap(add) | takenth(long(batches.size())) | tap(report) | knit::run();
  std::printf("accuracy %.4f\n", test);
  return test;
}
static run_of_rule* choice(options const& o) {
  if (o.backend == "scalar") return run_sgd_by_plain_loops;
  if (o.dropout) return run_sgd_with_dropout;
  if (o.l1 > 0) return run_sgd_with_l1;
  static constexpr std::pair<std::string_view, run_of_rule*> rules[] = {
      {"sgd", run_sgd},         {"momentum", run_momentum}, {"nesterov", run_nesterov},
      {"adagrad", run_adagrad}, {"rmsprop", run_rmsprop},   {"adadelta", run_adadelta},
      {"adam", run_adam},       {"adamw", run_adamw},       {"lion", run_lion}};
  for (auto const& [name, run] : rules)
    if (o.optimizer == name) return run;
  throw wrong_option("there is no optimizer '" + o.optimizer + "'; --help lists those that there are");
}

int main(int argc, char** argv) try {
  const options o = parse(argc, argv);
  if (o.help) return std::fputs(help, stdout), 0;
  thread_count() = o.threads;
  run_of_rule* const run = choice(o);
  const double right = run(o, read_mnist(std::filesystem::absolute(o.data).lexically_normal()));
  if (!(right >= o.at_least)) return std::fprintf(stderr, "mnist_mlp: the accuracy is below %g\n", o.at_least), 1;
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
