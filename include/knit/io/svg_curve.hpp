// SPDX-License-Identifier: BSL-1.0
// svg_curve.hpp -- in: series of numbers. out: an SVG file of their curves with axes and a legend; it needs nothing else.
#pragma once
#include <charconv>
#include <cstddef>
#include <knit/io/replace_file.hpp>
#include <knit/io/svg_axis.hpp>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace knit {

/// A curve by name: any range of y, at 1, 2, ... or at a range of x of the same length.
struct svg_series {
  std::string name;
  std::vector<double> y, x;

  svg_series(std::string n, std::ranges::input_range auto const& ys, double every = 1)
      : name(std::move(n)), y(ys.begin(), ys.end()) {
    for (std::size_t i = 0; i < y.size(); ++i) x.push_back(every * double(i + 1));
  }
  svg_series(std::string n, std::ranges::input_range auto const& xs, std::ranges::input_range auto const& ys)
      : name(std::move(n)), y(ys.begin(), ys.end()), x(xs.begin(), xs.end()) {
    if (x.size() != y.size())
      throw std::invalid_argument("knit: the series " + name + " has " + std::to_string(x.size()) + " x and " +
                                  std::to_string(y.size()) + " y; make them as many");
  }
};

/// Words, scale and size, in pixels, of a picture.
struct svg_options {
  std::string title = {}, x = "step", y = "loss";
  bool log_scale = false;  ///< of y: what is not above 0 is left out then
  int width = 720, height = 440;
};

namespace detail {

inline std::string svg_number(double v, int digits = 6) {
  char text[64];
  return std::string(text, std::to_chars(text, text + sizeof text, v == 0 ? 0 : v, std::chars_format::general, digits).ptr);
}
inline std::string svg_text(std::string_view s) {
  std::string r;
  for (char c : s) r += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c >= 0 && c < ' ' ? ' ' : c);
  return r;
}

/// A picture as it is drawn.
struct svg_picture {
  svg_options const& o;
  double left = 72, right = o.width - 20, top = o.title.empty() ? 20 : 44, bottom = o.height - 52;
  svg_axis x{false, left, right}, y{o.log_scale, bottom, top};
  std::string svg = {};

  static std::string n(double v) { return svg_number(v); }
  bool shows(svg_series const& s, std::size_t i) const { return x.shows(s.x[i]) && y.shows(s.y[i]); }
  void text(double at_x, double at_y, std::string const& more, std::string const& s) {
    svg += "<text x=\"" + n(at_x) + "\" y=\"" + n(at_y) + "\" " + more + ">" + svg_text(s) + "</text>\n";
  }
  void line(double x1, double y1, double x2, double y2, std::string const& stroke) {
    svg +=
        "<line x1=\"" + n(x1) + "\" y1=\"" + n(y1) + "\" x2=\"" + n(x2) + "\" y2=\"" + n(y2) + "\" stroke=\"" + stroke + "\"/>\n";
  }
  void axes() {
    const double middle = (left + right) / 2, height = (top + bottom) / 2;
    for (double t : x.ticks()) {
      line(x.place(t), bottom, x.place(t), bottom + 5, "#888");
      text(x.place(t), bottom + 19, "class=\"x\" text-anchor=\"middle\"", n(t));
    }
    for (double t : y.ticks()) {
      line(left, y.place(t), right, y.place(t), "#e4e4e4");
      text(left - 8, y.place(t) + 4, "class=\"y\" text-anchor=\"end\"", n(t));
    }
    line(left, bottom, right, bottom, "#888"), line(left, top, left, bottom, "#888");
    if (!o.title.empty()) text(middle, 26, "text-anchor=\"middle\" font-size=\"15\"", o.title);
    text(middle, o.height - 12, "text-anchor=\"middle\"", o.x);
    text(16, height, "text-anchor=\"middle\" transform=\"rotate(-90 16 " + n(height) + ")\"", o.y);
  }
  /// Lines up to where there is nothing to show, and from there; a point alone is a dot.
  void curve(svg_series const& s, std::string const& colour) {
    std::string points;
    int count = 0;
    for (std::size_t i = 0; i <= s.y.size(); ++i) {
      if (i < s.y.size() && shows(s, i)) {
        points += (count++ ? " " : "") + n(x.place(s.x[i])) + "," + n(y.place(s.y[i]));
        continue;
      }
      if (count > 1) svg += "<polyline fill=\"none\" stroke-width=\"1.5\" stroke=\"" + colour + "\" points=\"" + points + "\"/>\n";
      else if (count == 1)
        svg += "<circle r=\"1.5\" fill=\"" + colour + "\" cx=\"" + points.replace(points.find(','), 1, "\" cy=\"") + "\"/>\n";
      points.clear(), count = 0;
    }
  }
};

}  // namespace detail

/// The text of svg_curve's file.
inline std::string svg_of(std::vector<svg_series> const& all, svg_options const& o = {}) {
  constexpr char const* colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"};
  detail::svg_picture p{o};
  if (p.left >= p.right || p.top >= p.bottom)
    throw std::invalid_argument("knit: a picture of " + std::to_string(o.width) + " x " + std::to_string(o.height) +
                                " pixels has no room within its margins; make it larger");
  for (auto const& s : all)
    for (std::size_t i = 0; i < s.y.size(); ++i)
      if (p.shows(s, i)) p.x.include(s.x[i]), p.y.include(s.y[i]);
  p.x.close(), p.y.close();
  p.axes();
  for (std::size_t k = 0; k < all.size(); ++k) {
    const std::string colour = colours[k % std::size(colours)];
    const double at = p.top + 12 + 18 * double(k);
    p.curve(all[k], colour);
    p.line(p.right - 26, at, p.right - 6, at, colour + "\" stroke-width=\"3");
    p.text(p.right - 32, at + 4, "class=\"legend\" text-anchor=\"end\"", all[k].name);
  }
  const std::string width = p.n(o.width), height = p.n(o.height);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + width + " " + height + "\" width=\"" + width +
         "\" height=\"" + height + "\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#333\">\n" +
         "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" + p.svg + "</svg>\n";
}

/// `svg_curve("loss.svg", {{"sgd", losses}, {"adam", others, 600}}, {.log_scale = true})`: a picture of losses by step, 1
/// or as many as said from one to the next. The axes have what there is to show; where a number is infinite or NaN, or on a
/// logarithmic scale not above 0, a curve has a gap. Throws data_error where the file cannot be written, std::invalid_argument
/// where the picture is no larger than its margins.
inline void svg_curve(std::string const& path, std::vector<svg_series> const& all, svg_options const& o = {}) {
  const std::string text = svg_of(all, o);
  replace_file(path, {std::as_bytes(std::span(text))});
}

}  // namespace knit
