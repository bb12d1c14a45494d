// SPDX-License-Identifier: BSL-1.0
// instances.cpp -- in: data/instances.hpp. out: what it joins, what it refuses and in which words, MNIST as it is.

#include <knit/data/instances.hpp>

#include <gtest/gtest.h>

#include <array>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>
#include <zlib.h>

namespace {

namespace fs = std::filesystem;
using bytes = std::vector<std::uint8_t>;

class files : public testing::Test {
 protected:
  files() {
    std::string name = testing::TempDir() + "/knit_instances_XXXXXX";
    folder = mkdtemp(name.data());
    images = folder / "images", labels = folder / "labels";
  }
  ~files() override { fs::remove_all(folder); }

  /// Writes a gzip IDX file of these extents and elements.
  static void write(fs::path const& path, std::vector<int> const& extents, bytes const& elements) {
    bytes b = {0, 0, 8, std::uint8_t(extents.size())};
    for (int e : extents)
      for (int shift : {24, 16, 8, 0}) b.push_back(std::uint8_t(e >> shift));
    b.insert(b.end(), elements.begin(), elements.end());
    gzFile f = gzopen(path.c_str(), "wb");
    ASSERT_EQ(gzwrite(f, b.data(), unsigned(b.size())), int(b.size()));
    ASSERT_EQ(gzclose(f), Z_OK);
  }
  /// A plain copy.
  fs::path unpacked(fs::path const& path) {
    const auto plain = fs::path(path) += ".plain";
    gzFile f = gzopen(path.c_str(), "rb");
    std::ofstream out(plain, std::ios::binary);
    char b[256];
    for (int n; (n = gzread(f, b, sizeof b)) > 0;) out.write(b, n);
    gzclose(f);
    return plain;
  }
  static bytes counting(int n) {
    bytes b(static_cast<std::size_t>(n));
    std::iota(b.begin(), b.end(), std::uint8_t{0});
    return b;
  }
  /// What is said, less the folder's name; "" if nothing.
  template <std::invocable F> std::string refusal(F f) {
    try {
      f();
    } catch (knit::data_error const& e) {
      std::string said = e.what();
      const std::string from = folder.string() + "/";
      for (auto at = said.find(from); at != said.npos; at = said.find(from)) said.erase(at, from.size());
      return said;
    }
    return "";
  }
  template <int Features = 1> knit::instances<Features> read(int classes = 10) {
    return {knit::read_idx(images), knit::read_idx(labels), classes};
  }
  template <int Features = 1> std::string refusal(int classes = 10) {
    return refusal([&] { read<Features>(classes); });
  }

  fs::path folder, images, labels;
};

TEST_F(files, are_joined) {
  write(images, {3, 2, 4}, counting(24));
  write(labels, {3}, {2, 0, 1});
  const auto d = read<8>(3);
  EXPECT_EQ(d.classes, 3);
  EXPECT_EQ(d.size, 3);
  EXPECT_EQ(bytes(d.x.begin(), d.x.end()), counting(24));  // instance i is the bytes 8 i ... 8 i + 7, as in the file
  EXPECT_EQ(bytes(d.y.begin(), d.y.end()), (bytes{2, 0, 1}));
}

TEST_F(files, may_be_flat_or_deep_or_empty) {
  write(labels, {2}, {0, 255});
  write(images, {2, 5}, counting(10));
  EXPECT_EQ(read<5>(256).size, 2);
  write(images, {2, 3, 2, 2}, counting(24));
  EXPECT_EQ(read<12>(256).size, 2);
  write(labels, {0}, {});
  write(images, {0, 28, 28}, {});
  EXPECT_EQ(read<784>(1).size, 0);
}

TEST_F(files, are_refused_on_unequal_counts) {
  write(images, {3, 2}, counting(6));
  write(labels, {2}, {0, 1});
  EXPECT_EQ(refusal(), "knit: labels has 2 labels, but images has 3 instances");
}

TEST_F(files, are_refused_on_a_label_out_of_range) {
  write(images, {4, 1}, counting(4));
  write(labels, {4}, {0, 9, 10, 11});
  EXPECT_EQ(refusal(10), "knit: labels has 10 as label number 2, but labels are 0 .. 9");
  EXPECT_EQ(refusal(1), "knit: labels has 9 as label number 1, but labels are 0 .. 0");
  EXPECT_EQ(refusal(12), "");
}

TEST_F(files, are_refused_on_a_wrong_rank) {
  write(images, {3}, counting(3));
  write(labels, {3}, {0, 1, 2});
  EXPECT_EQ(refusal(), "knit: images has extents 3, but instances need two or more: their number and their size");
  write(images, {3, 1}, counting(3));
  write(labels, {3, 1}, {0, 1, 2});
  EXPECT_EQ(refusal(), "knit: labels has extents 3 x 1, but labels are a list");
}

TEST_F(files, are_refused_on_an_absurd_number_of_features) {
  write(labels, {0}, {});
  write(images, {0, 0x10000, 0x8000}, {});
  EXPECT_EQ(refusal(), "knit: images has extents 0 x 65536 x 32768, but an instance has from 1 to 2^31 - 1 features");
  write(images, {0, 0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff}, {});
  EXPECT_NE(refusal(), "");
  write(images, {0, 0}, {});
  EXPECT_NE(refusal(), "");
  write(images, {0, 0x7fffffff}, {});
  EXPECT_EQ(refusal<0x7fffffff>(), "");
}

TEST_F(files, are_refused_if_one_is_missing_or_bad) {
  write(labels, {1}, {0});
  EXPECT_EQ(refusal(), "knit: images is missing");
  write(images, {1, 2}, {0});
  EXPECT_EQ(refusal(), "knit: images is truncated: it holds 1 of the 2 bytes that its header promises (1 x 2)");
  write(images, {1, 1}, {0});
  fs::remove(labels);
  EXPECT_EQ(refusal(), "knit: labels is missing");
}

TEST_F(files, are_instances_of_any_type) {
  using knit::file_array;
  const std::vector<float> xs = {1, 2, 3, 4, 5, 6};
  const file_array<float> x{"x", {3, 2}, xs};
  const knit::instances<2, float, std::int32_t> classes(x, file_array<std::int32_t>{"y", {3}, {0, 999, 1}}, 1000);
  EXPECT_EQ(classes.size, 3);
  EXPECT_EQ(classes.y[1], 999);
  const auto copy = classes;
  EXPECT_EQ(copy.x.data(), classes.x.data());  // shared
  EXPECT_EQ(std::vector(copy.x.begin(), copy.x.end()), xs);
  const knit::instances<2, float, float> measured(x, file_array<float>{"y", {3}, {0.5f, -1, 1e9f}});
  EXPECT_EQ(measured.y[2], 1e9f);

  auto const of_classes = [&](std::vector<std::int32_t> y, int n) {
    return refusal([&] { knit::instances<2, float, std::int32_t>(x, file_array<std::int32_t>{"y", {int(y.size())}, y}, n); });
  };
  EXPECT_EQ(of_classes({0, 1, -1}, 2), "knit: y has -1 as label number 2, but labels are 0 .. 1");
  EXPECT_EQ(of_classes({0, 1, 2}, 2), "knit: y has 2 as label number 2, but labels are 0 .. 1");
  EXPECT_EQ(of_classes({0, 1}, 2), "knit: y has 2 labels, but x has 3 instances");
  EXPECT_THROW(of_classes({0, 0, 0}, 0), std::invalid_argument);
  EXPECT_EQ(refusal([&] {
              knit::instances<3, float, float>(x, file_array<float>{"y", {3}, {1, 2, 3}});
            }),
            "knit: x has instances of 2 features, but the program has 3");
  EXPECT_EQ(refusal([&] {
              knit::instances<2, float, float>(x, file_array<float>{"y", {3, 1}, {1, 2, 3}});
            }),
            "knit: y has extents 3 x 1, but labels are a list");
  using vectors = knit::instances<2, float, float[2]>;
  const vectors pairs(x, file_array<float>{"y", {3, 2}, {1, 2, 3, 4, 5, 6}});
  EXPECT_EQ(pairs.y.size(), 6u);
  EXPECT_EQ(refusal([&] {
              vectors(x, file_array<float>{"y", {3}, {1, 2, 3}});
            }),
            "knit: y has extents 3, but labels are of 2 numbers each");
  EXPECT_EQ(refusal([&] {
              vectors(x, file_array<float>{"y", {2, 2}, {1, 2, 3, 4}});
            }),
            "knit: y has 2 labels, but x has 3 instances");
  EXPECT_EQ((knit::instances<2, float, float[1]>(x, file_array<float>{"y", {3}, {1, 2, 3}}).size), 3);
  EXPECT_THROW((knit::instances<2, float, float>(x, file_array<float>{"y", {3}, {1, 2}})), std::invalid_argument);
}

TEST_F(files, and_values_of_a_program_go_together) {
  write(images, {3, 2}, counting(6));
  const knit::instances<2, knit::unorm8, double> d(knit::map_idx(unpacked(images)), std::vector<double>{0.5, 1.5, 2.5});
  EXPECT_EQ(d.size, 3);
  EXPECT_EQ(d.x[5], 5);
  EXPECT_EQ(d.y[2], 2.5);
  EXPECT_EQ(refusal([&] {
              knit::instances<2>(knit::read_idx(images), std::vector<std::uint8_t>{0, 1}, 2);
            }),
            "knit: y has 2 labels, but images has 3 instances");
}

// ---- what a program has ----------------------------------------------------------------------------------

TEST(values, are_kept_or_referred_to) {
  std::vector<float> x = {1, 2, 3, 4, 5, 6}, y = {7, 8, 9};
  using points = knit::instances<2, float, float>;
  const points copied(x, y), borrowed{std::span(x), std::span<float const>(y)};
  float const* const there = x.data();
  EXPECT_EQ(borrowed.x.data(), there);
  EXPECT_NE(copied.x.data(), there);
  const points moved(std::move(x), std::array<float, 3>{1, 2, 3});
  EXPECT_EQ(moved.x.data(), there);
  for (auto const* d : {&copied, &borrowed, &moved}) {
    EXPECT_EQ(d->size, 3);
    EXPECT_EQ(d->classes, 0);
    EXPECT_EQ(std::vector(d->x.begin(), d->x.end()), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  }
  EXPECT_EQ(copied.y[2], 9);
  EXPECT_EQ(moved.y[2], 3);
}

TEST(values, are_of_any_type) {
  const knit::instances<1, double, std::int32_t> doubles(std::vector{0.5, 1.5}, std::vector{0, 1000}, 1001);
  EXPECT_EQ(doubles.x[1], 1.5);
  EXPECT_EQ(doubles.y[1], 1000);
  EXPECT_EQ(doubles.classes, 1001);
  const knit::instances<3> levels(bytes{1, 2, 3}, bytes{4}, 5);
  EXPECT_EQ(levels.size, 1);
  const knit::instances<1, float, double[3]> vectors(std::vector<float>{1, 2}, std::vector<double>{1, 2, 3, 4, 5, 6});
  EXPECT_EQ(vectors.size, 2);
  EXPECT_EQ(vectors.y[5], 6);
  const std::vector<std::uint8_t> pictures = {1, 2, 3, 4};
  const knit::instances<2, knit::unorm8, knit::unorm8[2]> themselves(pictures, pictures);
  EXPECT_EQ(themselves.y[3], 4);
  const knit::instances<1> none(bytes{}, bytes{}, 1);
  EXPECT_EQ(none.size, 0);
}

TEST(values, are_refused_where_they_do_not_fit) {
  auto const says = [](auto make) -> std::string {
    try {
      make();
    } catch (knit::data_error const& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(says([] { knit::instances<2>(bytes(7), bytes(3), 2); }), "knit: x has 7 values, but each instance has 2");
  EXPECT_EQ(says([] { knit::instances<2>(bytes(6), bytes(4), 2); }), "knit: y has 4 labels, but x has 3 instances");
  EXPECT_EQ(says([] {
              knit::instances<2>(bytes(6), bytes{0, 1, 2}, 2);
            }),
            "knit: y has 2 as label number 2, but labels are 0 .. 1");
  EXPECT_EQ(says([] {
              knit::instances<1, float, std::int32_t>(std::vector<float>(2), std::vector{0, -1}, 2);
            }),
            "knit: y has -1 as label number 1, but labels are 0 .. 1");
  EXPECT_EQ(says([] {
              knit::instances<1, float, std::int32_t[2]>(std::vector<float>(2), std::vector{0, 1, 1, 2}, 2);
            }),
            "knit: y has 2 as label number 1, but labels are 0 .. 1");
  EXPECT_EQ(says([] { knit::instances<1, float, float[2]>(std::vector<float>(2), std::vector<float>(5)); }),
            "knit: y has 5 values, but each label has 2");
  EXPECT_THROW(knit::instances<2>(bytes(2), bytes(1), 257), std::invalid_argument);
}

TEST_F(files, need_a_sensible_number_of_classes) {
  write(images, {1, 1}, {0});
  write(labels, {1}, {0});
  for (int classes : {-1, 0, 257}) EXPECT_THROW(read(classes), std::invalid_argument);
  EXPECT_NO_THROW(read(256));
}

TEST_F(files, of_mnist_must_be_28_by_28) {
  auto const read = [&] { knit::read_mnist(folder); };
  auto const put = [&](std::string const& part, std::vector<int> const& extents, int label = 9) {
    int n = 1;
    for (int e : extents) n *= e;
    write(folder / (part + "-images-idx3-ubyte.gz"), extents, counting(n));
    write(folder / (part + "-labels-idx1-ubyte.gz"), {extents[0]}, bytes(std::size_t(extents[0]), std::uint8_t(label)));
  };
  const std::string missing =
      " is missing, and so is that file without .gz; read_mnist needs a folder that holds the four files of MNIST";
  EXPECT_EQ(refusal(read), "knit: train-labels-idx1-ubyte.gz" + missing);
  put("train", {2, 28, 28});
  EXPECT_EQ(refusal(read), "knit: t10k-labels-idx1-ubyte.gz" + missing);
  for (auto const& [extents, said] : {std::pair{std::vector{1, 784}, "1 x 784"},
                                      {{1, 28, 27}, "1 x 28 x 27"},
                                      {{1, 27, 28}, "1 x 27 x 28"},
                                      {{1, 28, 28, 1}, "1 x 28 x 28 x 1"}}) {
    put("t10k", extents);
    EXPECT_EQ(refusal(read),
              std::string("knit: t10k-images-idx3-ubyte.gz has extents ") + said + ", but MNIST's images are 28 x 28");
  }
  put("t10k", {1, 28, 28}, 10);
  EXPECT_EQ(refusal(read), "knit: t10k-labels-idx1-ubyte.gz has 10 as label number 0, but labels are 0 .. 9");
  put("t10k", {1, 28, 28});
  auto const d = knit::read_mnist(folder);
  EXPECT_EQ(d.train.size, 2);
  EXPECT_EQ(d.test.size, 1);
  fs::rename(folder / "t10k-images-idx3-ubyte.gz", folder / "t10k-images-idx3-ubyte");  // unpacked beside packed ones
  EXPECT_EQ(knit::read_mnist(folder).test.size, 1);
}

TEST(mnist, reads_as_it_is) {
  const knit::mnist_data d = knit::read_mnist(fs::path(KNIT_EXAMPLE_DATA) / "mnist");
  for (auto const* part : {&d.train, &d.test}) {
    EXPECT_EQ(part->classes, 10);
    EXPECT_EQ(part->x.size(), std::size_t(part->size) * 784);
    EXPECT_EQ(part->y.size(), std::size_t(part->size));
  }
  EXPECT_EQ(d.train.size, 60000);
  EXPECT_EQ(d.test.size, 10000);
  EXPECT_EQ(bytes(d.train.y.begin(), d.train.y.begin() + 5), (bytes{5, 0, 4, 1, 9}));
  EXPECT_EQ(std::accumulate(d.train.x.begin(), d.train.x.end(), 0LL), 1567298545);
  EXPECT_EQ(std::accumulate(d.test.x.begin(), d.test.x.end(), 0LL), 264923200);
  EXPECT_EQ(std::accumulate(d.train.y.begin(), d.train.y.end(), 0LL), 267236);
  EXPECT_EQ(std::accumulate(d.test.y.begin(), d.test.y.end(), 0LL), 44434);
}

}  // namespace
