// SPDX-License-Identifier: BSL-1.0
// trust_region.hpp -- in: J, r and a radius. out: the step h that makes |J h + r| least among those of at most that
// length.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

namespace knit {

namespace detail {

/// Householder's reflections that make a, rows x columns with rows >= columns and first index fastest, upper triangular
/// in its first `columns` rows; b is reflected, too. What is below is no longer of use.
inline void make_triangular(double* a, double* b, int rows, int columns) {
  for (int k = 0; k < columns; ++k) {
    double* const v = a + long(k) * rows;
    double square = 0;
    for (int i = k; i < rows; ++i) square += v[i] * v[i];
    if (square == 0) continue;
    const double diagonal = std::copysign(std::sqrt(square), -v[k]), half = square - diagonal * v[k];
    v[k] -= diagonal;
    auto reflect = [&](double* c) {
      double dot = 0;
      for (int i = k; i < rows; ++i) dot += v[i] * c[i];
      for (int i = k; i < rows; ++i) c[i] -= dot / half * v[i];
    };
    for (int j = k + 1; j < columns; ++j) reflect(a + long(j) * rows);
    reflect(b);
    v[k] = diagonal;
  }
}

}  // namespace detail

/// Steps of least squares. A step's length is |D h|, D the largest length that each column of J has had, so that it
/// does not depend on the units of the parameters. After construction nothing is allocated. Source: More, The
/// Levenberg-Marquardt algorithm: implementation and theory, Lecture Notes in Mathematics 630 (1978).
class trust_region {
 public:
  trust_region(int rows, int columns)
      : rows_(std::max(rows, columns)),
        columns_(columns),
        j_(std::size_t(rows_) * n()),
        r_(std::size_t(rows_)),
        triangle_(2 * n() * n()),
        right_(2 * n()),
        length_(n()),
        scale_(n()),
        z_(n()) {}

  void clear() { std::fill(scale_.begin(), scale_.end(), 0); }

  /// J, rows x columns, first index fastest, and r. False if a number of them is not finite.
  template <class T> bool linearise(T const* j, T const* r, int rows) {
    std::fill(j_.begin(), j_.end(), 0);
    std::fill(r_.begin(), r_.end(), 0);
    std::copy_n(r, rows, r_.begin());
    steepest_ = 0;
    const double size = norm(r_);
    for (std::size_t k = 0; k < n(); ++k) {
      double* const column = j_.data() + k * std::size_t(rows_);
      double dot = 0, square = 0;
      for (int i = 0; i < rows; ++i) {
        column[i] = double(*j++);
        dot += column[i] * r_[std::size_t(i)], square += column[i] * column[i];
      }
      length_[k] = std::sqrt(square);
      scale_[k] = std::max(scale_[k], length_[k]);
      if (!std::isfinite(square)) return false;
      if (size > 0 && square > 0) steepest_ = std::max(steepest_, std::abs(dot) / (length_[k] * size));
      for (int i = 0; i < rows; ++i) column[i] /= of(k);
    }
    detail::make_triangular(j_.data(), r_.data(), rows_, columns_);
    return std::isfinite(size);
  }
  /// The largest cosine between r and a column of J: 0 where |r| is least.
  double steepest() const { return steepest_; }

  /// |D w|.
  template <class T> double length(T const* w) const {
    double s = 0;
    for (std::size_t k = 0; k < n(); ++k) s += of(k) * double(w[k]) * of(k) * double(w[k]);
    return std::sqrt(s);
  }
  /// The step. How long it is may differ from the radius by a tenth.
  void step(double radius, double* h) {
    damping_ = 0;
    if (!full_rank() || (solve(), !(norm(z_) <= 1.1 * radius))) damp(radius);
    for (std::size_t k = 0; k < n(); ++k) h[k] = z_[k] / of(k);
  }
  /// Of the last step: lambda |D h|^2 and |J h|^2, whose sum and the first again is how much less |J h + r|^2 is than
  /// |r|^2.
  double damped() const { return damping_ * norm(z_) * norm(z_); }
  double linear() const {
    double s = 0;
    for (int i = 0; i < columns_; ++i) {
      double row = 0;
      for (int k = i; k < columns_; ++k) row += at(i, k) * z_[std::size_t(k)];
      s += row * row;
    }
    return s;
  }

 private:
  std::size_t n() const { return std::size_t(columns_); }
  double of(std::size_t k) const { return scale_[k] > 0 ? scale_[k] : 1; }
  double at(int i, int k) const { return j_[std::size_t(k) * std::size_t(rows_) + std::size_t(i)]; }
  static double norm(std::vector<double> const& v) {
    double s = 0;
    for (double x : v) s += x * x;
    return std::sqrt(s);
  }
  bool full_rank() const {
    double least = std::abs(at(0, 0)), most = least;
    for (int k = 1; k < columns_; ++k) {
      least = std::min(least, std::abs(at(k, k)));
      most = std::max(most, std::abs(at(k, k)));
    }
    return least > 1e-16 * most;
  }
  /// z with the least |J D^-1 z + r|^2 + damping |z|^2.
  void solve() {
    const int rows = 2 * columns_;
    std::fill(triangle_.begin(), triangle_.end(), 0);
    std::fill(right_.begin(), right_.end(), 0);
    for (int k = 0; k < columns_; ++k) {
      for (int i = 0; i <= k; ++i) triangle(i, k) = at(i, k);
      triangle(columns_ + k, k) = std::sqrt(damping_);
      right_[std::size_t(k)] = -r_[std::size_t(k)];
    }
    detail::make_triangular(triangle_.data(), right_.data(), rows, columns_);
    for (int i = columns_ - 1; i >= 0; --i) {
      double s = right_[std::size_t(i)];
      for (int k = i + 1; k < columns_; ++k) s -= triangle(i, k) * z_[std::size_t(k)];
      z_[std::size_t(i)] = s / triangle(i, i);
    }
  }
  /// How far damping is, at least, from where |z| is the radius: Newton's step for |z| - radius, which is convex.
  double newton(double radius) {
    double s = 0;
    for (int i = 0; i < columns_; ++i) {  // w = R^-T z
      double w = z_[std::size_t(i)];
      for (int k = 0; k < i; ++k) w -= triangle(k, i) * right_[std::size_t(k)];
      right_[std::size_t(i)] = w /= triangle(i, i);
      s += w * w;
    }
    return (norm(z_) - radius) * norm(z_) / s;
  }
  /// Finds the damping with which |z| is about the radius.
  void damp(double radius) {
    double low = 0, square = 0;
    for (int k = 0; k < columns_; ++k) {
      double dot = 0;
      for (int i = 0; i <= k; ++i) dot += at(i, k) * r_[std::size_t(i)];
      square += dot * dot;
    }
    double high = std::sqrt(square) / radius;
    damping_ = 1e-3 * high;
    for (int tries = 0; tries < 20; ++tries) {
      solve();
      const double length = norm(z_), by = newton(radius);
      if (std::abs(length - radius) <= 0.1 * radius) return;
      if (length < radius) high = damping_;
      low = std::max(low, damping_ + by);
      damping_ += by * length / radius;
      if (!(damping_ > low && damping_ < high)) damping_ = std::max(std::sqrt(low * high), 1e-3 * high);
    }
  }
  double& triangle(int i, int k) { return triangle_[std::size_t(k) * 2 * n() + std::size_t(i)]; }

  int rows_, columns_;
  std::vector<double> j_, r_, triangle_, right_, length_, scale_, z_;
  double damping_ = 0, steepest_ = 0;
};

}  // namespace knit
