// SPDX-License-Identifier: BSL-1.0
// Trains 784-256-10 on MNIST and prints each epoch's loss, accuracy and seconds.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <knit/knit.hpp>
#include <string>
#include <unistd.h>

using namespace knit;

struct options {
  int epochs = 10;
  float lr = 0.1f;
  int threads = 0;
  std::uint64_t seed = 1;
  std::string backend = "simd";
  std::string data = KNIT_EXAMPLE_DATA "/mnist";
  bool explain = false;
};

[[noreturn]] static void usage(char const* wrong) {
  std::fprintf(stderr,
               "mnist_mlp: cannot use '%s'\n"
               "usage: mnist_mlp [--epochs N] [--lr X] [--threads N] [--seed N] [--backend scalar|simd] [--data FOLDER] "
               "[--explain] [--test]\n", wrong);
  std::exit(2);
}

static double numeral(char const* text) {
  char* end = nullptr;
  const double v = std::strtod(text, &end);
  if (end == text || *end || v < 0) usage(text);
  return v;
}

static options parse(int argc, char** argv) {
  options o;
  for (int i = 1; i < argc; ++i) {
    const std::string a = argv[i];
    if (a == "--explain") o.explain = true;
    else if (a == "--test") o.epochs = 1;
    else if (i + 1 == argc) usage(argv[i]);
    else if (a == "--epochs") o.epochs = int(numeral(argv[++i]));
    else if (a == "--lr") o.lr = float(numeral(argv[++i]));
    else if (a == "--threads") o.threads = int(numeral(argv[++i]));
    else if (a == "--seed") o.seed = std::uint64_t(numeral(argv[++i]));
    else if (a == "--backend") o.backend = argv[++i];
    else if (a == "--data") o.data = argv[++i];
    else usage(argv[i]);
  }
  if (o.backend != "simd" && o.backend != "scalar") usage(o.backend.c_str());
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
  thread_count() = o.threads;
  const auto mnist = read_mnist(o.data);
  if (o.backend == "simd") run<simd_backend>(o, mnist);
  else run<scalar_backend<float>>(o, mnist);
} catch (std::exception const& e) {
  std::fprintf(stderr, "mnist_mlp: %s\n", e.what());
  return 1;
}
