// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/classification/rendered_digits.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace lsr_studies
{
  namespace
  {
    struct Point
    {
      double x, y;
    };

    /// A smooth curve through some points. Corners are where one stroke ends
    /// and the next begins.
    using Stroke = std::vector<Point>;

    /// One way to write a digit, in a box from (0, 0), top left, to (1, 1).
    using Glyph = std::vector<Stroke>;

    /// The ways to write each digit.
    const std::array<std::vector<Glyph>, ImageSet::n_classes> alphabet = {
      {// 0: round; narrow, beginning at the side
       {{{{.52, .0},
          {.2, .14},
          {.08, .5},
          {.22, .87},
          {.5, 1.},
          {.8, .86},
          {.92, .5},
          {.78, .12},
          {.5, .0}}},
        {{{.75, .12},
          {.5, .0},
          {.25, .2},
          {.2, .6},
          {.4, .98},
          {.65, .92},
          {.8, .55},
          {.72, .15},
          {.55, .02}}}},
       // 1: a line; with a flag; with a flag and a base
       {{{{.5, .0}, {.5, .5}, {.5, 1.}}},
        {{{.27, .24}, {.42, .14}, {.56, .0}},
         {{.56, .0}, {.55, .5}, {.55, 1.}}},
        {{{.28, .22}, {.52, .0}},
         {{.52, .0}, {.52, 1.}},
         {{.22, 1.}, {.8, 1.}}}},
       // 2: with a corner; with a loop; like a Z
       {{{{.12, .25},
          {.28, .05},
          {.6, .0},
          {.85, .22},
          {.7, .52},
          {.4, .78},
          {.1, 1.}},
         {{.1, 1.}, {.9, 1.}}},
        {{{.15, .2},
          {.45, .0},
          {.8, .2},
          {.62, .6},
          {.25, .95},
          {.08, .88},
          {.25, .76},
          {.55, .93},
          {.92, .97}}},
        {{{.15, .1}, {.5, .0}, {.82, .12}, {.75, .4}, {.12, .97}},
         {{.12, .97}, {.5, .95}, {.88, 1.}}}},
       // 3: round; with a flat top; without a corner
       {{{{.12, .14}, {.45, .0}, {.82, .2}, {.7, .4}, {.38, .47}},
         {{.38, .47}, {.78, .55}, {.88, .78}, {.55, 1.}, {.1, .88}}},
        {{{.12, .02}, {.84, .02}},
         {{.84, .02}, {.44, .42}},
         {{.44, .42}, {.8, .5}, {.86, .78}, {.55, 1.}, {.12, .9}}},
        {{{.18, .08},
          {.6, .0},
          {.8, .2},
          {.5, .46},
          {.8, .65},
          {.7, .93},
          {.2, .98}}}},
       // 4: open; closed; open and round
       {{{{.22, .0}, {.15, .3}, {.1, .56}},
         {{.1, .56}, {.92, .54}},
         {{.7, .05}, {.68, .5}, {.66, 1.}}},
        {{{.66, .0}, {.38, .34}, {.06, .66}},
         {{.06, .66}, {.94, .66}},
         {{.66, .0}, {.66, 1.}}},
        {{{.18, .02}, {.14, .38}, {.35, .52}, {.75, .42}},
         {{.8, .0}, {.75, .42}, {.7, 1.}}}},
       // 5: with corners; like an S; with a short roof
       {{{{.86, .02}, {.24, .02}},
         {{.24, .02}, {.2, .44}},
         {{.2, .44}, {.55, .36}, {.87, .62}, {.65, .95}, {.1, .92}}},
        {{{.85, .04},
          {.4, .04},
          {.18, .25},
          {.45, .46},
          {.8, .62},
          {.75, .9},
          {.4, 1.},
          {.1, .9}}},
        {{{.3, .06}, {.24, .46}},
         {{.24, .46}, {.6, .42}, {.84, .68}, {.6, .98}, {.15, .95}},
         {{.3, .06}, {.6, .08}, {.8, .0}}}},
       // 6: round; with a straight back
       {{{{.76, .04},
          {.38, .2},
          {.14, .62},
          {.32, .97},
          {.72, .94},
          {.82, .66},
          {.52, .5},
          {.17, .7}}},
        {{{.6, .0},
          {.34, .38},
          {.2, .74},
          {.42, 1.},
          {.74, .88},
          {.66, .62},
          {.4, .6},
          {.22, .78}}}},
       // 7: plain; with a bar; with a hook
       {{{{.1, .03}, {.9, .02}}, {{.9, .02}, {.62, .45}, {.42, 1.}}},
        {{{.12, .02}, {.88, .03}},
         {{.88, .03}, {.58, .5}, {.38, 1.}},
         {{.3, .5}, {.82, .46}}},
        {{{.12, .2}, {.16, .03}},
         {{.16, .03}, {.5, .06}, {.86, .02}},
         {{.86, .02}, {.7, .3}, {.55, .65}, {.5, 1.}}}},
       // 8: in one stroke; of two rings; begun at the top right
       {{{{.5, .46},
          {.2, .24},
          {.5, .0},
          {.8, .22},
          {.5, .46},
          {.14, .76},
          {.5, 1.},
          {.86, .76},
          {.5, .46}}},
        {{{.5, .0}, {.24, .2}, {.48, .44}, {.76, .22}, {.5, .0}},
         {{.5, .44}, {.16, .72}, {.5, 1.}, {.84, .72}, {.5, .44}}},
        {{{.82, .1},
          {.5, .0},
          {.24, .2},
          {.5, .46},
          {.8, .76},
          {.5, 1.},
          {.18, .8},
          {.48, .48},
          {.82, .1}}}},
       // 9: with a straight stem; with a tail; in one stroke
       {{{{.8, .22}, {.5, .0}, {.18, .24}, {.44, .5}, {.8, .26}},
         {{.82, .05}, {.78, .5}, {.74, 1.}}},
        {{{.8, .24}, {.5, .0}, {.18, .24}, {.44, .5}, {.8, .24}},
         {{.8, .24}, {.84, .6}, {.6, .97}, {.2, .92}}},
        {{{.84, .12},
          {.5, .0},
          {.2, .26},
          {.42, .48},
          {.74, .34},
          {.84, .12},
          {.7, .6},
          {.5, 1.}}}}}};



    /// Random numbers that are the same with every standard library.
    class Random
    {
    public:
      explicit Random(const std::uint64_t seed)
        : generator(seed)
      {}

      /// One of 0, ..., n - 1.
      std::size_t
      choice(const std::size_t n)
      {
        return generator() % n;
      }

      double
      uniform(const double low, const double high)
      {
        return low + (high - low) * (generator() >> 11) * 0x1p-53;
      }

      double
      normal(const double deviation)
      {
        const double radius = std::sqrt(-2 * std::log(1 - uniform(0, 1)));
        return deviation * radius * std::cos(2 * M_PI * uniform(0, 1));
      }

    private:
      std::mt19937_64 generator;
    };



    /// A smooth displacement of the plane: some random waves.
    class Bend
    {
    public:
      explicit Bend(Random &random)
      {
        for (Wave &wave : waves)
          wave = {random.normal(2.5),
                  random.normal(2.5),
                  random.uniform(0, 2 * M_PI),
                  random.normal(0.022),
                  random.normal(0.022)};
      }

      Point
      operator()(const Point &p) const
      {
        Point moved = p;
        for (const Wave &wave : waves)
          {
            const double value =
              std::sin(wave.kx * p.x + wave.ky * p.y + wave.phase);
            moved.x += wave.dx * value;
            moved.y += wave.dy * value;
          }
        return moved;
      }

    private:
      struct Wave
      {
        double kx, ky, phase, dx, dy;
      };
      std::array<Wave, 3> waves;
    };



    /// From the box of a glyph to pixels: stretched, slanted, turned, shifted.
    class Placement
    {
    public:
      explicit Placement(Random &random)
        : shift{random.normal(0.5), random.normal(0.5)}
      {
        const double width  = random.uniform(12.5, 17),
                     height = random.uniform(17, 20),
                     slant  = random.normal(0.1),
                     angle  = random.normal(M_PI / 36);
        const double c = std::cos(angle), s = std::sin(angle);
        matrix = {{{c * width, (-c * slant - s) * height},
                   {s * width, (-s * slant + c) * height}}};
      }

      Point
      operator()(const Point &p) const
      {
        constexpr double center = ImageSet::width / 2.;
        const double     x = p.x - 0.5, y = p.y - 0.5;
        return {center + shift.x + matrix[0][0] * x + matrix[0][1] * y,
                center + shift.y + matrix[1][0] * x + matrix[1][1] * y};
      }

    private:
      Point                                shift;
      std::array<std::array<double, 2>, 2> matrix;
    };



    /// The spline of Catmull and Rom between b and c, 0 <= t <= 1.
    double
    spline(const double a,
           const double b,
           const double c,
           const double d,
           const double t)
    {
      return b +
             t / 2 *
               (c - a +
                t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
    }



    /// The point at @p position, from 0 to the number of points less one.
    Point
    at(const Stroke &stroke, const double position)
    {
      const int  last = int(stroke.size()) - 1;
      const int  i    = std::min(int(position), last - 1);
      const auto p    = [&](const int j) {
        return stroke[std::clamp(j, 0, last)];
      };
      const Point  a = p(i - 1), b = p(i), c = p(i + 1), d = p(i + 2);
      const double t = position - i;
      return {spline(a.x, b.x, c.x, d.x, t), spline(a.y, b.y, c.y, d.y, t)};
    }



    double
    squared_distance_to_segment(const Point &p, const Point &a, const Point &b)
    {
      const double dx = b.x - a.x, dy = b.y - a.y;
      const double length2 = std::max(dx * dx + dy * dy, 1e-12);
      const double t =
        std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length2, 0., 1.);
      const double x = p.x - a.x - t * dx, y = p.y - a.y - t * dy;
      return x * x + y * y;
    }



    /// Distances of the centers of the pixels to what has been drawn, as far as
    /// they are within reach of the pen.
    class Drawing
    {
    public:
      Drawing()
      {
        squared_distances.fill(std::numeric_limits<double>::max());
      }

      void
      draw_segment(const Point &a, const Point &b)
      {
        constexpr double reach  = 4;
        const auto       within = [](const double x) {
          return int(std::clamp(x, 0., double(ImageSet::width)));
        };
        const auto [left, right] = std::minmax(a.x, b.x);
        const auto [top, bottom] = std::minmax(a.y, b.y);
        for (int y = within(top - reach); y < within(bottom + reach); ++y)
          for (int x = within(left - reach); x < within(right + reach); ++x)
            {
              double &distance = squared_distances[y * ImageSet::width + x];
              distance =
                std::min(distance,
                         squared_distance_to_segment({x + 0.5, y + 0.5}, a, b));
            }
      }

      double
      distance(const std::size_t pixel) const
      {
        return std::sqrt(squared_distances[pixel]);
      }

    private:
      std::array<double, ImageSet::n_pixels> squared_distances;
    };



    Drawing
    draw(const Glyph &glyph, Random &random)
    {
      constexpr unsigned int segments_of_span = 5;
      const Bend             bend(random);
      const Placement        place(random);
      Drawing                drawing;
      for (const Stroke &stroke : glyph)
        {
          const double       spans = stroke.size() - 1.;
          const double       begin = random.uniform(0, 0.08) * spans;
          const double       end   = random.uniform(0.92, 1) * spans;
          const unsigned int n     = segments_of_span * (stroke.size() - 1);
          Point              last  = place(bend(at(stroke, begin)));
          for (unsigned int i = 1; i <= n; ++i)
            {
              const Point next =
                place(bend(at(stroke, begin + (end - begin) * i / n)));
              drawing.draw_segment(last, next);
              last = next;
            }
        }
      return drawing;
    }



    /// Append the pixels of one image.
    void
    append(const Drawing              &drawing,
           Random                     &random,
           std::vector<unsigned char> &pixels)
    {
      const double radius   = random.uniform(0.9, 1.8),
                   softness = random.uniform(0.7, 1.4),
                   darkness = random.uniform(0.65, 1),
                   noise    = random.uniform(0, 0.08);
      for (std::size_t i = 0; i < ImageSet::n_pixels; ++i)
        {
          const double ink =
            std::clamp(0.5 + (radius - drawing.distance(i)) / softness, 0., 1.);
          const double grey =
            std::clamp(darkness * ink + random.normal(noise), 0., 1.);
          pixels.push_back(std::lround(255 * grey));
        }
    }
  } // namespace



  ImageSet
  render_digits(const std::size_t n_images, const std::uint64_t seed)
  {
    Random                     random(seed);
    std::vector<unsigned char> pixels;
    std::vector<unsigned int>  labels;
    pixels.reserve(n_images * ImageSet::n_pixels);
    for (std::size_t i = 0; i < n_images; ++i)
      {
        labels.push_back(random.choice(ImageSet::n_classes));
        const auto &glyphs = alphabet[labels.back()];
        append(draw(glyphs[random.choice(glyphs.size())], random),
               random,
               pixels);
      }
    return image_set(pixels, labels);
  }
} // namespace lsr_studies
